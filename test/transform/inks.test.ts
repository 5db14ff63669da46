import t from 'tap';
import { DRAWING_RULES } from '../../src/transform/rules.ts';
import { setUpSharp } from '../../src/transform/sharp-setup.ts';
import { inkProfile, knownProfile, type LabBytes } from '../support/icc-profile.ts';
import { adobeSegment, profileSegments } from '../support/jpeg-blocks.ts';
import { inYcc } from '../support/primaries.ts';
import { type Colour, isShown, jpegSwatches, WHITE } from '../support/swatches.ts';

setUpSharp(DRAWING_RULES.native);

/** A conversion of inks takes over 20 ms, and comes before a format is written. */
const formats = ['png', 'jpeg'] as const;

/** Shares of cyan, magenta, yellow and black, and what SWOP's coated paper shows of them, roughly: profiles differ. */
const INKS: readonly (readonly [inks: Colour, colour: Colour])[] = [
  [[0, 0, 0, 0], WHITE],
  [
    [1, 0, 0, 0],
    [0, 160, 228],
  ],
  [
    [0, 1, 0, 0],
    [235, 0, 130],
  ],
  [
    [0, 0, 1, 0],
    [255, 240, 0],
  ],
  [
    [0, 1, 1, 0],
    [232, 30, 36],
  ],
  [
    [0, 0, 0, 1],
    [24, 16, 16],
  ],
];
const PAPER = INKS.map(([, colour]) => colour);
/** As Adobe's programs store them: 255 is no ink. */
const INVERTED = INKS.map(([inks]) => inks.map((share) => 255 - 255 * share));

t.test('four inks without a profile come out as they print', async (t) => {
  const rows: readonly (readonly [what: string, stored: readonly Colour[], segments: readonly Buffer[]])[] = [
    ['CMYK', INVERTED, [adobeSegment(0)]],
    // YCCK takes what is left after the ink for light, and turns it round once more.
    [
      'YCCK',
      INKS.map(([inks], index) => [...inYcc(inks.map((share) => 255 * share)), INVERTED[index]?.[3] ?? 0]),
      [adobeSegment(2)],
    ],
    // Nobody says which way round these are; libvips takes them as Adobe's.
    ['CMYK of no program', INVERTED, []],
  ];
  for (const [what, stored, segments] of rows) {
    await isShown(t, { original: jpegSwatches(stored, segments), colours: PAPER, tolerance: 40, formats }, what);
  }
});

t.test('four inks with the profile of usual paper come out as they print', async (t) => {
  const segments = [adobeSegment(0), ...profileSegments(await knownProfile('cmyk'))];
  await isShown(t, { original: jpegSwatches(INVERTED, segments), colours: PAPER, tolerance: 40, formats }, 'CMYK');
});

t.test('four inks come out as their own profile says, which no usual one does', async (t) => {
  // CIE L 53.7 is the middle grey of sRGB, 128; cyan prints as that, the other colours not at all.
  const labOf = ([cyan, , , black]: Colour): LabBytes => [black === 1 ? 0 : cyan === 1 ? 137 : 255, 128, 128];
  const segments = [adobeSegment(0), ...profileSegments(inkProfile(labOf))];
  const colours = INKS.map(([[cyan, , , black]]) => [0, 0, 0].fill(black === 1 ? 0 : cyan === 1 ? 128 : 255));
  await isShown(t, { original: jpegSwatches(INVERTED, segments), colours, tolerance: 4, formats }, 'CMYK');
});
