import { FORMATS, type OutputFormat } from '../formats.ts';
import type { Options } from '../request/options.ts';
import type { ImageFacts } from './facts.ts';

/** What libvips calls eight bits of each of three colours, or of one. */
export type Workspace = 'srgb' | 'b-w';

/**
 * What pixels are brought to first, where sharp would not get their colours right: it takes 16 bits with a profile to Display
 * P3 and no further, looks at no profile of 16 bits of grey, and lays colours on grey as if they were grey.
 */
export function workspaceOf(
  { deepProfile, grey }: ImageFacts,
  keepsProfile: boolean,
  ground: string | undefined,
): Workspace | undefined {
  if (keepsProfile) return undefined;
  const isColoured = grey && ground !== undefined && hasColour(ground);
  if (isColoured || (deepProfile && !grey)) return 'srgb';
  return deepProfile ? 'b-w' : undefined;
}

/** `#rrggbb`, or `#rrggbbaa` where the format has transparency. */
export function backgroundOf(format: OutputFormat, { bg }: Options): string {
  if (FORMATS[format].alpha) return `#${bg ?? '00000000'}`;
  return `#${bg === undefined ? 'ffffff' : onWhite(bg)}`;
}

export function isOpaque(background: string): boolean {
  return background.length === '#rrggbb'.length;
}

function hasColour(background: string): boolean {
  const [red, green, blue] = levelsOf(background.slice(1));
  return red !== green || green !== blue;
}

/** What a colour looks like on paper. */
function onWhite(colour: string): string {
  const levels = levelsOf(colour);
  const share = (levels[3] ?? 255) / 255;
  const mixed = levels.slice(0, 3).map((level) => Math.round(level * share + 255 * (1 - share)));
  return mixed.map((level) => level.toString(16).padStart(2, '0')).join('');
}

function levelsOf(hexadecimal: string): readonly number[] {
  const level = (_: unknown, index: number) => Number.parseInt(hexadecimal.slice(2 * index, 2 * index + 2), 16);
  return Array.from({ length: hexadecimal.length / 2 }, level);
}
