import t from 'tap';
import type { OutputFormat } from '../../src/formats.ts';
import { identifyVariant, type VariantParts } from '../../src/render/variant.ts';
import type { Options } from '../../src/request/options.ts';
import type { Plan } from '../../src/transform/plan.ts';
import { PLAN } from '../support/plans.ts';

const planOf = (format: OutputFormat): Plan => ({ ...PLAN, format });

function variantOf(parts: Partial<VariantParts> = {}) {
  return identifyVariant({
    sourceId: 's3://bucket',
    objectKey: 'folder/key.jpg',
    originalEtag: '"etag"',
    options: { w: 400 },
    plan: planOf('jpeg'),
    ...parts,
  });
}

const idOf = (options: Options, format: OutputFormat) => variantOf({ options, plan: planOf(format) }).id;

t.test('is named after everything that makes it another picture', (t) => {
  const variants = [
    variantOf(),
    variantOf({ sourceId: 's3://other' }),
    variantOf({ objectKey: 'folder/other.jpg' }),
    variantOf({ originalEtag: '"other"' }),
    variantOf({ options: { w: 401 } }),
    variantOf({ options: { h: 400 } }),
    variantOf({ options: { w: 400, h: 400 } }),
    variantOf({ options: { w: 400, q: 79 } }),
    variantOf({ options: {} }),
    variantOf({ plan: planOf('webp') }),
    variantOf({ plan: planOf('png') }),
  ];
  t.equal(new Set(variants.map(({ id }) => id)).size, variants.length);
  t.equal(new Set(variants.map(({ etag }) => etag)).size, variants.length);
  t.end();
});

t.test('its parts cannot be spelt so that they run into one another', (t) => {
  const variants = [
    variantOf({ objectKey: 'a', originalEtag: '"b"c' }),
    variantOf({ objectKey: 'a"b"', originalEtag: 'c' }),
    variantOf({ objectKey: 'a","b', originalEtag: 'c' }),
    variantOf({ objectKey: 'a', originalEtag: 'b","c' }),
    variantOf({ objectKey: 'a\nb', originalEtag: 'c' }),
    variantOf({ objectKey: 'a', originalEtag: 'b\nc' }),
    variantOf({ sourceId: 's3://bucket/folder', objectKey: 'key.jpg' }),
    variantOf(),
  ];
  t.equal(new Set(variants.map(({ id }) => id)).size, variants.length);
  t.end();
});

t.test('two ways to ask for the same picture are one variant', (t) => {
  const same: readonly [what: string, format: OutputFormat, one: Options, other: Options][] = [
    ['the default quality', 'jpeg', { w: 400, q: 75 }, { w: 400 }],
    ['the default quality', 'webp', { w: 400, q: 80 }, { w: 400 }],
    ['the default quality', 'avif', { w: 400, q: 60 }, { w: 400 }],
    ['any quality where there is none', 'png', { w: 400, q: 10 }, { w: 400 }],
    ['any quality where there is none', 'gif', { w: 400, q: 10 }, { w: 400 }],
    ['the order of options', 'jpeg', { w: 4, h: 3 }, { h: 3, w: 4 }],
    ['a format that is the original’s anyway', 'jpeg', { w: 400, f: 'jpeg' }, { w: 400 }],
    ['a format that was negotiated', 'avif', { w: 400, f: 'auto' }, { w: 400, f: 'avif' }],
  ];
  for (const [what, format, one, other] of same) t.equal(idOf(one, format), idOf(other, format), `${what}: ${format}`);
  t.not(idOf({ w: 400, q: 75 }, 'webp'), idOf({ w: 400 }, 'webp'), 'another format’s default is none');
  t.end();
});

t.test('has a weak entity tag of its own, and keeps what it was named after', (t) => {
  const plan = planOf('webp');
  const variant = variantOf({ plan });
  t.match(variant.etag, /^W\/"[\w-]+"$/);
  t.ok(variant.etag.includes(variant.id));
  t.match(variant.id, /^[\w-]{40,64}$/, 'a key that every tier can hold, however long the object’s is');
  t.match(variantOf({ objectKey: 'long/'.repeat(200) }).id, /^[\w-]{40,64}$/);
  t.match(variant, { objectKey: 'folder/key.jpg', originalEtag: '"etag"' });
  t.equal(variant.plan, plan);
  t.end();
});
