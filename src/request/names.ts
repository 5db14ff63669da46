import type { OptionName, Options } from './options.ts';

/** What an operator has given names to. */
export interface Names {
  /** Options by the name of the preset that stands for them. */
  readonly presets: Readonly<Record<string, Options>>;
  readonly watermarks: readonly string[];
  /** Whether a picture can be asked for by a preset alone. */
  readonly presetsOnly: boolean;
}

export const NO_NAMES: Names = { presets: {}, watermarks: [], presetsOnly: false };

/** What a name may be: nothing that has to be escaped in a URL. */
export function parseName(text: string): string | undefined {
  return /^[A-Za-z0-9_-]{1,64}$/.test(text) ? text : undefined;
}

/** Options about who may ask, which say nothing of what is asked for: they are read apart (`signature.ts`, `readPending`). */
export const OF_ACCESS: readonly OptionName[] = ['pending', 'exp', 'kid', 'sig'];

/** The names that an option chooses from, none where its feature is not configured; undefined where it takes other values. */
export function namesFor(option: OptionName, { presets, watermarks }: Names): readonly string[] | undefined {
  if (option === 'preset') return Object.keys(presets);
  if (OF_ACCESS.indexOf(option) >= 0) return [];
  return option === 'wm' ? watermarks : undefined;
}

/** What may stand beside a preset where nothing else may: what says nothing of the picture. */
const BESIDE_PRESETS: readonly OptionName[] = ['preset', 'dl'];

/** The first option that is refused where only presets are served. */
export function refusedBesidePresets(options: Options, { presetsOnly }: Names): OptionName | undefined {
  if (!presetsOnly) return undefined;
  return (Object.keys(options) as OptionName[]).find((name) => BESIDE_PRESETS.indexOf(name) < 0);
}
