import t, { type Test } from 'tap';
import { objectTag } from '../../src/cache/tags.ts';
import { type CloudFrontOptions, createCloudFront } from '../../src/purge/cloudfront.ts';
import type { InvalidationOutcome } from '../../src/purge/outcomes.ts';
import { startCloudFrontServer } from '../support/cloudfront-server.ts';
import { holdWaits, recordLog } from '../support/held-waits.ts';
import { setEnvironment } from '../support/service.ts';
import { quiet, stateOf, unhandledRejections, until } from '../support/waiting.ts';

async function setUp(t: Test, options: Partial<CloudFrontOptions> = {}) {
  const server = await startCloudFrontServer();
  for (const [name, value] of Object.entries(server.environment)) setEnvironment(t, name, value);
  const outcomes: InvalidationOutcome[] = [];
  const { lines, logger } = recordLog();
  const waits = holdWaits();
  const cloudfront = createCloudFront({
    distributionId: server.distributionId,
    by: 'paths',
    observe: (outcome) => outcomes.push(outcome),
    logger,
    wait: waits.wait,
    ...options,
  });
  t.teardown(async () => {
    await server.close();
    await cloudfront.close();
  });
  /** Asked for; `settled` tells how it ended, so that no rejection is left alone. */
  const ask = (...keys: string[]) => {
    const asked = cloudfront.invalidate({ keys, prefixes: [], tags: [] });
    const settled = asked.then(
      () => 'taken',
      (error: Error) => error.name,
    );
    return { asked, settled };
  };
  return { server, cloudfront, ask, outcomes, lines, waits };
}

const GATHER = 1_000;
const numbered = (count: number, from = 0) => Array.from({ length: count }, (_, index) => `${from + index}.jpg`);
const paths = (keys: readonly string[]) => keys.map((key) => `/${key}*`);

t.test('what is asked for within a second is one request, each item once', async (t) => {
  const { server, cloudfront, ask, outcomes, waits, lines } = await setUp(t);
  const orders = [
    ask('a.jpg', 'b.jpg'),
    ask('a.jpg'),
    { asked: cloudfront.invalidate({ keys: [], prefixes: ['shop/'], tags: [] }) },
  ];
  await quiet();
  t.equal(await stateOf(orders[1]?.asked ?? Promise.reject()), 'pending');
  t.same(server.requests, []);
  t.same(waits.all, [GATHER]);
  await waits.end(GATHER);
  await Promise.all(orders.map(({ asked }) => asked));
  t.match(server.invalidations, [{ items: ['/a.jpg*', '/b.jpg*', '/shop/*'] }]);
  t.same(outcomes, ['accepted']);
  const later = ask('a.jpg');
  await waits.end(GATHER);
  await later.asked;
  t.match(server.invalidations[1], { items: ['/a.jpg*'] }, 'and later it is another');
  t.not(server.invalidations[0]?.reference, server.invalidations[1]?.reference);
  t.same(lines, []);
});

t.test('an order of nothing is done', async (t) => {
  const { ask, waits, outcomes } = await setUp(t);
  t.equal(await ask().settled, 'taken');
  t.equal(await ask('a/').settled, 'taken', 'so is one of nothing that can be asked for');
  t.same([...waits.all, ...outcomes], []);
  const something = ask('a.jpg');
  await waits.end(GATHER);
  t.equal(await something.settled, 'taken', 'and one of something is sent as ever');
});

t.test('a full batch goes at once, and no request has more than can be in progress', async (t) => {
  const { server, ask, waits } = await setUp(t);
  const few = ask(...numbered(14));
  await quiet();
  t.same(waits.held, [GATHER]);
  const more = ask(...numbered(17, 14));
  await few.asked;
  t.same(server.invalidations[0]?.items, paths(numbered(15)));
  t.equal(await stateOf(more.asked), 'pending', 'there is more of it');
  // As much as can be is in progress.
  await until(() => waits.held.length === 1);
  t.same(
    waits.all.filter((ms) => ms === GATHER),
    [GATHER],
    'neither batch has waited for the second to be over',
  );
  server.finish();
  await waits.end();
  await until(() => server.invalidations.length === 2);
  t.same(server.invalidations[1]?.items, paths(numbered(15, 15)));
  server.finish();
  await waits.end(GATHER);
  await more.asked;
  t.same(server.invalidations[2]?.items, paths(numbered(1, 30)), 'and the rest a second later');
});

t.test('tags: many more of them', async (t) => {
  const { server, ask, waits } = await setUp(t, { by: 'tags' });
  const asked = ask(...numbered(3_001));
  await until(() => server.invalidations.length === 1);
  t.equal(server.invalidations[0]?.items.length, 3_000);
  server.finish();
  await waits.end(GATHER);
  await asked.asked;
  t.same(server.invalidations[1]?.items, [`#${objectTag('3000.jpg')}`]);
});

t.test('one request at a time', async (t) => {
  const { server, ask, waits } = await setUp(t);
  server.fault = 'silent';
  void ask('a.jpg').settled;
  await waits.end(GATHER);
  await until(() => server.requests.length === 1);
  void ask(...numbered(15)).settled;
  await quiet();
  t.equal(server.requests.length, 1);
  t.same(waits.held, []);
});

t.test('what is asked for again after it was sent is sent again: it may have been fetched in between', async (t) => {
  const { server, ask, waits } = await setUp(t);
  server.fault = { status: 503, code: 'ServiceUnavailable' };
  const first = ask('a.jpg');
  await waits.end(GATHER);
  await until(() => waits.held.length === 1);
  const second = ask('a.jpg');
  server.fault = undefined;
  await waits.end();
  await first.asked;
  t.equal(await stateOf(second.asked), 'pending');
  await waits.end(GATHER);
  await second.asked;
  t.equal(server.invalidations.length, 2);
});

t.test('too much in progress is tried again, with the same reference', async (t) => {
  const { server, ask, waits, outcomes, lines } = await setUp(t);
  await Promise.all([ask(...numbered(15)).asked]);
  const late = ask('a.jpg');
  await waits.end(GATHER);
  await until(() => waits.held.length === 1);
  t.ok((waits.held[0] ?? 0) >= 500 && (waits.held[0] ?? 0) <= 1_000);
  await waits.end();
  await until(() => waits.held.length === 1);
  server.finish();
  await waits.end();
  await late.asked;
  t.same(
    server.requests.slice(1).map(({ status }) => status),
    [400, 400, 201],
  );
  t.equal(new Set(server.requests.slice(1).map(({ reference }) => reference)).size, 1);
  t.same(outcomes, ['accepted', 'retried', 'retried', 'accepted']);
  t.match(lines, [
    { level: 'warn', message: /takes no invalidations/, details: { err: { name: 'TooManyInvalidationsInProgress' } } },
    { level: 'info', message: /takes invalidations again/ },
  ]);
  t.equal(lines.length, 2);
});

t.test('what may pass is tried again', async (t) => {
  const { server, ask, waits, outcomes } = await setUp(t);
  const faults = [
    { status: 500, code: 'InternalError' },
    { status: 503, code: 'ServiceUnavailable' },
    { status: 400, code: 'Throttling' },
    { status: 400, code: 'ThrottlingException' },
    { status: 429, code: 'Whatever' },
    'broken',
  ] as const;
  const asked = ask('a.jpg');
  server.fault = faults[0];
  await waits.end(GATHER);
  for (const fault of [...faults.slice(1), undefined]) {
    await until(() => waits.held.length === 1);
    server.fault = fault;
    await waits.end();
  }
  await asked.asked;
  t.same(outcomes, [...faults.map(() => 'retried'), 'accepted']);
  t.equal(server.invalidations.length, 1);
});

t.test('an answer that was lost makes no second invalidation', async (t) => {
  const { server, ask, waits, outcomes } = await setUp(t);
  server.fault = 'lost';
  const asked = ask('a.jpg');
  await waits.end(GATHER);
  await until(() => waits.held.length === 1);
  server.fault = undefined;
  await waits.end();
  await asked.asked;
  t.equal(server.requests.length, 2);
  t.equal(server.invalidations.length, 1);
  t.same(outcomes, ['retried', 'accepted']);
});

t.test('an answer that never comes is not waited for', async (t) => {
  const { server, ask, waits, lines } = await setUp(t, { limits: { requestMs: 20 } });
  server.fault = 'silent';
  void ask('a.jpg').settled;
  await waits.end(GATHER);
  await until(() => waits.held.length === 1);
  t.match(lines, [{ details: { err: { message: 'No answer within 20 ms.' } } }]);
});

t.test('after ten attempts it is given up', async (t) => {
  const { server, ask, waits, outcomes, lines } = await setUp(t);
  server.fault = { status: 503, code: 'ServiceUnavailable' };
  const orders = [ask('a.jpg'), ask('a.jpg', 'b.jpg')];
  await waits.end(GATHER);
  for (const most of [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000]) {
    await until(() => waits.held.length === 1);
    t.ok((waits.held[0] ?? 0) >= most / 2 && (waits.held[0] ?? 0) <= most, `${waits.held[0]} of ${most}`);
    await waits.end();
  }
  for (const { settled } of orders) t.equal(await settled, 'ServiceUnavailable');
  t.equal(server.requests.length, 10);
  t.same(outcomes, [...Array(9).fill('retried'), 'abandoned']);
  t.match(lines, [
    { level: 'warn' },
    { level: 'error', message: 'CloudFront was not told what to drop.', details: { items: 2, first: '/a.jpg*' } },
  ]);
  server.fault = undefined;
  const next = ask('c.jpg');
  await waits.end(GATHER);
  await next.asked;
  t.match(lines[2], { level: 'info' }, 'and goes on with what comes then');
});

t.test('what will never be taken is not tried again', async (t) => {
  const { server, ask, waits, outcomes, lines } = await setUp(t);
  const refusals = [
    { status: 403, code: 'AccessDenied' },
    { status: 404, code: 'NoSuchDistribution' },
    { status: 400, code: 'InvalidArgument' },
    { status: 413, code: 'BatchTooLarge' },
    { status: 400, code: 'InconsistentQuantities' },
  ];
  for (const fault of refusals) {
    server.fault = fault;
    const asked = ask('a.jpg');
    await waits.end(GATHER);
    t.equal(await asked.settled, fault.code);
  }
  t.same(outcomes, Array(refusals.length).fill('refused'));
  t.same(
    waits.all.filter((ms) => ms !== GATHER),
    [],
  );
  t.equal(lines.length, refusals.length);
});

t.test('one item that is not valid takes no others along', async (t) => {
  const { server, cloudfront, waits, outcomes, lines } = await setUp(t, { by: 'tags' });
  const tags = ['1', '2', 'not valid', '4', '5'];
  const orders = tags.map((tag) => cloudfront.invalidate({ keys: [], prefixes: [], tags: [tag] }));
  const settled = Promise.allSettled(orders);
  await waits.end(GATHER);
  t.same(
    (await settled).map(({ status }) => status),
    ['fulfilled', 'fulfilled', 'rejected', 'fulfilled', 'fulfilled'],
  );
  t.same(
    server.invalidations.flatMap(({ items }) => items),
    ['#1', '#2', '#4', '#5'],
  );
  t.same(
    lines.map(({ details }) => [details.items, details.first]),
    [[1, '#not valid']],
  );
  t.same(outcomes, ['refused', 'refused', 'accepted', 'refused', 'accepted']);
});

t.test('an order that cannot be expressed is refused', async (t) => {
  const { cloudfront, outcomes, waits } = await setUp(t);
  await t.rejects(cloudfront.invalidate({ keys: ['a.jpg'], prefixes: [], tags: ['0'] }), /no path is that of a tag/);
  t.same([...outcomes, ...waits.all], []);
});

t.test('so much waits and no more, with two words about it', async (t) => {
  const { server, ask, waits, outcomes, lines } = await setUp(t, { by: 'tags' });
  server.fault = 'silent';
  void ask('first.jpg').settled;
  await waits.end(GATHER);
  await until(() => server.requests.length === 1);
  void ask(...numbered(10_000)).settled;
  t.equal(await ask('a.jpg').settled, 'Error');
  t.equal(await ask('b.jpg').settled, 'Error');
  const again = ask('1.jpg', '2.jpg');
  t.equal(await stateOf(again.asked), 'pending', 'what waits already takes no room');
  t.same(outcomes, ['dropped', 'dropped']);
  t.match(lines, [{ level: 'warn', message: /Too much waits/ }, { level: 'info' }]);
  t.equal(lines.length, 2);
});

t.test('the end: what waits is sent at once', async (t) => {
  const { server, cloudfront, ask, waits, outcomes } = await setUp(t);
  const asked = ask('a.jpg');
  await quiet();
  await Promise.all([cloudfront.close(), cloudfront.close()]);
  t.equal(await asked.settled, 'taken');
  t.same(server.invalidations.length, 1);
  t.same(outcomes, ['accepted']);
  t.same(waits.held, []);
  await until(async () => (await server.openSockets()) === 0);
  t.equal(await ask('b.jpg').settled, 'Error', 'and nothing is taken any more');
  t.same(outcomes, ['accepted']);
});

t.test('the end: what fails is tried once more, without a pause', async (t) => {
  const { server, cloudfront, ask, waits, outcomes } = await setUp(t);
  server.fault = { status: 503, code: 'ServiceUnavailable' };
  const asked = ask('a.jpg');
  await waits.end(GATHER);
  await until(() => waits.held.length === 1);
  await cloudfront.close();
  t.equal(await asked.settled, 'ServiceUnavailable');
  t.same(outcomes, ['retried', 'abandoned']);
  t.equal(server.requests.length, 2);
});

t.test('the end: five seconds, then everything is given up at once', async (t) => {
  const rejections = unhandledRejections(t);
  const { server, cloudfront, ask, waits, outcomes, lines } = await setUp(t);
  server.fault = 'silent';
  const orders = [ask(...numbered(15)), ask(...numbered(1_000, 15))];
  await until(() => server.requests.length === 1);
  const closing = cloudfront.close();
  t.equal(await stateOf(closing), 'pending');
  t.same(waits.held, [3_000]);
  await waits.end(3_000);
  await closing;
  for (const { settled } of orders) t.equal(await settled, 'Error');
  t.same(outcomes, ['abandoned', 'abandoned'], 'what was sent, and all the rest');
  t.same(
    lines.map(({ details }) => details.items),
    [15, 1_000],
  );
  t.same(rejections, []);
});

t.test('the end: before the beginning', async (t) => {
  const { server, cloudfront } = await setUp(t);
  await cloudfront.close();
  t.same(server.requests, []);
});

t.test('credentials that nobody gave are looked for again', async (t) => {
  const { ask, waits, outcomes } = await setUp(t);
  for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_PROFILE']) setEnvironment(t, name, undefined);
  setEnvironment(t, 'AWS_EC2_METADATA_DISABLED', 'true');
  setEnvironment(t, 'AWS_SHARED_CREDENTIALS_FILE', '/nonexistent');
  setEnvironment(t, 'AWS_CONFIG_FILE', '/nonexistent');
  void ask('a.jpg').settled;
  await waits.end(GATHER);
  await until(() => outcomes.length === 1);
  t.same(outcomes, ['retried']);
});
