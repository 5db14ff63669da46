export type Rotation = 90 | 180 | 270;
export type Flip = 'h' | 'v' | 'hv';

export function parseRotation(text: string): Rotation | undefined {
  return ([90, 180, 270] as const).find((angle) => String(angle) === text);
}

export function parseFlip(text: string): Flip | undefined {
  return (['h', 'v', 'hv'] as const).find((flip) => flip === text);
}

/**
 * Of the eight ways a picture can lie, each by one name: turned clockwise, then mirrored left to right or not. A mirror image
 * upside down is one that is turned round, too.
 */
export function canonicalTurn(rot: Rotation | undefined, flip: Flip | undefined) {
  const angle = ((rot ?? 0) + (flip === 'v' || flip === 'hv' ? 180 : 0)) % 360;
  return {
    ...(angle !== 0 && { rot: angle as Rotation }),
    ...((flip === 'h' || flip === 'v') && { flip: 'h' as const }),
  };
}
