import { Type } from 'typebox';
import { type Variable, variable } from './variable.ts';

/** Numbers in any order. */
const LIST = '^[0-9]{1,5}(\\s*,\\s*[0-9]{1,5})*$';
/** A name, and at least 16 bytes in hexadecimal digits. */
const SIGNING_KEY = '[A-Za-z0-9_-]{1,64}:([0-9A-Fa-f]{2}){16,64}';
export const SIGNING_KEYS_PATTERN = `^${SIGNING_KEY}(,${SIGNING_KEY}){0,15}$`;
const SECRET = '[!-+\\x2d-~]{16,512}';

/** What strangers may ask for, and by which way: see docs/signing.md. */
export const ACCESS_VARIABLES = {
  WIDTHS: variable(
    Type.Optional(Type.String({ pattern: LIST })),
    'widths from 1 to MAX_WIDTH such as 320,640,1280',
    'The only widths that pictures are made in, in pixels after `dpr` ([docs/signing.md](docs/signing.md#ladders)).',
  ),
  HEIGHTS: variable(
    Type.Optional(Type.String({ pattern: LIST })),
    'heights from 1 to MAX_HEIGHT such as 240,480,960',
    'The only heights. Without it, a height beside a width on its rung is any.',
  ),
  QUALITIES: variable(
    Type.Optional(Type.String({ pattern: LIST })),
    'qualities from 1 to 100 such as 50,70,85',
    'The only values of `q`; without `q` a format’s own quality holds.',
  ),
  LADDER_MODE: variable(
    Type.Enum(['snap', 'allow'], { default: 'snap' }),
    'snap or allow',
    'What is on no rung of `WIDTHS`, `HEIGHTS` or `QUALITIES` goes up to the next one, boxes in proportion (`snap`), or is a 400 (`allow`).',
  ),
  SIGNING: variable(
    Type.Optional(Type.Enum(['off', 'required'])),
    'off or required',
    'Whether every URL has to be signed; by default where there are `SIGNING_KEYS` ([docs/signing.md](docs/signing.md)).',
  ),
  SIGNING_KEYS: variable(
    Type.Optional(Type.String({ pattern: SIGNING_KEYS_PATTERN })),
    'up to 16 keys as id:hex,id:hex, each of 16 to 64 bytes',
    'Keys of URLs by their ids, as in `2026a:5f0c…,2025b:91d2…`: the first signs, all verify.',
  ),
  SIGNING_EXEMPT: variable(
    Type.Optional(Type.String({ pattern: '^(presets|ladder)(,(presets|ladder))?$' })),
    'presets, ladder or both with a comma',
    'What need not be signed: a `preset` alone (`presets`); `w`, `h`, `q` where they have ladders, with `dpr`, `enlarge` and `f` (`ladder`).',
  ),
  ORIGIN_SECRETS: variable(
    Type.Optional(Type.String({ pattern: `^${SECRET}(,${SECRET})?$` })),
    'one or two secrets of 16 to 512 visible characters, with a comma between them',
    'What a CDN has to send in the header `X-Origin-Secret`, else every answer is 403; two while it is being changed.',
  ),
} as const satisfies Record<string, Variable>;
