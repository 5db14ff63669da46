import t from 'tap';
import { tagsOf } from '../../src/cache/tags.ts';
import { identifyVariant, type VariantParts } from '../../src/render/variant.ts';
import type { Options } from '../../src/request/options.ts';
import { type Plan, type PlanPolicy, planVariant } from '../../src/transform/plan.ts';
import { PHOTO, PLAN } from '../support/plans.ts';
import { POLICY } from '../support/variants.ts';

function variantOf(parts: Partial<VariantParts> = {}) {
  return identifyVariant({
    sourceId: 's3://bucket',
    objectKey: 'folder/key.jpg',
    originalEtag: '"etag"',
    plan: PLAN,
    ...parts,
  });
}

function planned(options: Options, changed: Partial<PlanPolicy> = {}): Plan {
  const plan = planVariant(options, PHOTO, [], { ...POLICY, ...changed });
  if (!plan) throw new Error('The original itself was the answer.');
  return plan;
}

const idOf = (options: Options, changed: Partial<PlanPolicy> = {}) => variantOf({ plan: planned(options, changed) }).id;

t.test('is named after everything that makes it another picture', (t) => {
  const variants = [
    variantOf(),
    variantOf({ sourceId: 's3://other' }),
    variantOf({ objectKey: 'folder/other.jpg' }),
    variantOf({ originalEtag: '"other"' }),
    variantOf({ plan: planned({ w: 401 }) }),
    variantOf({ plan: planned({ w: 401, blur: 1 }) }),
    variantOf({ plan: planned({ w: 401, q: 79 }) }),
    variantOf({ plan: { ...PLAN, format: 'png' } }),
    variantOf({ plan: { ...PLAN, format: 'avif' } }),
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
  const same: readonly (readonly [what: string, one: Options, other: Options])[] = [
    ['the default quality', { w: 90, f: 'jpeg', q: 75 }, { w: 90, f: 'jpeg' }],
    ['the default quality', { w: 90, f: 'webp', q: 80 }, { w: 90, f: 'webp' }],
    ['the default quality', { w: 90, f: 'avif', q: 60 }, { w: 90, f: 'avif' }],
    ['any quality where there is none', { w: 90, f: 'png', q: 10 }, { w: 90, f: 'png' }],
    ['any quality where there is none', { w: 90, f: 'gif', q: 10 }, { w: 90, f: 'gif' }],
    ['the order of options', { w: 4, h: 3 }, { h: 3, w: 4 }],
    ['a format that is the original’s anyway', { w: 90, f: 'jpeg' }, { w: 90 }],
    ['a side that follows', { w: 200, h: 150 }, { w: 200 }],
    ['a place where nothing is cut', { w: 200, h: 150, pos: 'top' }, { w: 200, h: 150 }],
    ['a palette where there is none', { w: 90, f: 'webp', colors: 16 }, { w: 90, f: 'webp' }],
    ['no animation where there is none', { w: 90, anim: 0 }, { w: 90 }],
    ['a colour that nothing lies on', { w: 90, bg: 'ff0000' }, { w: 90 }],
    ['the name of a download', { w: 90, dl: 'a.jpg' }, { w: 90 }],
    ['the name of a download without a border', { trim: 9, dl: 'a.jpg', q: 75 }, { trim: 9 }],
    ['the original’s own size', { w: 400 }, { w: 900, enlarge: 0 }],
  ];
  for (const [what, one, other] of same) t.equal(idOf(one), idOf(other), `${what}: ${JSON.stringify(one)}`);
  t.not(idOf({ w: 90, f: 'webp', q: 75 }), idOf({ w: 90, f: 'webp' }), 'another format’s default is none');
  t.not(idOf({ trim: 9, w: 90 }), idOf({ trim: 8, w: 90 }));
  t.not(idOf({ trim: 9, w: 90 }), idOf({ trim: 9, w: 90, pos: 'top', h: 9 }));
  t.end();
});

t.test('what is configured is part of it where it changes the picture', (t) => {
  t.equal(idOf({ w: 90 }, { maxWidth: 100 }), idOf({ w: 90 }));
  t.not(idOf({ w: 390 }, { maxWidth: 100 }), idOf({ w: 390 }));
  t.not(idOf({ w: 90 }, { keepsCredit: true }), idOf({ w: 90 }));
  t.equal(idOf({ w: 90 }, { maxSourcePixels: 1e6, avifMaxPixels: 7 }), idOf({ w: 90 }));
  t.end();
});

t.test('has a weak entity tag of its own, and keeps what it was named after', (t) => {
  const plan = PLAN;
  const variant = variantOf({ plan });
  t.match(variant.etag, /^W\/"[\w-]+"$/);
  t.ok(variant.id.endsWith(variant.etag.slice(3, -1)));
  t.equal(variant.id.slice(0, 17), `${tagsOf('folder/key.jpg')[0]}-`, 'a store finds it by its object');
  t.match(variant.id, /^[\w-]{40,64}$/, 'a key that every tier can hold, however long the object’s is');
  t.match(variantOf({ objectKey: 'long/'.repeat(200) }).id, /^[\w-]{40,64}$/);
  t.match(variant, { objectKey: 'folder/key.jpg', originalEtag: '"etag"' });
  t.equal(variant.plan, plan);
  t.end();
});
