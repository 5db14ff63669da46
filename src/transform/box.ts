import { ServiceError } from '../errors.ts';
import { type Length, lengthsOf } from '../request/box.ts';
import type { Options } from '../request/options.ts';
import type { Geometry, Region, Size, SizeLimits } from './geometry.ts';

interface Pad {
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
  readonly left: number;
}

const NO_PAD: Pad = { top: 0, right: 0, bottom: 0, left: 0 };

/** What `crop` cuts out of an upright original, in its pixels; `bad_option` when that is nothing of it. */
export function cropOf({ crop }: Options, { width, height }: Size): Region | undefined {
  if (crop === undefined) return undefined;
  const [x, y, w, h] = lengthsOf(crop) as [Length, Length, Length, Length];
  const [left, top] = [pixelsOf(x, width), pixelsOf(y, height)];
  if (left >= width || top >= height) {
    const message = `Bad option "crop": expected a region of the ${width}x${height} pixels there are, got ${crop}.`;
    throw new ServiceError('bad_option', message);
  }
  return {
    left,
    top,
    width: Math.min(width - left, Math.max(1, pixelsOf(w, width))),
    height: Math.min(height - top, Math.max(1, pixelsOf(h, height))),
  };
}

/** The geometry of a part, told from the whole. */
export function cutFrom(cut: Region, geometry: Geometry): Geometry {
  const { region = { left: 0, top: 0, width: cut.width, height: cut.height } } = geometry;
  return { ...geometry, region: { ...region, left: cut.left + region.left, top: cut.top + region.top } };
}

export function padOf({ pad }: Options): Pad {
  if (pad === undefined) return NO_PAD;
  const [top, right, bottom, left] = pad.split(',').map(Number) as [number, number, number, number];
  return { top, right, bottom, left };
}

/** Limits for the picture inside of a border, so that both together keep within; `bad_option` when there is no room left. */
export function withRoomFor({ top, right, bottom, left }: Pad, limits: SizeLimits): SizeLimits {
  const [across, down] = [left + right, top + bottom];
  if (across + down === 0) return limits;
  // Sides that keep within the area together, since nobody knows yet how long each of them will be.
  const share = Math.min(1, Math.sqrt(limits.maxPixels / (limits.maxWidth * limits.maxHeight)));
  const whole = { width: Math.floor(limits.maxWidth * share), height: Math.floor(limits.maxHeight * share) };
  const [maxWidth, maxHeight] = [whole.width - across, whole.height - down];
  if (maxWidth < 1 || maxHeight < 1) {
    const message = `Bad option "pad": expected less than ${whole.width}x${whole.height} pixels, got ${across}x${down}.`;
    throw new ServiceError('bad_option', message);
  }
  return { ...limits, maxWidth, maxHeight };
}

/** A picture with a border around it. */
export function addPad(geometry: Geometry, { top, right, bottom, left }: Pad): Geometry {
  if (top + right + bottom + left === 0) return geometry;
  const { output, place = { left: 0, top: 0 } } = geometry;
  return {
    ...geometry,
    output: { width: output.width + left + right, height: output.height + top + bottom },
    place: { left: place.left + left, top: place.top + top },
  };
}

function pixelsOf({ value, isPart }: Length, side: number): number {
  return isPart ? Math.round(value * side) : value;
}
