import { gzipSync } from 'node:zlib';

const OPEN = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 20 20">';
const SQUARE = '<rect width="20" height="20" fill="blue"/>';
const PLAIN = `${OPEN}${SQUARE}</svg>`;

/** Each entity is ten of the one before: a gigabyte in the end. */
const BOMB = Array.from({ length: 8 }, (_, n) => `<!ENTITY e${n + 1} "${`&e${n};`.repeat(10)}">`).join('');

function drawing(inside: string, before = ''): string {
  return `${before}${OPEN}${SQUARE}${inside}</svg>`;
}

/** Drawings that do something to who shows them, or that hide what they are. */
export const HOSTILE_SVGS: Readonly<Record<string, Buffer>> = Object.fromEntries(
  Object.entries({
    script: drawing('<script>alert(1)</script><a href="javascript:alert(1)"><text>x</text></a>'),
    handler: PLAIN.replace('<svg', '<svg onload="alert(1)"'),
    file: drawing('<image width="20" height="20" href="file:///etc/passwd"/>'),
    foreign: drawing(
      '<foreignObject width="20" height="20"><iframe xmlns="http://www.w3.org/1999/xhtml"/></foreignObject>',
    ),
    include: drawing('<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file:///etc/passwd" parse="text"/>'),
    external: drawing('<text y="9">&x;</text>', '<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]>'),
    bomb: drawing('<text y="9">&e8;</text>', `<!DOCTYPE svg [<!ENTITY e0 "${'a'.repeat(10)}">${BOMB}]>`),
    bom: `\ufeff${PLAIN}`,
    space: ` \t\r\n\n${PLAIN}`,
    comment: `<?xml version="1.0"?><!-- <png> --><?x y?><!DOCTYPE svg>${PLAIN}`,
    upper: PLAIN.replace('<svg', '<SVG'),
    utf16: Buffer.from(`\ufeff${PLAIN}`, 'utf16le'),
    packed: gzipSync(PLAIN),
  }).map(([name, content]) => [name, Buffer.from(content)]),
);

export const PLAIN_SVG = PLAIN;

/** The plain drawing, and the same with something in it that is elsewhere: an address is to be filled in. */
export function svgsWithReferences(address: string): Readonly<Record<string, string>> {
  const place = `width="20" height="20" href="${address}"`;
  return {
    image: drawing(`<image ${place}/>`),
    'image, as once spelt': drawing(`<image ${place.replace('href', 'xlink:href')}/>`),
    use: drawing(`<use ${place.replace('"/', '#a"/')}/>`),
    filter: drawing(`<filter id="f"><feImage ${place}/></filter><rect width="20" height="20" filter="url(#f)"/>`),
    paint: drawing(`<rect width="20" height="20" fill="url(${address}#a)" />`),
    'rule of CSS': drawing(`<style>@import url("${address}"); rect { fill: url("${address}#a") blue; }</style>`),
    'sheet of CSS': drawing('', `<?xml-stylesheet type="text/css" href="${address}"?>`),
    font: drawing(`<style>@font-face { font-family: x; src: url("${address}"); }</style>`),
    include: drawing(`<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="${address}"/>`),
    'include of text': drawing(
      `<text y="9"><xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="${address}" parse="text"/></text>`,
    ),
    entity: drawing('<g>&x;</g>', `<!DOCTYPE svg [<!ENTITY x SYSTEM "${address}">]>`),
    'entity of a definition': drawing('<g>&x;</g>', `<!DOCTYPE svg [<!ENTITY % d SYSTEM "${address}"> %d;]>`),
    definition: drawing('', `<!DOCTYPE svg SYSTEM "${address}">`),
  };
}
