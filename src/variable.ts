import { type TSchema, Type } from 'typebox';

/** One environment variable: its type with default and bounds, and for an operator what it must be and what it does. */
export interface Variable<S extends TSchema = TSchema> {
  readonly schema: S;
  readonly expected: string;
  readonly doc: string;
}

export function variable<S extends TSchema>(schema: S, expected: string, doc: string): Variable<S> {
  return { schema, expected, doc };
}

export function integer(fallback: number, minimum: number, maximum: number, doc: string, unit = 'a whole number') {
  const schema = Type.Integer({ default: fallback, minimum, maximum });
  return variable(schema, `${unit} from ${minimum} to ${maximum}`, doc);
}

export function bytes(fallback: string, doc: string) {
  const schema = Type.String({ default: fallback, pattern: '^[0-9]{1,12}([KMG]iB)?$' });
  return variable(schema, 'a number of bytes, plain or with a unit as in 64MiB', doc);
}
