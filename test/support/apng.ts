import { uint16, uint32 } from './big-endian.ts';
import { type PngSamples, pngChunk, pngOf, pngPixels } from './png-chunks.ts';

/**
 * An animated PNG of frames that cover it all (PNG, third edition, 11.3.6). Its default image, for viewers that know of no
 * animation, is the first frame or a picture of its own.
 */
export function apngOf(frames: readonly PngSamples[], ownDefault?: PngSamples): Buffer {
  const [first, ...rest] = frames;
  const shown = ownDefault ?? first;
  if (shown === undefined) throw new Error('An animation has frames.');
  let sequence = 0;
  const control = ({ width, height }: PngSamples) =>
    pngChunk('fcTL', Buffer.concat([uint32(sequence++, width, height, 0, 0), uint16(10, 100), Buffer.of(0, 0)]));
  const before = [pngChunk('acTL', uint32(frames.length, 0)), ...(ownDefault ? [] : [control(shown)])];
  const after = (ownDefault ? frames : rest).flatMap((frame) => [
    control(frame),
    pngChunk('fdAT', Buffer.concat([uint32(sequence++), pngPixels(frame)])),
  ]);
  return pngOf(shown, before, after);
}
