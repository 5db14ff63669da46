import t from 'tap';
import { lastModifiedOf, s3Error } from '../src/s3-error.ts';

/** As the SDK throws it. */
function thrown(name: string, status: number | undefined, more: object = {}): Error {
  return Object.assign(new Error('said by the store'), { name, $metadata: { httpStatusCode: status }, ...more });
}

t.test('a range beyond the object comes with its size, wherever the store says it', (t) => {
  const header = { $response: { headers: { 'content-range': 'bytes */10' } } };
  const cases: readonly [string, object, number | undefined][] = [
    ['in the body', { ActualObjectSize: '10' }, 10],
    ['in the header', header, 10],
    ['in neither', {}, undefined],
    ['without headers', { $response: {} }, undefined],
    ['as something else', { ActualObjectSize: 'many' }, undefined],
  ];
  for (const [where, more, size] of cases) {
    const { code, size: said } = s3Error(thrown('InvalidRange', 416, more), 's3://bucket');
    t.same([code, said], ['range_not_satisfiable', size], where);
  }
  t.end();
});

t.test('the date of what is not modified, where the store says it', (t) => {
  const text = 'Wed, 21 Oct 2015 07:28:00 GMT';
  t.same(lastModifiedOf({ $response: { headers: { 'last-modified': text } } }), new Date(text));
  for (const error of [{}, { $response: {} }, { $response: { headers: {} } }])
    t.equal(lastModifiedOf(error), undefined);
  t.end();
});

t.test('by status where the code says nothing', (t) => {
  const codes = {
    412: 'source_changed',
    416: 'range_not_satisfiable',
    429: 'source_unavailable',
    503: 'source_unavailable',
  };
  for (const [status, code] of Object.entries(codes))
    t.equal(s3Error(thrown('Unknown', Number(status)), 's3://b').code, code);
  t.equal(s3Error(thrown('Unknown', 418), 's3://b').code, 'source_failed');
  t.end();
});

t.test('tells an operator what to act on, and a client nothing', (t) => {
  const failed = s3Error(thrown('InternalError', 500), 's3://bucket/prefix');
  t.equal(failed.message, 's3://bucket/prefix: 500 InternalError: said by the store');
  t.equal(failed.publicMessage, 'The source failed.');
  t.equal(
    s3Error(thrown('Error', undefined, { code: 'ECONNRESET' }), 's3://b').message,
    's3://b: ECONNRESET: said by the store',
  );
  t.equal(s3Error(thrown('TimeoutError', undefined), 's3://b').message, 's3://b: TimeoutError: said by the store');
  t.equal(s3Error(thrown('NoSuchKey', 404), 's3://b').publicMessage, 'No such object.');
  t.end();
});
