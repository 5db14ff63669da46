import { defaultQuality } from '../../dist/formats.js';
import { canonicalUrl } from '../../dist/request/canonical-url.js';
import { parseOptions } from '../../dist/request/parse.js';

/**
 * Mean KB of a photograph by its width, of docs/decisions.md ("Default qualities and efforts", 23 photographs): at 400 and 800 px with the default
 * qualities. Between them and beyond, the power of the width that goes through both.
 */
const MEASURED = {
  jpeg: { 400: 16.3, 800: 55.2 },
  webp: { 400: 15.8, 800: 53.5 },
  avif: { 400: 11.9, 800: 39.9 },
};
/** A step of quality by the same table: WebP 75 to 80 and AVIF 50 to 60 are 3.9 % and 3.5 % each. */
const STEP = 0.037;
/** Of the photographs that were measured, nearly all. */
const SHAPE = 3 / 2;

/** The picture that the origin makes of a request by its own code: `{ name, bytes }`. */
export function variantOf({ target, accept, weight }, policy) {
  const { value, problem } = canonicalUrl(target, accept, policy, parseOptions);
  if (problem) throw new Error(`The log has a request that is a 400: ${target}`);
  const options = new URLSearchParams(value.query);
  const format = formatOf(options.get('f'), value.accept);
  return { name: `${value.path}?${value.query} ${format}`, bytes: Math.round(weight * bytesOf(options, format)) };
}

function formatOf(f, accept) {
  if (f !== 'auto') return f;
  return /avif/.test(accept) ? 'avif' : /webp/.test(accept) ? 'webp' : 'jpeg';
}

function bytesOf(options, format) {
  const width = Number(options.get('w'));
  const height = options.has('h') ? Number(options.get('h')) : width / SHAPE;
  const { 400: small, 800: large } = MEASURED[format];
  // As wide as a picture of the usual shape with as many pixels.
  const wide = Math.sqrt(width * height * SHAPE);
  const usual = defaultQuality(format);
  const quality = Number(options.get('q') ?? usual);
  return 1024 * small * (wide / 400) ** Math.log2(large / small) * Math.exp(STEP * (quality - usual));
}
