import t, { type Test } from 'tap';
import type { QueueOutcome } from '../../src/purge/outcomes.ts';
import { createPurgeQueue, type PurgeQueueOptions } from '../../src/purge/queue.ts';
import { createSqsClient, regionOf } from '../../src/purge/sqs.ts';
import { holdWaits, recordLog } from '../support/held-waits.ts';
import { setEnvironment } from '../support/service.ts';
import { answers, startSqsServer, type TestSqs } from '../support/sqs-server.ts';
import { deferred, quiet, stateOf, unhandledRejections, until } from '../support/waiting.ts';

function openQueue(t: Test, sqs: TestSqs, options: Partial<PurgeQueueOptions> = {}) {
  const outcomes: QueueOutcome[] = [];
  const purges: string[][] = [];
  const { lines, logger } = recordLog();
  const waits = holdWaits();
  const queue = createPurgeQueue({
    url: sqs.queueUrl,
    place: { bucket: 'pictures', prefix: 'shop' },
    purge: (keys) => {
      purges.push([...keys]);
      return Promise.resolve();
    },
    observe: (outcome) => outcomes.push(outcome),
    logger,
    wait: waits.wait,
    ...options,
  });
  t.teardown(() => queue.close());
  /** Waits for so many outcomes, and takes them. */
  const take = async (count: number) => {
    await until(() => outcomes.length >= count);
    return outcomes.splice(0);
  };
  return { queue, purges, lines, waits, outcomes, take };
}

async function setUp(t: Test, options: Partial<PurgeQueueOptions> = {}) {
  const sqs = await startSqsServer();
  t.teardown(() => sqs.close());
  for (const [name, value] of Object.entries(sqs.environment)) setEnvironment(t, name, value);
  return { sqs, ...openQueue(t, sqs, options) };
}

function event(key: string, type = 'Object Created'): string {
  const detail = { bucket: { name: 'pictures' }, object: { key: `shop/${key}` } };
  return JSON.stringify({ source: 'aws.s3', 'detail-type': type, detail });
}

const actions = (sqs: TestSqs) => sqs.requests.map(({ action }) => action);

const denied = { __type: 'com.amazon.coral.service#AccessDeniedException', message: 'no' };

t.test('what changed is purged and deleted, what is of no interest deleted', async (t) => {
  const { sqs, queue, purges, take, lines } = await setUp(t);
  await sqs.send(event('a.jpg'));
  await sqs.send(event('b.jpg', 'Object Deleted'));
  await sqs.send(event('a.jpg', 'Object Deleted'));
  await sqs.send(event('c.jpg', 'Object Tags Added'));
  queue.start();
  t.same((await take(4)).sort(), ['ignored', 'purged', 'purged', 'purged']);
  t.same(purges, [['a.jpg', 'b.jpg']], 'in one purge, each key once');
  await until(async () => (await sqs.remaining()) === 0);
  t.same(actions(sqs).slice(0, 2), ['ReceiveMessage', 'DeleteMessageBatch']);
  await sqs.send(event('d.jpg'));
  t.same(await take(1), ['purged'], 'and goes on');
  t.same(purges[1], ['d.jpg']);
  await sqs.send(event('e.jpg', 'Object Tags Added'));
  t.same(await take(1), ['ignored']);
  t.equal(purges.length, 2, 'nothing is purged for nothing');
  t.same(lines, [], 'without a word');
});

t.test('asks for long polls of ten messages that stay hidden for a minute', async (t) => {
  const { sqs, queue } = await setUp(t);
  queue.start();
  await until(() => sqs.requests.length === 1);
  t.same(sqs.requests[0]?.input, {
    QueueUrl: sqs.queueUrl,
    MaxNumberOfMessages: 10,
    WaitTimeSeconds: 20,
    VisibilityTimeout: 60,
    MessageSystemAttributeNames: ['ApproximateReceiveCount'],
  });
});

t.test('an answer without anything is read as far as it goes', async (t) => {
  const { sqs, queue, take } = await setUp(t);
  let answered = 0;
  const empty = answers('ReceiveMessage', 200, { Messages: [{ MD5OfBody: 'd41d8cd98f00b204e9800998ecf8427e' }] });
  sqs.fault = (asked, res) => ++answered === 1 && empty(asked, res);
  queue.start();
  t.same(await take(1), ['malformed'], 'not deleted, since nobody knows how often it came');
});

t.test('what cannot be purged is not deleted, and comes again', async (t) => {
  let works = false;
  const seen: string[][] = [];
  const { sqs, queue, take, waits, lines } = await setUp(t, {
    purge: (keys) => {
      seen.push([...keys]);
      return works ? Promise.resolve() : Promise.reject(new Error('a store is down'));
    },
  });
  await sqs.send(event('a.jpg'));
  await sqs.send(event('b.jpg', 'Object Tags Added'));
  queue.start();
  t.same((await take(2)).sort(), ['failed', 'ignored']);
  await until(async () => (await sqs.remaining()) === 1);
  await until(() => waits.held.length === 1);
  t.ok((waits.held[0] ?? 0) >= 500 && (waits.held[0] ?? 0) <= 1_000, 'after a pause');
  t.same(
    actions(sqs).filter((action) => action === 'ReceiveMessage'),
    ['ReceiveMessage'],
    'before which nothing is asked for',
  );
  await sqs.comeAgain();
  await waits.end();
  t.same(await take(1), ['failed']);
  await until(() => waits.held.length === 1);
  t.ok((waits.held[0] ?? 0) >= 1_000, 'after a longer pause');
  works = true;
  await sqs.comeAgain();
  await waits.end();
  t.same(await take(1), ['purged']);
  t.same(seen, [['a.jpg'], ['a.jpg'], ['a.jpg']]);
  await until(async () => (await sqs.remaining()) === 0);
  t.match(lines, [
    { level: 'warn', message: /cannot be purged/, details: { err: { message: 'a store is down' } } },
    { level: 'info', message: /is purged again/ },
  ]);
  t.equal(lines.length, 2, 'one line when it began, one when it was over');
});

t.test('a purge that never ends is a purge that failed', async (t) => {
  let told: AbortSignal | undefined;
  const { sqs, queue, take } = await setUp(t, {
    limits: { purgeMs: 1 },
    purge: (_keys, signal) => {
      told = signal;
      return new Promise(() => {});
    },
  });
  await sqs.send(event('a.jpg'));
  queue.start();
  t.same(await take(1), ['failed']);
  t.ok(told?.aborted, 'and is told so');
});

t.test('a message that cannot be read comes five times and holds nothing up', async (t) => {
  const { sqs, queue, take, purges, waits, lines } = await setUp(t);
  const body = `<xml>${'x'.repeat(1_000)}`;
  const messageId = await sqs.send(body);
  await sqs.send(event('a.jpg'));
  queue.start();
  t.same((await take(2)).sort(), ['malformed', 'purged'], 'the good ones of its batch are done at once');
  t.same(purges, [['a.jpg']]);
  await until(async () => (await sqs.remaining()) === 1);
  for (const _ of '234') {
    await sqs.comeAgain();
    t.same(await take(1), ['malformed']);
    await waits.end();
  }
  t.same(lines, []);
  await sqs.comeAgain();
  t.same(await take(1), ['poisonous']);
  t.same(lines, [
    {
      level: 'error',
      message: 'A message of the purge queue cannot be read, and is deleted.',
      details: { messageId, reason: 'it is not JSON', body: body.slice(0, 200) },
    },
  ]);
  await until(async () => (await sqs.remaining()) === 0);
});

t.test('a queue of something else is read slowly', async (t) => {
  const { sqs, queue, take, waits } = await setUp(t);
  for (let sent = 0; sent < 11; sent++) await sqs.send('{"order":17}');
  queue.start();
  t.same(await take(10), Array(10).fill('malformed'));
  await until(() => waits.held.length === 1);
  await quiet();
  t.same(actions(sqs), ['ReceiveMessage'], 'nothing more until the pause is over');
  await waits.end();
  t.same(await take(1), ['malformed']);
  await until(() => waits.held.length === 1);
  t.ok((waits.held[0] ?? 0) >= 1_000, 'and after a longer pause the next time');
  await sqs.send(event('a.jpg'));
  await waits.end();
  t.same(await take(1), ['purged']);
  await sqs.send('{"order":18}');
  t.same(await take(1), ['malformed']);
  await until(() => waits.held.length === 1);
  t.ok((waits.held[0] ?? 0) <= 1_000, 'and after a short one, once there was something');
});

t.test('a queue that refuses or is gone is asked again, ever more slowly, with two words about it', async (t) => {
  const { sqs, queue, take, waits, lines, outcomes } = await setUp(t);
  sqs.fault = answers('ReceiveMessage', 403, denied);
  queue.start();
  for (const most of [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]) {
    t.same(await take(1), ['receive_failed']);
    await until(() => waits.held.length === 1);
    t.ok((waits.held[0] ?? 0) >= most / 2 && (waits.held[0] ?? 0) <= most, `${waits.held[0]} of ${most}`);
    await waits.end();
  }
  await take(1);
  sqs.fault = undefined;
  await sqs.send(event('a.jpg'));
  await waits.end();
  t.same(await take(1), ['purged']);
  t.match(lines, [
    { level: 'warn', message: /cannot be read;/, details: { err: { name: /AccessDenied/ } } },
    { level: 'info', message: /can be read again/ },
  ]);
  await until(async () => (await sqs.remaining()) === 0);
  await sqs.removeQueue();
  await until(() => outcomes.length > 0);
  t.match(lines[2]?.details, { err: { name: /QueueDoesNotExist|NonExistentQueue/ } });
  await until(() => waits.held.length === 1);
  t.ok((waits.held[0] ?? 0) <= 1_000, 'from the beginning');
  await sqs.close();
  await waits.end();
  t.same(await take(2), ['receive_failed', 'receive_failed'], 'refused connections, too');
  t.equal(lines.length, 3);
});

t.test('a connection that breaks once is no outage', async (t) => {
  const { sqs, queue, take, lines } = await setUp(t);
  sqs.fault = (_asked, res) => {
    sqs.fault = undefined;
    res.destroy();
    return true;
  };
  await sqs.send(event('a.jpg'));
  queue.start();
  t.same(await take(1), ['purged']);
  t.same(lines, []);
});

t.test('a queue that does not answer at all', async (t) => {
  const { sqs, queue, take, lines } = await setUp(t, { limits: { receiveMs: 50 } });
  sqs.fault = () => true;
  queue.start();
  t.same(await take(1), ['receive_failed']);
  t.match(lines, [{ details: { err: { message: 'No answer within 50 ms.' } } }]);
});

t.test('a region or credentials that nobody gave', async (t) => {
  const { queue, take } = await setUp(t);
  for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_PROFILE', 'AWS_REGION']) {
    setEnvironment(t, name, undefined);
  }
  setEnvironment(t, 'AWS_EC2_METADATA_DISABLED', 'true');
  setEnvironment(t, 'AWS_SHARED_CREDENTIALS_FILE', '/nonexistent');
  setEnvironment(t, 'AWS_CONFIG_FILE', '/nonexistent');
  queue.start();
  t.same(await take(1), ['receive_failed']);
});

t.test('what is set of endpoints for other services changes nothing', async (t) => {
  const sqs = await startSqsServer();
  t.teardown(() => sqs.close());
  for (const [name, value] of Object.entries(sqs.environment)) setEnvironment(t, name, value);
  setEnvironment(t, 'AWS_USE_FIPS_ENDPOINT', 'true');
  setEnvironment(t, 'AWS_USE_DUALSTACK_ENDPOINT', 'true');
  setEnvironment(t, 'AWS_ENDPOINT_URL', 'http://127.0.0.1:1');
  const warned = t.capture(console, 'warn');
  const { queue, take } = openQueue(t, sqs);
  await sqs.send(event('a.jpg'));
  queue.start();
  t.same(await take(1), ['purged']);
  t.same(warned(), [], 'nor does the SDK say anything');
});

t.test('messages that cannot be deleted are counted, and come again', async (t) => {
  const { sqs, queue, take, lines } = await setUp(t);
  const failure = { Id: '1', SenderFault: false, Code: 'InternalError', Message: 'try again' };
  sqs.fault = answers('DeleteMessageBatch', 200, { Successful: [{ Id: '0' }], Failed: [failure] });
  await sqs.send(event('a.jpg'));
  await sqs.send(event('b.jpg'));
  queue.start();
  t.same(await take(3), ['purged', 'purged', 'delete_failed'], 'one of them');
  sqs.fault = answers('DeleteMessageBatch', 403, denied);
  await sqs.comeAgain();
  t.same((await take(4)).sort(), ['delete_failed', 'delete_failed', 'purged', 'purged'], 'all of them');
  sqs.fault = undefined;
  await sqs.comeAgain();
  t.same(await take(2), ['purged', 'purged']);
  await until(async () => (await sqs.remaining()) === 0);
  await until(() => lines.length === 2);
  t.match(lines, [
    { level: 'warn', message: /cannot be deleted/, details: { err: { Code: 'InternalError' } } },
    { level: 'info', message: /are deleted again/ },
  ]);
});

t.test('a deletion that does not end is one that failed', async (t) => {
  const { sqs, queue, take } = await setUp(t, { limits: { deleteMs: 1 } });
  sqs.fault = ({ action }) => action === 'DeleteMessageBatch';
  await sqs.send(event('a.jpg'));
  queue.start();
  t.same(await take(2), ['purged', 'delete_failed']);
});

t.test('nothing breaks the loop', async (t) => {
  const rejections = unhandledRejections(t);
  let broken = true;
  const told: string[] = [];
  const { sqs, queue, waits, lines } = await setUp(t, {
    observe(outcome) {
      if (broken) throw new Error('a counter broke');
      told.push(outcome);
    },
  });
  await sqs.send(event('a.jpg'));
  queue.start();
  await until(() => waits.held.length === 1);
  t.match(lines, [{ level: 'error', message: /went wrong/, details: { err: { message: 'a counter broke' } } }]);
  broken = false;
  await sqs.comeAgain();
  await waits.end();
  await until(() => told.length === 1);
  t.same(told, ['purged']);
  t.same(rejections, []);
});

t.test('the end: a poll is broken off, without a word', async (t) => {
  const { sqs, queue, outcomes, lines, waits } = await setUp(t);
  queue.start();
  queue.start();
  await until(() => sqs.requests.length === 1);
  await queue.close();
  await queue.close();
  t.same([...outcomes, ...lines], []);
  t.same(waits.held, []);
  queue.start();
  await quiet();
  t.same(actions(sqs), ['ReceiveMessage'], 'one loop, and none after the end');
});

t.test('the end: before the beginning, and during a pause', async (t) => {
  const { sqs, queue } = await setUp(t);
  await queue.close();
  queue.start();
  await quiet();
  t.same(actions(sqs), []);
  const other = openQueue(t, sqs, { purge: () => Promise.reject(new Error('no')) });
  await sqs.send(event('a.jpg'));
  other.queue.start();
  await until(() => other.waits.held.length === 1);
  t.equal(await sqs.openSockets(), 1);
  await other.queue.close();
  t.same(other.waits.held, []);
  await until(async () => (await sqs.openSockets()) === 0);
});

t.test('the end: what is worked on is brought to its end', async (t) => {
  const purging = deferred();
  const begun = deferred();
  const { sqs, queue, outcomes, waits } = await setUp(t, {
    purge() {
      begun.resolve();
      return purging.promise;
    },
  });
  await sqs.send(event('a.jpg'));
  queue.start();
  await begun.promise;
  const closing = queue.close();
  t.equal(await stateOf(closing), 'pending');
  t.same(waits.held, [2_000]);
  purging.resolve();
  await closing;
  t.same(outcomes, ['purged']);
  t.equal(await sqs.remaining(), 0);
});

t.test('the end: but not for longer than five seconds', async (t) => {
  const begun = deferred<AbortSignal>();
  const { sqs, queue, outcomes, waits } = await setUp(t, {
    purge(_keys, signal) {
      begun.resolve(signal);
      return new Promise(() => {});
    },
  });
  await sqs.send(event('a.jpg'));
  queue.start();
  const signal = await begun.promise;
  const closing = queue.close();
  t.equal(await stateOf(closing), 'pending');
  t.equal(signal.aborted, false);
  await waits.end(2_000);
  await closing;
  t.equal(signal.aborted, true);
  t.same(outcomes, ['failed']);
  t.equal(await sqs.remaining(), 1, 'another instance gets it');
});

t.test('the region is that of the URL', (t) => {
  const hosts = {
    'sqs.eu-west-1.amazonaws.com': 'eu-west-1',
    'sqs.us-gov-west-1.amazonaws.com': 'us-gov-west-1',
    'sqs.cn-north-1.amazonaws.com.cn': 'cn-north-1',
    'sqs-fips.us-east-1.amazonaws.com': 'us-east-1',
    'sqs.eu-central-1.api.aws': 'eu-central-1',
    'vpce-0a1b-2c3d.sqs.eu-west-3.vpce.amazonaws.com': 'eu-west-3',
    'eu-west-1.queue.amazonaws.com': undefined,
    'sqs.eu-west-1.amazonaws.com.example.org': undefined,
    'sqs.eu-west-1.localhost.localstack.cloud:4566': undefined,
    '127.0.0.1:4566': undefined,
  };
  for (const [host, region] of Object.entries(hosts)) {
    t.equal(regionOf(`https://${host}/111122223333/changes`), region, host);
  }
  t.end();
});

t.test('requests are for the region of the URL, or of the environment, where it names none', async (t) => {
  const { sqs } = await setUp(t);
  setEnvironment(t, 'AWS_REGION', 'ap-south-1');
  const { queue } = openQueue(t, sqs);
  queue.start();
  await until(() => sqs.requests.length === 1);
  t.match(sqs.requests[0]?.authorization, /\/ap-south-1\/sqs\/aws4_request/);
  const client = createSqsClient('https://sqs.eu-west-1.amazonaws.com/111122223333/changes');
  t.equal(await client.config.region(), 'eu-west-1');
  client.destroy();
});
