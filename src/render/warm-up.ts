import { FORMATS, type OutputFormat } from '../formats.ts';
import type { Transform } from '../transform/observe.ts';
import type { Plan } from '../transform/plan.ts';

/** A PNG of one grey pixel. */
const PIXEL = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg==',
  'base64',
);
const SIDE = 16;

/**
 * Makes one tiny picture in every output format, so that codecs are loaded, and known to work, before the first request
 * waits for them. Throws when one does not.
 */
export async function warmUp(transform: Transform): Promise<void> {
  for (const format of Object.keys(FORMATS) as (keyof typeof FORMATS)[]) {
    if ('encoder' in FORMATS[format]) await transform(PIXEL, planOf(format as OutputFormat));
  }
}

function planOf(format: OutputFormat): Plan {
  const sides = { width: SIDE, height: SIDE };
  const { encoder } = FORMATS[format];
  return {
    from: 'png',
    output: sides,
    scaled: sides,
    format,
    animated: false,
    turn: { angle: 0, isMirrored: false },
    firstOf: 1,
    softensApart: false,
    flatten: false,
    alpha: false,
    background: '#ffffff',
    keepsProfile: false,
    keepsGainMap: false,
    keepsCredit: false,
    encoder,
    mayStay: false,
    sourcePixels: 1,
    cost: 1,
  };
}
