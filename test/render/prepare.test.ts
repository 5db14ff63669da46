import sharp from 'sharp';
import t, { type Test } from 'tap';
import { ServiceError } from '../../src/errors.ts';
import { type PrepareOptions, prepare } from '../../src/render/prepare.ts';
import type { Source, SourceStatus } from '../../src/sources/source.ts';
import { setUpSharp } from '../../src/transform/sharp-setup.ts';
import { transform } from '../../src/transform/transform.ts';
import { createMemorySource } from '../support/memory-source.ts';
import { deferred, quiet, stateOf } from '../support/waiting.ts';

const OUTPUT_FORMATS = ['avif', 'gif', 'jpeg', 'png', 'tiff', 'webp'];

/** A service that makes itself ready, and what it says meanwhile. */
function setUp(t: Test, options: Partial<PrepareOptions> = {}) {
  // The service waits without keeping its process alive; a test's process has nothing else to live for.
  const alive = setInterval(() => {}, 1000);
  t.teardown(() => clearInterval(alive));
  const source = createMemorySource();
  const reasons = new Map<string, (string | undefined)[]>([
    ['codecs', []],
    ['source', []],
  ]);
  const statuses: SourceStatus[] = [];
  const controller = new AbortController();
  const prepared = () =>
    prepare({
      source,
      transform: () => Promise.resolve(Buffer.alloc(0)),
      report: (kind, reason) => void reasons.get(kind)?.push(reason),
      onStatus: (status) => void statuses.push(status),
      retryMs: 1,
      signal: controller.signal,
      ...options,
    });
  const said = (kind: 'codecs' | 'source') => reasons.get(kind);
  return { source, statuses, controller, prepared, said };
}

t.test('makes one small picture in every output format', async (t) => {
  setUpSharp({ svg: 'pass', keepsGainMap: false });
  const made: Buffer[] = [];
  const { prepared, said, statuses } = setUp(t, {
    async transform(original, plan) {
      const picture = await transform(original, plan);
      made.push(picture);
      return picture;
    },
  });
  await prepared();
  const pictures = await Promise.all(made.map((picture) => sharp(picture).metadata()));
  t.same(pictures.map(({ format, compression }) => (compression === 'av1' ? 'avif' : format)).sort(), OUTPUT_FORMATS);
  t.ok(pictures.every(({ width = 0, height = 0 }) => width > 1 && width <= 64 && height > 1 && height <= 64));
  t.same(said('codecs'), [undefined]);
  t.same(said('source'), [undefined]);
  t.same(statuses, [{ readable: true, detail: 'in memory' }]);
});

t.test('says which codec does not work, and checks the source all the same', async (t) => {
  const failures = [
    new ServiceError('corrupt_image', undefined, { cause: new Error('no AV1 encoder') }),
    new Error('no AV1 encoder'),
  ];
  for (const failure of failures) {
    const { prepared, said } = setUp(t, {
      transform: (_original, { format }) =>
        format === 'avif' ? Promise.reject(failure) : Promise.resolve(Buffer.alloc(0)),
    });
    await prepared();
    t.match(said('codecs'), [/codec.*no AV1 encoder/]);
    t.equal(said('codecs')?.length, 1);
    t.same(said('source'), [undefined]);
  }
});

t.test('checks the source again until it can be read', async (t) => {
  const { source, prepared, said, statuses } = setUp(t);
  source.statuses.push({ readable: false, detail: 'access denied' }, new Error('no route to host'));
  await prepared();
  t.match(said('source'), ['access denied', /^memory:\/\/test .*no route to host$/, undefined]);
  t.equal(said('source')?.length, 3);
  t.match(statuses, [
    { readable: false, detail: 'access denied' },
    { readable: false, detail: /no route to host/ },
    { readable: true, detail: 'in memory' },
  ]);
  t.same(said('codecs'), [undefined]);
});

t.test('ends when the service does, also in the middle of a wait', async (t) => {
  const checked = deferred();
  const { source, controller, prepared, said } = setUp(t, { retryMs: 1_000_000, onStatus: () => checked.resolve() });
  source.statuses.push({ readable: false, detail: 'access denied' });
  const ended = prepared();
  await checked.promise;
  t.equal(await stateOf(ended), 'pending');
  controller.abort();
  await ended;
  t.same(said('source'), ['access denied'], 'and checks no more');
});

t.test('checks nothing for a service that has ended already', async (t) => {
  const { controller, prepared, said, statuses } = setUp(t);
  controller.abort();
  await prepared();
  t.same(said('source'), []);
  t.same(statuses, []);
});

function hanging(signal: AbortSignal): Promise<SourceStatus> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

t.test('a check that does not end is ended, and counts as failed', async (t) => {
  const limit = new AbortController();
  t.intercept(AbortSignal, 'timeout', { value: () => limit.signal });
  const source = createMemorySource();
  const checks = [hanging, source.check];
  const check: Source['check'] = (signal) => (checks.shift() ?? hanging)(signal);
  const { prepared, said } = setUp(t, { source: { ...source, check } });
  const ended = prepared();
  await quiet();
  limit.abort(new Error('took too long'));
  await ended;
  t.match(said('source'), [/took too long/, undefined]);
});

t.test('a check that is ended with the service says nothing of the source', async (t) => {
  const { controller, prepared, said, statuses } = setUp(t, { source: { ...createMemorySource(), check: hanging } });
  const ended = prepared();
  await quiet();
  controller.abort();
  await ended;
  t.same(said('source'), []);
  t.same(statuses, []);
});
