import t, { type Test } from 'tap';
import { responsive } from '../../src/client/responsive.ts';
import type { ResponsiveOptions } from '../../src/client/responsive-options.ts';

const BASE = 'https://images.example.com';
const SITE: ResponsiveOptions = { site: { base: BASE } };
const LAZY = 'loading="lazy" decoding="async"';

/** `srcset` as it stands in HTML. */
function srcset(path: string, ...candidates: readonly (readonly [query: string, width: number])[]): string {
  const list = candidates.map(([query, width]) => `${path}?${query.replaceAll('&', '&amp;')} ${width}w`);
  return `srcset="${list.join(', ')}"`;
}

const small = (width: number) => [`w=${width}&enlarge=0&f=auto`, width] as const;
const USUAL = [320, 640, 960, 1280, 1920, 2560].map(small);
const OF_KEY = srcset('/a.jpg', ...USUAL);
const OF_URL = srcset(`${BASE}/a.jpg`, ...USUAL);

/** What becomes of a text, and that it stays so. */
function becomes(t: Test, options: ResponsiveOptions, rows: Readonly<Record<string, string>>): void {
  for (const [html, expected] of Object.entries(rows)) {
    const once = responsive(html, options);
    t.equal(once, expected, html);
    t.equal(responsive(once, options), once, 'a second time changes nothing');
  }
}

t.test('an image gets what it lacks, after its src, and keeps all it has', (t) => {
  becomes(t, SITE, {
    [`<p>a &amp; b<img src="${BASE}/a.jpg" alt=x></p>`]: `<p>a &amp; b<img src="${BASE}/a.jpg" ${OF_URL} sizes="100vw" ${LAZY} alt=x></p>`,
    [`<IMG data-x='"' SRC=${BASE}/a.jpg/ src=b>`]: `<IMG data-x='"' SRC=${BASE}/a.jpg/ src=b>`,
    [`<IMG data-x='"' SRC=${BASE}/a.jpg src=b Alt>`]: `<IMG data-x='"' SRC=${BASE}/a.jpg ${OF_URL} sizes="100vw" ${LAZY} src=b Alt>`,
    [`<img src='${BASE}/a.jpg'alt=x/>`]: `<img src='${BASE}/a.jpg' ${OF_URL} sizes="100vw" ${LAZY}alt=x/>`,
    [`<img loading=eager decoding="sync" src="${BASE}/a.jpg" sizes="10em" width=300 height="200">`]: `<img loading=eager decoding="sync" src="${BASE}/a.jpg" ${OF_URL} sizes="10em" width=300 height="200">`,
    [`<image src="${BASE}/a.jpg">`]: `<image src="${BASE}/a.jpg" ${OF_URL} sizes="100vw" ${LAZY}>`,
  });
  t.end();
});

t.test('what is no image of ours, or is shown by other rules, is left alone', (t) => {
  const ours = `<img src="${BASE}/a.jpg">`;
  for (const html of [
    '',
    'text',
    '<img>',
    '<img src="">',
    '<img src="/a.jpg">',
    '<img src="data:image/png;base64,AAAA">',
    '<img src="javascript:alert(1)">',
    '<img src="https://images.example.com.evil.example/a.jpg">',
    '<img src="https://images.example.com@evil.example/a.jpg">',
    '<img src="https://images.example.com">',
    `<img src="${BASE}/a.jpg" srcset="">`,
    `<img srcset="x 1x" src="${BASE}/a.jpg">`,
    `<picture><source srcset=b>${ours}</picture>`,
    `<picture><b>${ours}</b></picture>`,
    `<template>${ours}<figure>${ours}</figure></template>`,
    `<noscript>${ours}</noscript>`,
    `<textarea>${ours}</textarea>`,
    `<title>${ours}</title>`,
    `<style>${ours}</style>`,
    `<xmp>${ours}</xmp>`,
    `<iframe>${ours}</iframe>`,
    `<script>"${ours}"</script>`,
    `<script><!--<script>${ours}</script>${ours}`,
    `<!-- ${ours} -->`,
    `<!-- ${ours} `,
    `<svg><![CDATA[${ours}]]></svg>`,
    `<a title='${ours}'>x</a>`,
    `<svg><image href="${BASE}/a.jpg" src="${BASE}/a.jpg"></svg>`,
    `<plaintext>${ours}`,
    `<img src="${BASE}/a.jpg"`,
    `< img src="${BASE}/a.jpg">`,
    `<imgx src="${BASE}/a.jpg">`,
  ]) {
    t.equal(responsive(html, SITE), html, html);
  }
  t.not(responsive(ours, SITE), ours, 'which is one of ours elsewhere');
  t.not(responsive(`<svg>${ours}`, SITE), `<svg>${ours}`, 'as the tag ends a drawing');
  t.not(responsive(`<textarea></textarea>${ours}`, SITE), `<textarea></textarea>${ours}`);
  t.end();
});

t.test('a src that cannot be read, or be changed without a key, is left alone', (t) => {
  for (const path of [
    '',
    '../a.jpg',
    'x/../a.jpg',
    '%2e%2e/a.jpg',
    'a//b.jpg',
    '/a.jpg',
    '-/info',
    '%2D/info',
    'a\\b.jpg',
    'a%5Cb.jpg',
    'a%00.jpg',
    '%ff.jpg',
    '%.jpg',
    '\ud800.jpg',
    'a\nb.jpg',
    'a\tb.jpg',
    `${'a'.repeat(1_025)}`,
    'a.jpg#part',
    'a.jpg?w=abc',
    'a.jpg?w=1&w=2',
    'a.jpg?w=400&sig=abc',
    'a.jpg?sig=abc&w=400',
    'a.jpg?w=400&s%69g=abc',
    'a.jpg?w=400&s\nig=abc',
    'a.jpg?w=400&pending=1.k.abc',
    'a.jpg?pend%69ng=1.k.abc',
    'a.jpg?preset=thumb',
    'a.jpg?w=400&pad=1,1,1,1',
    'a.jpg?h=400',
    'a.jpg?w=400&h=300&fit=inside',
    'a.jpg?w=400&h=300&fit=outside',
    'a.svg',
    'a.SVG?w=400',
    'a.svgz?f=auto',
  ]) {
    const html = `<img src="${BASE}/${path}">`;
    t.equal(responsive(html, SITE), html, path);
  }
  t.match(responsive(`<img src="${BASE}/a.svg?f=png">`, SITE), '/a.svg?w=320&amp;enlarge=0&amp;f=png 320w');
  t.end();
});

t.test('without a base, what begins with one slash is ours; with others, their beginnings, too', (t) => {
  becomes(
    t,
    {},
    {
      '<img src="/a.jpg">': `<img src="/a.jpg" ${OF_KEY} sizes="100vw" ${LAZY}>`,
      '<img src=" /a.jpg\n">': `<img src="/a.jpg" ${OF_KEY} sizes="100vw" ${LAZY}>`,
      '<img src="a.jpg">': '<img src="a.jpg">',
      '<img src="//host/a.jpg">': '<img src="//host/a.jpg">',
      '<img src="/\\host/a.jpg">': '<img src="/\\host/a.jpg">',
      [`<img src="${BASE}/a.jpg">`]: `<img src="${BASE}/a.jpg">`,
    },
  );
  const siblings = { site: { base: '/img' }, origins: ['/img2'] };
  t.match(responsive('<img src="/img2/a.jpg">', siblings), 'src="/img/a.jpg"', 'not by the beginning of a name');
  const moved = `<img src="${BASE}/a.jpg" ${OF_URL} sizes="100vw" ${LAZY}>`;
  becomes(
    t,
    { ...SITE, origins: ['http://old.example/pictures', ''] },
    {
      '<img src="//images.example.com/a.jpg">': moved,
      '<img src="http://old.example/pictures/a.jpg">': moved,
      '<img src="//old.example/pictures/a.jpg">': moved,
      '<img src="/a.jpg">': moved,
      '<img src="//host/a.jpg">': '<img src="//host/a.jpg">',
      '<img src="http://old.example/a.jpg">': '<img src="http://old.example/a.jpg">',
    },
  );
  t.end();
});

t.test('an address comes out in its one spelling, whatever it was written in', (t) => {
  const spelt = `${BASE}/%C3%BC%20%22%27.jpg`;
  const expected = `src="${spelt}" ${srcset(spelt, ...USUAL)} sizes="100vw" ${LAZY}`;
  for (const written of [`"${BASE}/ü &quot;'.jpg"`, `'${BASE}/%c3%bc &#34;&apos;.jpg'`, `${BASE}/ü%20%22%27.jpg`]) {
    t.equal(responsive(`<img alt=a src=${written} id=b>`, SITE), `<img alt=a ${expected} id=b>`, written);
  }
  const base = `https://h.example/"><script>&'`;
  t.equal(
    responsive(`<img src="${base.replace('"', '&quot;')}/a.jpg">`, { site: { base, widths: [100] } }),
    `<img src="https://h.example/&quot;><script>&'/a.jpg" srcset="https://h.example/&quot;&gt;&lt;script&gt;&amp;&#39;/a.jpg?w=100&amp;enlarge=0&amp;f=auto 100w" ` +
      `sizes="100vw" ${LAZY}>`,
  );
  t.end();
});
