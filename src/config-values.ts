import envSchema from 'env-schema';
import { type Static, type TSchema, Type } from 'typebox';
import { invalid } from './config-error.ts';
import { VARIABLES, type VariableName } from './variables.ts';

const SCHEMA = Type.Object(
  Object.fromEntries(Object.entries(VARIABLES).map(([name, { schema }]) => [name, schema])),
) as unknown as TSchema;

/** Every variable, by its own type. */
export type Values = { readonly [N in VariableName]: Static<(typeof VARIABLES)[N]['schema']> };

/** Reads the variables, each by its schema; a bad one ends the start. */
export function readValues(env: NodeJS.ProcessEnv): Values {
  // An empty variable is an absent one, as a manifest leaves it that fills it from an optional key.
  const data = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  try {
    return envSchema({ schema: SCHEMA, data, env: false, dotenv: false }) as unknown as Values;
  } catch (error) {
    const [{ instancePath }] = (error as { readonly errors: readonly [{ readonly instancePath: string }] }).errors;
    const name = instancePath.slice(1) as VariableName;
    throw invalid(name, env[name]);
  }
}

/** A number of bytes, plain or with a unit. */
export function toBytes(text: string): number {
  const unit = { KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 }[text.slice(-3)] ?? 1;
  return Number.parseInt(text, 10) * unit;
}

/** Origins of a list; `*` for all. */
export function readOrigins(text: string): '*' | readonly string[] {
  return text === '*' ? '*' : text.split(',').map((origin) => origin.trim());
}
