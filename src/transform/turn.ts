import type { Options } from '../request/options.ts';
import type { Region, Size } from './geometry.ts';

/** How a picture is turned: clockwise by so many degrees, then mirrored left to right. */
export interface Turn {
  readonly angle: 0 | 90 | 180 | 270;
  readonly isMirrored: boolean;
}

/** Of options in canonical form. */
export function turnOf({ rot, flip }: Options): Turn {
  return { angle: rot ?? 0, isMirrored: flip !== undefined };
}

export function turnedSize({ width, height }: Size, turn: Turn): Size {
  return isOnSide(turn) ? { width: height, height: width } : { width, height };
}

export function isTurned({ angle, isMirrored }: Turn): boolean {
  return angle !== 0 || isMirrored;
}

export function isOnSide({ angle }: Turn): boolean {
  return angle === 90 || angle === 270;
}

/** Where a region of a picture of `size` lies in it once it is turned. */
export function turnedRegion(region: Region, turn: Turn, size: Size): Region {
  // What was turned and then mirrored is undone by the same again.
  const back: Turn = turn.isMirrored ? turn : { ...turn, angle: ((360 - turn.angle) % 360) as Turn['angle'] };
  return unturned(region, back, turnedSize(size, turn));
}

/** Where a region of the turned picture lies in the picture of `size` that has not been turned. */
export function unturned(region: Region, turn: Turn, size: Size): Region {
  const turned = turnedSize(size, turn);
  const left = turn.isMirrored ? turned.width - region.left - region.width : region.left;
  const { top, width, height } = region;
  const [right, bottom] = [turned.width - left - width, turned.height - top - height];
  switch (turn.angle) {
    case 0:
      return { left, top, width, height };
    case 90:
      return { left: top, top: right, width: height, height: width };
    case 180:
      return { left: right, top: bottom, width, height };
    case 270:
      return { left: bottom, top: left, width: height, height: width };
  }
}
