import sharp from 'sharp';
import { type LibraryVersions, refuseOldLibraries } from './library-floor.ts';
import type { Keeping } from './output.ts';
import type { DrawingRules } from './rules.ts';

/** The only loaders in use. Blocking the rest keeps PDF, `.v`, PPM and files by name away from libvips altogether. */
const LOADERS = ['Jpeg', 'Png', 'Webp', 'Nsgif', 'Heif', 'Tiff'];

type SharpOptions = Pick<DrawingRules, 'svg'> & Partial<Pick<Keeping, 'keepsGainMap'>>;

/**
 * Settings that libvips keeps for the whole process; called once by whoever composes it. Throws where it, or a library that is
 * bundled with it, has a published hole.
 */
export function setUpSharp(
  { svg, keepsGainMap = false }: SharpOptions,
  versions: LibraryVersions = sharp.versions,
): void {
  refuseOldLibraries(versions, { svg });
  const loaders = [...LOADERS, ...(svg === 'rasterize' ? ['Svg'] : []), ...(keepsGainMap ? ['Uhdr'] : [])];
  sharp.block({ operation: ['VipsForeignLoad'] });
  sharp.unblock({ operation: loaders.map((name) => `VipsForeignLoad${name}Buffer`) });
  // One thread a picture: admission counts pictures, and two pictures side by side are faster than one on two threads.
  sharp.concurrency(1);
  // libvips' operation cache holds pixels of pictures that will not come again; results have a cache of their own.
  sharp.cache(false);
}
