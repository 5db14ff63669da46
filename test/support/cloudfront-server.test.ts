import { CloudFrontClient, CreateInvalidationCommand } from '@aws-sdk/client-cloudfront';
import t, { type Test } from 'tap';
import { startCloudFrontServer } from './cloudfront-server.ts';
import { setEnvironment } from './service.ts';

async function setUp(t: Test) {
  const server = await startCloudFrontServer();
  for (const [name, value] of Object.entries(server.environment)) setEnvironment(t, name, value);
  const client = new CloudFrontClient({ region: 'us-east-1', maxAttempts: 1 });
  t.teardown(async () => {
    client.destroy();
    await server.close();
  });
  const create = async (reference: string, items: string[], id = server.distributionId, quantity = items.length) => {
    const batch = { Paths: { Quantity: quantity, Items: items }, CallerReference: reference };
    const command = new CreateInvalidationCommand({ DistributionId: id, InvalidationBatch: batch });
    return (await client.send(command)).Invalidation?.Id;
  };
  return { server, create };
}

const numbered = (count: number, item: (index: number) => string) => Array.from({ length: count }, (_, i) => item(i));

t.test('a reference is one invalidation', async (t) => {
  const { server, create } = await setUp(t);
  const items = ["/a&b'.jpg", '/%C3%A4*', '#tag'];
  t.equal(await create('one', items), 'I0');
  t.equal(await create('one', items), 'I0');
  t.equal(await create('two', items), 'I1');
  await t.rejects(create('one', ['/b.jpg']), { name: 'InvalidationBatchAlreadyExists' });
  t.same(server.invalidations, [
    { id: 'I0', reference: 'one', items },
    { id: 'I1', reference: 'two', items },
  ]);
  t.same(
    server.requests.map(({ status }) => status),
    [201, 201, 201, 400],
  );
});

t.test('what is not valid is refused', async (t) => {
  const { server, create } = await setUp(t);
  const items = ['a.jpg', '/a b', '/ä', '/~a', '/*a', '/a%2', '/a%c3', `/${'a'.repeat(4_000)}`, '#', '#a,b', '#a b'];
  for (const item of items) await t.rejects(create('one', ['/a.jpg', item]), { name: 'InvalidArgument' }, item);
  await t.rejects(create('one', ['/a.jpg'], 'EOTHER'), { name: 'NoSuchDistribution' });
  await t.rejects(create('one', ['/a.jpg'], server.distributionId, 2), { name: 'InconsistentQuantities' });
  await t.rejects(
    create(
      'one',
      numbered(3_001, (i) => `/${i}`),
    ),
    { name: 'BatchTooLarge' },
  );
  const unsigned = await fetch(`${server.endpoint}/2020-05-31/distribution/${server.distributionId}/invalidation`, {
    method: 'POST',
  });
  t.equal(unsigned.status, 403);
  t.same(server.invalidations, []);
});

t.test('so many are in progress, and no more', async (t) => {
  const { server, create } = await setUp(t);
  await create('one', [...numbered(15, (i) => `/${i}*`), '/b.jpg']);
  await create(
    'more',
    numbered(2_998, (i) => `#${i}`),
  );
  await t.rejects(create('two', ['/*']), { name: 'TooManyInvalidationsInProgress' });
  await create('three', ['/a.jpg']);
  await t.rejects(create('four', ['#a']), { name: 'TooManyInvalidationsInProgress' });
  server.finish();
  await create('two', ['/*', '#a']);
});

t.test('breaks as it is told', async (t) => {
  const { server, create } = await setUp(t);
  server.fault = { status: 403, code: 'AccessDenied' };
  await t.rejects(create('one', ['/a.jpg']), { name: 'AccessDenied', $metadata: { httpStatusCode: 403 } });
  server.fault = 'broken';
  await t.rejects(create('one', ['/a.jpg']));
  t.same(server.invalidations, []);
  server.fault = 'lost';
  await t.rejects(create('one', ['/a.jpg']));
  t.equal(server.invalidations.length, 1);
  server.fault = undefined;
  t.equal(await create('one', ['/a.jpg']), 'I0');
});
