import { countScans, MAX_SCANS, pixelsByFrame } from './scans.ts';

/**
 * Pixels of a gain map that may be kept, none where it may not. It is a JPEG of its own, of which the header of the picture says nothing:
 * 3 KB with one of 400 MP took 2.3 GB and 10 s. Cameras write it a half or a quarter as wide as the picture, editors up to as large, and
 * who has no gain map sees the picture as most screens show it. libvips decodes it only where it is kept.
 */
export function gainMapPixels(map: Uint8Array, picturePixels: number): number {
  const pixels = pixelsByFrame(map);
  return pixels <= picturePixels && countScans(map, MAX_SCANS) <= MAX_SCANS ? pixels : 0;
}
