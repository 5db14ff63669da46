import type { IncomingMessage, ServerResponse } from 'node:http';
import t, { type Test } from 'tap';
import { createS3Store } from '../../src/cache/s3.ts';
import { entryOf } from '../support/cache-entries.ts';
import { startS3Server } from '../support/s3-server.ts';
import { useS3 } from '../support/service.ts';

const SIGNAL = new AbortController().signal;

async function setUp(t: Test) {
  const s3 = await startS3Server();
  t.teardown(() => s3.close());
  useS3(t, s3);
  const store = createS3Store({ bucket: s3.bucket, prefix: 'variants', forcePathStyle: true, observe: () => {} });
  t.teardown(() => store.close());
  return { s3, store, note: store.note };
}

/** Answers what is chosen as S3 does when something is wrong. */
function failing(status: number, body: string, chosen: (request: IncomingMessage) => boolean) {
  return (request: IncomingMessage, response: ServerResponse): boolean => {
    if (!chosen(request)) return false;
    request.resume();
    response.writeHead(status, { 'content-type': 'application/xml' });
    response.end(`<?xml version="1.0" encoding="UTF-8"?>${body}`);
    return true;
  };
}

const error = (code: string) => `<Error><Code>${code}</Code><Message>no</Message></Error>`;
const isPut = ({ method }: IncomingMessage) => method === 'PUT';
const hasCondition = (request: IncomingMessage) => isPut(request) && request.headers['if-match'] !== undefined;

t.test('lies beside the entries, for no one else', async (t) => {
  const { s3, note } = await setUp(t);
  await note.write('text', undefined, SIGNAL);
  t.match(s3.requests.at(-1), {
    key: 'variants/purges-1.json',
    headers: { 'cache-control': 'private', 'if-none-match': '*' },
  });
  await note.read('"known"', SIGNAL);
  t.match(s3.requests.at(-1), { headers: { 'if-none-match': '"known"' } });
});

t.test('a store that takes no entity tag for the one it gave is written to all the same', async (t) => {
  const { s3, note } = await setUp(t);
  const first = await note.write('one', undefined, SIGNAL);
  s3.fault = failing(412, error('PreconditionFailed'), hasCondition);
  const second = await note.write('two', first, SIGNAL);
  t.same(await note.read(undefined, SIGNAL), { text: 'two', version: second });
  t.equal(await note.write('three', first, SIGNAL), 'conflict', 'but not where another has written');
});

t.test('where another write is under way, it is not overtaken', async (t) => {
  const { s3, note } = await setUp(t);
  const first = await note.write('one', undefined, SIGNAL);
  s3.fault = failing(409, error('ConditionalRequestConflict'), hasCondition);
  t.equal(await note.write('two', first, SIGNAL), 'conflict');
  t.same(await note.read(undefined, SIGNAL), { text: 'one', version: first });
});

t.test('another that writes at the same moment, or removes it, is a conflict', async (t) => {
  const { s3, note } = await setUp(t);
  const first = await note.write('one', undefined, SIGNAL);
  await s3.put('variants/purges-1.json', 'another');
  for (const [status, code] of [
    [409, 'ConditionalRequestConflict'],
    [404, 'NoSuchKey'],
  ] as const) {
    s3.fault = failing(status, error(code), hasCondition);
    t.equal(await note.write('two', first, SIGNAL), 'conflict', code);
  }
  s3.fault = undefined;
  await s3.remove('variants/purges-1.json');
  t.equal(await note.write('two', first, SIGNAL), 'conflict');
  t.equal(await note.read(first, SIGNAL), undefined);
});

t.test('what the store refuses is an error, for whoever tries again', async (t) => {
  const { s3, store, note } = await setUp(t);
  s3.fault = failing(403, error('AccessDenied'), () => true);
  await t.rejects(note.read(undefined, SIGNAL), { name: 'AccessDenied' });
  await t.rejects(note.write('text', undefined, SIGNAL), { name: 'AccessDenied' });
  await t.rejects(store.drop(['a'.repeat(16)], SIGNAL), { name: 'AccessDenied' });
});

t.test('entries that S3 does not delete are an error, though the answer is 200', async (t) => {
  const { s3, store } = await setUp(t);
  const key = `${'a'.repeat(16)}-1`;
  await store.set(key, entryOf(10));
  const result = `<DeleteResult><Error><Key>x</Key><Code>AccessDenied</Code><Message>no</Message></Error></DeleteResult>`;
  s3.fault = failing(200, result, ({ method }) => method === 'POST');
  await t.rejects(store.drop(['a'.repeat(16)], SIGNAL), /1 of 1 are not deleted: AccessDenied/);
  s3.fault = undefined;
  await store.drop(['a'.repeat(16)], SIGNAL);
  t.equal(await store.get(key), undefined);
});
