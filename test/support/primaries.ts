import type { Colour } from './swatches.ts';

/** The numbers of an sRGB colour in Display P3: the same curve around other primaries (CSS Color 4). */
export function inDisplayP3(colour: Colour): Colour {
  const [red = 0, green = 0, blue = 0] = colour.map((level) => linear(level / 255));
  const mixed = [
    0.822462 * red + 0.177538 * green,
    0.033194 * red + 0.966806 * green,
    0.017083 * red + 0.072397 * green + 0.91052 * blue,
  ];
  return mixed.map((light) => Math.round(255 * curved(light)));
}

function linear(level: number): number {
  return level <= 0.04045 ? level / 12.92 : ((level + 0.055) / 1.055) ** 2.4;
}

function curved(light: number): number {
  return light <= 0.0031308 ? light * 12.92 : 1.055 * light ** (1 / 2.4) - 0.055;
}

/** The level that stands for so much light, 0 to 1. */
export function inSrgb(light: number): number {
  return Math.round(255 * curved(light));
}

/** Luminance and two differences of colour (JFIF 1.02). */
export function inYcc([red = 0, green = 0, blue = 0]: Colour): Colour {
  const ycc = [
    0.299 * red + 0.587 * green + 0.114 * blue,
    128 - 0.168736 * red - 0.331264 * green + 0.5 * blue,
    128 + 0.5 * red - 0.418688 * green - 0.081312 * blue,
  ];
  return ycc.map((level) => Math.min(255, Math.round(level)));
}
