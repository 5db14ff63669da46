import fc from 'fast-check';
import t, { type Test } from 'tap';
import { readSigned } from '../../src/request/signature.ts';
import { path, query } from '../support/fuzz-requests.ts';
import { createPassingSource, type FuzzService, startFuzzService } from '../support/fuzz-service.ts';
import { png } from '../support/pictures.ts';
import { SIGNING_KEYS, signatureOf } from '../support/signing.ts';

/** Requests; `npm run fuzz` takes a million. */
const RUNS = Number(process.env.FUZZ_REQUESTS ?? 20_000);
const AT_ONCE = 50;

const ALLOWED = [200, 304, 400, 403, 404];

/** What may stand in a request line at all; the rest is refused by whoever sends it. */
const target = fc
  .tuple(path, query)
  .map(([route, text]) => `${route}?${text}`.replace(/[^\x21-\x7e]/g, encodeURIComponent));
const headers = fc.constantFrom<Record<string, string>>(
  {},
  {},
  { accept: 'image/avif,image/webp,*/*' },
  { 'if-none-match': '*' },
  { accept: ',;q=,image/webp;q=.5', 'if-none-match': '"' },
);

type Asked = readonly [target: string, headers: Record<string, string>];

/** Asks for all of them at once; whether each is answered as it may be. */
async function areAllowed(service: FuzzService, asked: readonly Asked[], seen: Set<number>): Promise<boolean> {
  const statuses = await Promise.all(asked.map(([text, fields]) => service.status(text, fields)));
  for (const status of statuses) seen.add(status);
  return statuses.every((status) => ALLOWED.includes(status));
}

async function fuzz(t: Test, env: Record<string, string>, write: (target: string) => string): Promise<void> {
  const picture = await png(400, 300);
  const keys = ['a.jpg', 'b', 'a/b', 'A', 'b/a.jpg', 'x y', 'a.jpg/b'];
  const source = createPassingSource(new Map(keys.map((key) => [key, picture])));
  // No picture is made: what is looked for lies before that.
  const service = await startFuzzService(
    t,
    { QUEUE_LENGTH: '1000', ...env },
    { source, transform: async () => await Promise.resolve(Buffer.from('x')) },
  );
  const seen = new Set<number>();
  const batch = fc.array(fc.tuple(target.map(write), headers), { minLength: AT_ONCE, maxLength: AT_ONCE });
  await t.resolves(
    fc.assert(
      fc.asyncProperty(batch, (asked) => areAllowed(service, asked, seen)),
      { numRuns: RUNS / AT_ONCE / 2, endOnFailure: true },
    ),
  );
  t.strictSame(
    [...seen].sort(),
    ALLOWED.filter((status) => status !== 403 || 'SIGNING_KEYS' in env),
  );
}

t.test('whatever is asked for is answered, and nothing is a mistake of ours', async (t) => {
  await fuzz(t, {}, (text) => text);
});

t.test('also where it has to be signed, on a ladder', async (t) => {
  await fuzz(t, { SIGNING_KEYS, WIDTHS: '160,320,640', HEIGHTS: '100,200' }, (text) => {
    const signed = readSigned(text);
    return signed.value && text.length % 3 > 0 ? `${text}&sig=${signatureOf(signed.value.text)}` : text;
  });
});
