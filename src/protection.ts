import { invalid } from './config-error.ts';
import { canonicalOptions, type OptionPolicy } from './request/canonical.ts';
import { type LadderMode, type Ladders, NO_LADDERS } from './request/ladder.ts';
import type { Options } from './request/options.ts';
import type { Exemption } from './request/signature.ts';
import type { SigningKey } from './signing-keys.ts';
import type { VariableName } from './variables.ts';

/** Who has to sign what. */
export interface Signing {
  readonly isRequired: boolean;
  /** The first one signs, all verify. */
  readonly keys: readonly SigningKey[];
  readonly exemptions: readonly Exemption[];
}

interface LadderValues {
  readonly WIDTHS?: string | undefined;
  readonly HEIGHTS?: string | undefined;
  readonly QUALITIES?: string | undefined;
  readonly LADDER_MODE: LadderMode;
  readonly MAX_WIDTH: number;
  readonly MAX_HEIGHT: number;
}

const MAX_QUALITY = 100;

export function readLadders(values: LadderValues): Ladders {
  const { WIDTHS, HEIGHTS, QUALITIES, LADDER_MODE: mode, MAX_WIDTH, MAX_HEIGHT } = values;
  return {
    mode,
    w: readLadder('WIDTHS', WIDTHS, MAX_WIDTH),
    h: readLadder('HEIGHTS', HEIGHTS, MAX_HEIGHT),
    q: readLadder('QUALITIES', QUALITIES, MAX_QUALITY),
  };
}

function readLadder(name: VariableName, text: string | undefined, maximum: number): readonly number[] {
  if (text === undefined) return [];
  const rungs = [...new Set(text.split(',').map(Number))].sort((a, b) => a - b);
  if (rungs.some((rung) => rung < 1 || rung > maximum)) throw invalid(name, text);
  return rungs;
}

/** The variables of the ladders. */
const LADDERS = { w: 'WIDTHS', h: 'HEIGHTS', q: 'QUALITIES' } as const;

/** What an operator has written must mean what it says: no ladder may turn a preset into another size. */
export function checkOnLadders(policy: OptionPolicy): void {
  const { presets, defaults } = policy;
  checkRungs('DEFAULT_OPTIONS', 'them', defaults, policy);
  for (const [name, options] of Object.entries(presets)) checkRungs('PRESETS_FILE', `"${name}"`, options, policy);
}

function checkRungs(variable: VariableName, what: string, options: Options, policy: OptionPolicy): void {
  const asked = canonicalOptions(options, { ...policy, ladders: NO_LADDERS });
  const made = canonicalOptions(options, { ...policy, ladders: { ...policy.ladders, mode: 'snap' } });
  for (const name of ['w', 'h', 'q'] as const) {
    if (asked[name] === made[name]) continue;
    throw invalid(variable, `${name}=${asked[name]}`, `a rung of ${LADDERS[name]} in ${what}`);
  }
}

interface SigningValues {
  readonly SIGNING?: 'off' | 'required' | undefined;
  readonly SIGNING_KEYS?: string | undefined;
  readonly SIGNING_EXEMPT?: string | undefined;
}

export function readSigning({ SIGNING, SIGNING_KEYS, SIGNING_EXEMPT = '' }: SigningValues): Signing {
  const keys = SIGNING_KEYS === undefined ? [] : readKeys('SIGNING_KEYS', SIGNING_KEYS);
  if (SIGNING === 'required' && keys.length === 0) throw invalid('SIGNING', SIGNING, 'it beside SIGNING_KEYS');
  return {
    isRequired: (SIGNING ?? (keys.length > 0 ? 'required' : 'off')) === 'required',
    keys,
    exemptions: SIGNING_EXEMPT.split(',').filter((name) => name !== '') as Exemption[],
  };
}

/** Keys as `id:hex,id:hex`. */
export function readKeys(name: VariableName, text: string): readonly SigningKey[] {
  const keys = text.split(',').map((part): SigningKey => {
    const [id = '', hex = ''] = part.split(':');
    return { id, secret: Buffer.from(hex, 'hex') };
  });
  if (new Set(keys.map(({ id }) => id)).size < keys.length) throw invalid(name, text, 'each id once');
  return keys;
}
