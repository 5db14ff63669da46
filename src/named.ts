import { readFileSync } from 'node:fs';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { type Names, NO_NAMES, parseName } from './request/names.ts';
import type { Options } from './request/options.ts';
import { parseKey, parseOptions } from './request/parse.ts';
import { parsePosition, strategyOf } from './request/position.ts';
import type { WatermarkSpec } from './transform/watermark.ts';

const FRACTION = Type.Number({ exclusiveMinimum: 0, maximum: 1 });

/** One watermark of `WATERMARKS_FILE`. */
const WATERMARK = Type.Object(
  {
    key: Type.String({ minLength: 1 }),
    pos: Type.String({ default: 'right bottom' }),
    scale: Type.Number({ ...FRACTION, default: 0.25 }),
    opacity: Type.Number({ ...FRACTION, default: 1 }),
    margin: Type.Number({ minimum: 0, exclusiveMaximum: 0.5, default: 0.02 }),
  },
  { additionalProperties: false },
);

/** Options in the grammar of a URL, but strict: what a request may carry along unread is a mistake of who configures. */
export function readOptions(text: string, watermarks: readonly string[]): Options {
  const parsed = parseOptions(text, { ...NO_NAMES, watermarks });
  if (parsed.problem) throw new Error(parsed.problem.message);
  const pairs = text === '' ? 0 : text.split('&').length;
  if (pairs !== Object.keys(parsed.value).length) throw new Error('Known options with values only.');
  return parsed.value;
}

/** `{ "thumb": "w=200&h=200" }`: options by name. Throws an error that says what is wrong with the file. */
export function readPresets(file: string, watermarks: readonly string[]): Names['presets'] {
  return readNamed(file, (text) => {
    if (typeof text !== 'string' || text === '') throw new Error('Options as in a URL, as a text.');
    return readOptions(text, watermarks);
  });
}

/** Watermarks by name. Throws an error that says what is wrong with the file. */
export function readWatermarks(file: string): Readonly<Record<string, WatermarkSpec>> {
  return readNamed(file, (value) => {
    const filled = Value.Default(WATERMARK, value);
    const [error] = Value.Errors(WATERMARK, filled);
    if (error) throw new Error(complaintOf(error));
    const { key, pos, ...spec } = filled as WatermarkSpec;
    const path = parseKey(`/${encodeURIComponent(key)}`);
    if (path.problem) throw new Error(path.problem.message);
    const position = parsePosition(pos);
    if (position === undefined || strategyOf(position)) throw new Error('pos must be a side, a corner or a point.');
    return { key, pos: position, ...spec };
  });
}

function complaintOf({ instancePath, keyword, message }: ReturnType<typeof Value.Errors>[number]): string {
  const what = instancePath.slice(1) || 'It';
  return keyword === 'boolean' ? `${what} is unknown.` : `${what} ${message}.`;
}

function readNamed<T>(file: string, read: (value: unknown) => T): Readonly<Record<string, T>> {
  const named: unknown = JSON.parse(readFileSync(file, 'utf8'));
  if (typeof named !== 'object' || named === null || Array.isArray(named)) throw new Error('One object, by name.');
  const entries = Object.entries(named).map(([name, value]): [string, T] => {
    if (parseName(name) === undefined) throw new Error(`${JSON.stringify(name)} is no name: letters, digits, - and _.`);
    try {
      return [name, read(value)];
    } catch (error) {
      throw new Error(`${name}: ${(error as Error).message}`);
    }
  });
  return Object.freeze(Object.fromEntries(entries));
}
