import t from 'tap';
import type { OriginalRecord } from '../../src/render/record.ts';
import type { Variant } from '../../src/render/variant.ts';
import { createVariantMemo } from '../../src/render/variant-memo.ts';

/** Which record and which variant it is matters here, not what is in them. */
const record = () => ({}) as OriginalRecord;
const variant = (id: string) => ({ id }) as Variant;

function setUp() {
  const memo = createVariantMemo();
  let identified = 0;
  const ask = (of: OriginalRecord, asked: string, found: Variant | undefined = variant(asked)) =>
    memo(of, asked, () => {
      identified++;
      return found;
    });
  return { ask, identified: () => identified };
}

t.test('works a variant out once for each record and request', (t) => {
  const { ask, identified } = setUp();
  const [one, other] = [record(), record()];
  const first = ask(one, 'w=1');
  t.equal(ask(one, 'w=1'), first);
  t.equal(identified(), 1);
  t.equal(ask(one, 'w=2')?.id, 'w=2');
  t.not(ask(other, 'w=1'), first, 'another record is another version of the object');
  t.equal(identified(), 3);
  t.end();
});

t.test('remembers too that the original itself is the answer', (t) => {
  const memo = createVariantMemo();
  const of = record();
  t.equal(
    memo(of, 'w=1', () => undefined),
    undefined,
  );
  t.equal(
    memo(of, 'w=1', () => variant('never')),
    undefined,
  );
  t.end();
});

t.test('a failure is not remembered', (t) => {
  const memo = createVariantMemo();
  const of = record();
  t.throws(() =>
    memo(of, 'w=1', () => {
      throw new Error('too many pixels');
    }),
  );
  t.equal(memo(of, 'w=1', () => variant('w=1'))?.id, 'w=1');
  t.end();
});

t.test('a thousand random widths leave no thousand entries', (t) => {
  const { ask, identified } = setUp();
  const of = record();
  for (let width = 0; width < 65; width++) ask(of, `w=${width}`);
  t.equal(identified(), 65);
  ask(of, 'w=64');
  t.equal(identified(), 65, 'the latest is known');
  ask(of, 'w=0');
  t.equal(identified(), 66, 'the 64 before it were forgotten');
  t.end();
});
