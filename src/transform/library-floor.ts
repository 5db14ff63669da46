import { errorWithoutStack } from '../errors.ts';
import type { DrawingRules } from './rules.ts';

/** Versions of sharp and of what it is built with, by the names that `sharp.versions` has for them. */
export type LibraryVersions = Readonly<Record<string, string | undefined>>;

interface Floor {
  /** As `sharp.versions` names it. */
  readonly name: string;
  /** What an operator looks for. */
  readonly library: string;
  /** The first versions without the hole, one for each minor series that was mended, oldest first. */
  readonly floors: readonly [string, ...string[]];
  /** What was published of the versions before. */
  readonly hole: string;
  /** Only where SVG is drawn. */
  readonly forSvg?: true;
}

/** Published holes that a picture can reach, and the versions that closed them. What nobody reads here has no row. */
const FLOORS: readonly Floor[] = [
  { name: 'sharp', library: 'sharp', floors: ['0.35.0'], hole: 'GHSA-f88m-g3jw-g9cj' },
  { name: 'vips', library: 'libvips', floors: ['8.18.3'], hole: 'CVE-2026-69242' },
  { name: 'heif', library: 'libheif', floors: ['1.22.0'], hole: 'CVE-2026-32882' },
  { name: 'webp', library: 'libwebp', floors: ['1.3.2'], hole: 'CVE-2023-4863' },
  {
    name: 'rsvg',
    library: 'librsvg',
    floors: ['2.57.5', '2.60.3', '2.61.5', '2.62.4', '2.63.2'],
    hole: 'CVE-2026-96889',
    forSvg: true,
  },
];

/**
 * Throws where a library has a published hole, with its name, its version and the one to have: no answer is worth code that
 * a picture can run. A libvips of the system's own is told by its version alone; what else it was built with, nobody says.
 */
export function refuseOldLibraries(versions: LibraryVersions, { svg }: Pick<DrawingRules, 'svg'>): void {
  for (const { name, library, floors, hole, forSvg } of FLOORS) {
    const version = versions[name];
    if (version === undefined || (forSvg && svg !== 'rasterize') || isMended(version, floors)) continue;
    // As for a variable that is wrong: one line says what to do, and where in the code it was found is of no use.
    throw errorWithoutStack(`${library} is ${version}; expected ${floors.join(', or ')} or newer, without ${hole}.`);
  }
}

/** Of the newest series that was mended or a later one, or of a series that was mended and not before that. */
function isMended(version: string, floors: Floor['floors']): boolean {
  const newest = floors.at(-1) as string;
  return (
    compare(version, newest) >= 0 || floors.some((floor) => isOfSeries(version, floor) && compare(version, floor) >= 0)
  );
}

function isOfSeries(version: string, floor: string): boolean {
  const [one, other] = [partsOf(version), partsOf(floor)];
  return one[0] === other[0] && one[1] === other[1];
}

/** Below 0, 0 or above it, as for sorting. What cannot be read as numbers is older than everything. */
function compare(version: string, floor: string): number {
  const [one, other] = [partsOf(version), partsOf(floor)];
  const differing = one.findIndex((part, index) => part !== other[index]);
  return differing < 0 ? 0 : (one[differing] as number) - (other[differing] as number);
}

function partsOf(version: string): readonly number[] {
  const [, major, minor, patch = '0'] = /^(\d+)\.(\d+)(?:\.(\d+))?/.exec(version) ?? [];
  return major === undefined ? [-1] : [major, minor, patch].map(Number);
}
