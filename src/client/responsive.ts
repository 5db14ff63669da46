/** What a server shows stored texts with: package export `lambent/responsive`. It has a parser of HTML in it, which no page needs. */
import type { Attributes } from './picture.ts';
import type { ResponsiveOptions } from './responsive-options.ts';
import { storedImages } from './stored-html.ts';
import { rewritten } from './stored-image.ts';

export type { ResponsiveOptions } from './responsive-options.ts';
export type { Size } from './stored-shape.ts';

/** One MiB of articles takes half a second of a processor; of nothing but images 6.4 s, and 22 MB come of it. */
const MAX_LENGTH = 1_048_576;

/**
 * A stored text whose images are offered in several widths: HTML with `srcset`, `sizes`, `width`, `height`, `loading` and `decoding` in the start
 * tags of the site's images, and nothing else changed. An image that has `srcset` is left alone, so that a second time changes nothing.
 */
export function responsive(html: string, options: ResponsiveOptions = {}): string {
  if (html.length > (options.maxLength ?? MAX_LENGTH)) return html;
  const parts: string[] = [];
  let done = 0;
  for (const image of storedImages(html) ?? []) {
    const written = rewritten(image, options);
    if (written === undefined) continue;
    const { start, end, url, added } = written;
    // In quotes, whatever it was in before; the name stays as it is written.
    const src =
      url === undefined ? html.slice(start, end) : `${html.slice(start, start + 'src'.length)}="${escaped(url)}"`;
    parts.push(html.slice(done, start), src, printed(added));
    done = end;
  }
  return parts.join('') + html.slice(done);
}

function printed(attributes: Attributes): string {
  return Object.entries(attributes)
    .map(([name, value]) => ` ${name}="${escaped(String(value))}"`)
    .join('');
}

const REFERENCES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Within double quotes (HTML, 13.1.2.3); without brackets and other quotes either, so that it ends nothing wherever a text is put. */
function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => REFERENCES[character] as string);
}
