import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { createContext, Script } from 'node:vm';
import { transform } from 'esbuild';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { readEdgePolicy } from '../../src/edge-policy.ts';
import { bundleEdge } from '../support/edge.ts';
import { isExecutable } from '../support/executable.ts';
import { ROOT } from '../support/process.ts';
import { readVectors, type Vector } from '../support/vectors.ts';

/** What CloudFront takes of a function. */
const MAX_BYTES = 10_240;

interface Parameter {
  value: string;
  multiValue?: { value: string }[];
}

/** A viewer request as AWS documents it ("CloudFront Functions event structure"). */
interface Event {
  version: string;
  context: { eventType: 'viewer-request' };
  viewer: { ip: string };
  request: {
    method: string;
    uri: string;
    querystring: Record<string, Parameter>;
    headers: Record<string, { value: string }>;
    cookies: Record<string, never>;
  };
}

/** Parameters in the order in which their names come first, undecoded; of a name that comes again all values. */
function eventOf({ url, accept }: Pick<Vector, 'url' | 'accept'>): Event {
  const mark = url.indexOf('?');
  const [uri, query] = mark < 0 ? [url, ''] : [url.slice(0, mark), url.slice(mark + 1)];
  const querystring: Record<string, Parameter> = {};
  for (const pair of query.split('&').filter((text) => text !== '')) {
    const [, name = '', value = ''] = /^([^=]*)=?(.*)$/s.exec(pair) ?? [];
    const known = Object.hasOwn(querystring, name) ? querystring[name] : undefined;
    if (known) known.multiValue = [...(known.multiValue ?? [{ value: known.value }]), { value }];
    else Object.defineProperty(querystring, name, { value: { value }, enumerable: true, configurable: true });
  }
  const headers = { host: { value: 'images.example.com' }, ...(accept !== '' && { accept: { value: accept } }) };
  const request = { method: 'GET', uri, querystring, headers, cookies: {} };
  return { version: '1.0', context: { eventType: 'viewer-request' }, viewer: { ip: '192.0.2.1' }, request };
}

/** What is looked up: path, query in its order, and `Accept`. */
function seen({ uri, querystring, headers }: Event['request']): [string, string] {
  const query = Object.entries(querystring).flatMap(([name, { value, multiValue = [{ value }] }]) =>
    multiValue.map((one) => `${name}=${one.value}`),
  );
  return [query.length === 0 ? uri : `${uri}?${query.join('&')}`, headers.accept?.value ?? ''];
}

/** What has to come of a vector: itself, where it is not to be touched. */
function expected(vector: Vector): [string, string] {
  return vector.canonical === vector.url
    ? [seen(eventOf(vector).request)[0], vector.forwarded]
    : [vector.canonical, vector.forwarded];
}

type Handler = (event: Event) => Event['request'];

/** The function where nothing is but the language itself. */
function load(code: string): Handler {
  const context = createContext(Object.create(null), { codeGeneration: { strings: false, wasm: false } });
  new Script(code).runInContext(context);
  const run = new Script('JSON.stringify(handler(JSON.parse(event)))');
  return (event) => {
    context.event = JSON.stringify(event);
    return JSON.parse(run.runInContext(context));
  };
}

t.test('all vectors, in a context without anything of Node.js', async (t) => {
  for (const { env, vectors } of await readVectors()) {
    const code = await bundleEdge('cloudfront', readEdgePolicy(env));
    t.ok(Buffer.byteLength(code) <= MAX_BYTES, `${Buffer.byteLength(code)} bytes with ${JSON.stringify(env)}`);
    const handler = load(code);
    for (const vector of vectors) {
      t.same(seen(handler(eventOf(vector))), expected(vector), `${JSON.stringify(env)} ${vector.url}`);
    }
  }
});

const NJS = ['/usr/bin', ...(process.env.PATH ?? '').split(path.delimiter)]
  .map((folder) => path.join(folder, 'njs'))
  .find(isExecutable);
const isNeeded = process.env.REQUIRE_NGINX === '1';

t.test(
  'all vectors, in njs',
  { skip: NJS || isNeeded ? false : 'njs is not installed: apt-get install njs' },
  async (t) => {
    for (const { env, vectors } of await readVectors()) {
      const code = await bundleEdge('cloudfront', readEdgePolicy(env));
      const answers = await runInNjs(t, code, vectors.map(eventOf));
      for (const [index, vector] of vectors.entries()) {
        t.same(answers[index] && seen(answers[index]), expected(vector), `${JSON.stringify(env)} ${vector.url}`);
      }
    }
  },
);

async function runInNjs(t: Test, code: string, events: readonly Event[]): Promise<Event['request'][]> {
  const file = path.join(t.testdir(), 'function.js');
  // A line each: it writes no more than 2 KB at once.
  const call = `${JSON.stringify(events)}.map(function (event) { console.log(JSON.stringify(handler(event))); });`;
  await writeFile(file, `${code}\n${call}`);
  const { stdout } = await promisify(execFile)(NJS ?? '', [file], { maxBuffer: 2 ** 24 });
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}

t.test('what was built is what these tests run', async (t) => {
  const file = path.join(ROOT, 'dist/edge/cloudfront-function.js');
  t.equal(await readFile(file, 'utf8'), await bundleEdge('cloudfront', readEdgePolicy({})));
});

t.test('only statements of ES5, and arrows and templates besides', async (t) => {
  const code = await bundleEdge('cloudfront', readEdgePolicy({ WIDTHS: '320,640' }));
  // A compiler that is told to write ES5, but for these two, changes nothing: it lowers what is newer, or says that it cannot.
  const supported = { arrow: true, 'template-literal': true };
  const [lowered, same] = await Promise.all([
    transform(code, { target: 'es5', supported }),
    transform(code, { target: 'esnext' }),
  ]);
  t.equal(lowered.code, same.code);
  t.match(code, /function handler\(/);
});

t.test('never throws: what cannot be read passes', async (t) => {
  const handler = load(await bundleEdge('cloudfront', readEdgePolicy({ WIDTHS: '320,640' })));
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 20 }),
    fc.constantFrom('%', '%zz', '%C0', '1', '200', 'auto', ''),
  );
  const name = fc.oneof(fc.constantFrom('w', 'h', 'f', 'q', 'sig', 'crop', '__proto__', 'constructor', '%'), text);
  const events = fc.record({
    path: fc.array(text, { maxLength: 4 }),
    pairs: fc.array(fc.tuple(name, text), { maxLength: 6 }),
    accept: text,
  });
  fc.assert(
    fc.property(events, ({ path, pairs, accept }) => {
      const url = `/${path.join('/')}?${pairs.map((pair) => pair.join('=')).join('&')}`;
      const event = eventOf({ url, accept });
      const { uri, querystring } = handler(event);
      return typeof uri === 'string' && typeof querystring === 'object';
    }),
    { numRuns: 2000 },
  );
  t.end();
});

t.test('nothing but the request’s URL and Accept is touched', async (t) => {
  const handler = load(await bundleEdge('cloudfront', readEdgePolicy({})));
  const event = eventOf({ url: '/a.jpg?h=1&w=2&f=auto', accept: 'image/webp' });
  event.request.headers['x-request-id'] = { value: 'abc' };
  t.same(handler(event), {
    ...event.request,
    querystring: { w: { value: '2' }, h: { value: '1' }, f: { value: 'auto' } },
    headers: { ...event.request.headers, accept: { value: 'image/webp' } },
  });
  const { accept, ...others } = event.request.headers;
  t.same(handler(eventOf({ url: '/a.jpg?w=2', accept: accept?.value ?? '' })).headers, { host: others.host });
  t.end();
});
