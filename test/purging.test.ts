import { pathToFileURL } from 'node:url';
import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import sharp from 'sharp';
import t, { type Test } from 'tap';
import { temporaryFolder } from './support/cache-entries.ts';
import { startCloudFrontServer } from './support/cloudfront-server.ts';
import { startNginx, testsWithNginx } from './support/nginx.ts';
import { jpeg } from './support/pictures.ts';
import { startS3Server } from './support/s3-server.ts';
import { type Answer, ask, type Service, setEnvironment, startService, useS3 } from './support/service.ts';
import { startSqsServer } from './support/sqs-server.ts';
import { until } from './support/waiting.ts';

const KEY = 'summer 2026/häfen+1.jpg';
const TARGET = '/summer%202026/h%C3%A4fen+1.jpg';
const QUERIES = ['?w=40', '?w=50&f=webp', '?w=60&f=auto', ''];

/** As S3 sends it: the key is form-encoded. */
const notification = (bucket: string, eventName: string, key: string) =>
  JSON.stringify({
    Records: [
      {
        eventVersion: '2.1',
        eventSource: 'aws:s3',
        awsRegion: 'eu-west-1',
        eventName,
        s3: {
          bucket: { name: bucket },
          object: { key: encodeURIComponent(key).replaceAll('%20', '+'), sequencer: '0' },
        },
      },
    ],
  });

/** As EventBridge passes it on: the key is as it is. */
const event = (bucket: string, type: string, key: string) =>
  JSON.stringify({
    version: '0',
    source: 'aws.s3',
    'detail-type': type,
    detail: { bucket: { name: bucket }, object: { key } },
  });

/** Two instances over one bucket, one store and one queue. */
async function startReplicas(t: Test, env: Record<string, string> = {}) {
  const [s3, sqs] = [await startS3Server(), await startSqsServer()];
  t.teardown(() => Promise.all([s3.close(), sqs.close()]));
  const shared = {
    ...useS3(t, s3, 'originals'),
    CACHE_STORE: `s3://${s3.bucket}/variants`,
    PURGE_QUEUE_URL: sqs.queueUrl,
    PURGE_PROPAGATION_MS: '500',
    ...env,
  };
  const options = { env: shared, parts: { purgeLimitMs: 2000 } };
  const replicas = [await startService(t, options), await startService(t, options)] as const;
  const put = async (side: number) => void (await s3.put(`originals/${KEY}`, await jpeg(200, side)));
  return { s3, sqs, replicas, put };
}

/** Asks again and again until the answer is as wanted: for longer than the test may take, where a purge has not arrived. */
async function eventually(get: () => Promise<Answer>, isWanted: (answer: Answer) => Promise<boolean> | boolean) {
  let answer = await get();
  while (!(await isWanted(answer))) answer = await get();
  return answer;
}

/** Of 200 pixels in width, so high was the original. */
async function heightOf({ status, body }: Answer): Promise<number> {
  if (status !== 200) return 0;
  const { width, height } = await sharp(body).metadata();
  return Math.round((height * 200) / width / 10) * 10;
}

testsWithNginx(t)(
  'what happens to an object shows at two instances and behind nginx, by the queue alone',
  async (t) => {
    const { s3, sqs, replicas, put } = await startReplicas(t);
    const [one, two] = replicas;
    // Both behind nginx, which keeps for 1 s here.
    const nginx = await startNginx(t, one, {
      fresh: '1s',
      edits: { 'keepalive 32;': `server ${new URL(two.url).host};\n    keepalive 32;` },
    });
    const everywhere = [one, two, nginx] as readonly Pick<Service, 'get'>[];
    const askAll = async (isWanted: (answer: Answer) => Promise<boolean> | boolean) => {
      const began = performance.now();
      for (const query of QUERIES)
        for (const place of everywhere) await eventually(() => place.get(TARGET + query), isWanted);
      return Math.round(performance.now() - began);
    };
    await put(100);
    // Twice: kept in memory, in the store and by nginx.
    for (let time = 0; time < 2; time++) await askAll(async (answer) => (await heightOf(answer)) === 100);

    await put(60);
    await sqs.send(notification(s3.bucket, 'ObjectCreated:Put', `originals/${KEY}`));
    t.comment(
      `overwritten, and new everywhere after ${await askAll(async (answer) => (await heightOf(answer)) === 60)} ms`,
    );

    await s3.remove(`originals/${KEY}`);
    await sqs.send(event(s3.bucket, 'Object Deleted', `originals/${KEY}`));
    t.comment(`removed, and gone everywhere after ${await askAll(({ status }) => status === 404)} ms`);

    await put(80);
    await sqs.send(notification(s3.bucket, 'ObjectCreated:CompleteMultipartUpload', `originals/${KEY}`));
    t.comment(
      `uploaded, and there everywhere after ${await askAll(async (answer) => (await heightOf(answer)) === 80)} ms`,
    );

    while ((await sqs.remaining()) > 0);
    t.pass('and each message is deleted');
  },
);

t.test('nothing is left in the store of an object that is removed', async (t) => {
  const { s3, sqs, replicas, put } = await startReplicas(t);
  const inStore = async () => {
    const { Contents = [] } = await s3.client.send(
      new ListObjectsV2Command({ Bucket: s3.bucket, Prefix: 'variants/' }),
    );
    return Contents.map(({ Key = '' }) => Key.slice('variants/'.length)).sort();
  };
  await put(100);
  await s3.put('originals/other.jpg', await jpeg(100, 80));
  for (const { get } of replicas)
    for (const w of [10, 20]) for (const key of [TARGET, '/other.jpg']) await get(`${key}?w=${w}`);
  while ((await inStore()).length < 4);
  const before = await inStore();
  await s3.remove(`originals/${KEY}`);
  await sqs.send(event(s3.bucket, 'Object Deleted', `originals/${KEY}`));
  let left = await inStore();
  while (left.length !== 3) left = await inStore();
  t.equal(left.at(-1), 'purges-1.json');
  t.equal(new Set(left.slice(0, 2).map((name) => name.slice(0, 16))).size, 1, 'of the other object');
  t.ok(left.slice(0, 2).every((name) => before.includes(name)));
});

t.test('a message whose purge does not arrive comes again, and is purged when the store is back', async (t) => {
  const { s3, sqs, replicas, put } = await startReplicas(t);
  const [one, two] = replicas;
  await put(100);
  for (const { get } of replicas) await get(`${TARGET}?w=40`);
  s3.fault = (request, response) => {
    if (!request.url?.includes('variants')) return false;
    response.writeHead(503).end();
    return true;
  };
  await put(60);
  await sqs.send(notification(s3.bucket, 'ObjectCreated:Put', `originals/${KEY}`));
  const failures = async () => {
    const texts = await Promise.all(replicas.map(({ managementUrl }) => ask(managementUrl, 'GET', '/metrics')));
    return texts.filter(({ body }) => body.includes('lambent_purge_messages_total{outcome="failed"}')).length;
  };
  while ((await failures()) === 0);
  t.equal(await sqs.remaining(), 1);
  s3.fault = undefined;
  await sqs.comeAgain();
  for (const { get } of [one, two])
    await eventually(
      () => get(`${TARGET}?w=40`),
      async (answer) => (await heightOf(answer)) === 60,
    );
  while ((await sqs.remaining()) > 0);
  t.pass('and is deleted');
});

const TOKEN = 'a-token-of-enough-length';

/** `POST /purge`: status and report. */
async function purge({ managementUrl }: Service, order: object) {
  const headers = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' };
  const answer = await fetch(new URL('/purge', managementUrl), {
    method: 'POST',
    headers,
    body: JSON.stringify(order),
  });
  return { status: answer.status, ...((await answer.json()) as Record<string, unknown>) };
}

async function useCloudFront(t: Test) {
  const cloudFront = await startCloudFrontServer();
  t.teardown(() => cloudFront.close());
  for (const [name, value] of Object.entries(cloudFront.environment)) setEnvironment(t, name, value);
  return { cloudFront, env: { PURGE_CLOUDFRONT: cloudFront.distributionId, PURGE_TOKEN: TOKEN } };
}

t.test('CloudFront is told by paths, or by the tags that answers carry', async (t) => {
  const { cloudFront, env } = await useCloudFront(t);
  const byPaths = await startService(t, { env });
  const order = { keys: ['harbour.jpg'], prefixes: ['a b/'] };
  t.match(await purge(byPaths, order), { status: 200, store: 'none', replicas: 'none', cdn: 'done' });
  t.same(cloudFront.invalidations[0]?.items, ['/harbour.jpg*', '/a%20b/*', '/a+b/*', '/a%2Bb/*']);
  t.match(await purge(byPaths, { tags: ['0123456789abcdef'] }), {
    status: 400,
    error: { code: 'bad_purge', message: /PURGE_CLOUDFRONT_BY/ },
  });
  t.equal(cloudFront.invalidations.length, 1);

  const byTags = await startService(t, { env: { ...env, PURGE_CLOUDFRONT_BY: 'tags' } });
  const [tag] = String((await byTags.get('/harbour.jpg?w=20')).headers['cache-tag']).split(',');
  t.match(await purge(byTags, { keys: ['harbour.jpg'], tags: ['0123456789abcdef'] }), { status: 200, cdn: 'done' });
  t.same(cloudFront.invalidations[1]?.items, [`#${tag}`, '#0123456789abcdef']);

  cloudFront.fault = { status: 403, code: 'AccessDenied' };
  t.match(await purge(byTags, { keys: ['harbour.jpg'] }), { status: 503, cdn: 'failed' });
});

t.test('CloudFront is told when every instance has heard, or at the end of the process', async (t) => {
  const { cloudFront, env } = await useCloudFront(t);
  const CACHE_STORE = pathToFileURL(await temporaryFolder(t)).href;
  const started = { ...env, CACHE_STORE };
  const late = await startService(t, { env: { ...started, PURGE_PROPAGATION_MS: '3600000' } });
  const soon = await startService(t, { env: { ...started, PURGE_PROPAGATION_MS: '100' } });
  const pending = { status: 202, store: 'done', replicas: 'done', cdn: 'pending' };
  t.match(await purge(late, { keys: ['portrait.jpg'] }), pending);
  t.match(await purge(soon, { keys: ['harbour.jpg'] }), pending);
  await until(() => cloudFront.invalidations.length > 0);
  t.same(cloudFront.invalidations[0]?.items, ['/harbour.jpg*']);
  await late.app.stop();
  t.same(cloudFront.invalidations[1]?.items, ['/portrait.jpg*']);
});

t.test('a queue, a CDN and a note that cannot be reached touch no picture, and are counted', async (t) => {
  const { cloudFront, env } = await useCloudFront(t);
  await cloudFront.close();
  const sqs = await startSqsServer();
  await sqs.close();
  const s3 = await startS3Server();
  t.teardown(() => s3.close());
  s3.fault = (request, response) => {
    if (!request.url?.includes('variants')) return false;
    response.writeHead(503).end();
    return true;
  };
  const service = await startService(t, {
    parts: { purgeLimitMs: 200 },
    env: {
      ...useS3(t, s3, 'originals'),
      CACHE_STORE: `s3://${s3.bucket}/variants`,
      PURGE_QUEUE_URL: sqs.queueUrl,
      ...env,
      PURGE_PROPAGATION_MS: '100',
    },
  });
  await s3.put('originals/a.jpg', await jpeg(100, 80));
  for (const status of ['lambent; fwd=miss', 'lambent; hit'])
    t.match(await service.get('/a.jpg?w=10'), { status: 200, headers: { 'cache-status': status } });
  const count = async (series: string) => {
    const text = (await ask(service.managementUrl, 'GET', '/metrics')).body.toString();
    return Number(new RegExp(`^${series.replace(/[{}]/g, '\\$&')} (\\d+)$`, 'm').exec(text)?.[1] ?? 0);
  };
  while ((await count('lambent_purge_messages_total{outcome="receive_failed"}')) === 0);
  while ((await count('lambent_purge_journal_total{outcome="failed"}')) < 2);
  t.match(await purge(service, { keys: ['b.jpg'] }), { status: 503, store: 'failed', replicas: 'failed', cdn: 'none' });
  t.match(await service.get('/a.jpg?w=10'), { status: 200, headers: { 'cache-status': 'lambent; hit' } });
  t.equal((await ask(service.managementUrl, 'GET', '/readyz')).status, 200);
});
