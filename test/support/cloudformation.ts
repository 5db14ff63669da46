import { type CollectionTag, parse, type ScalarTag, type YAMLSeq } from 'yaml';

type Fields = Readonly<Record<string, unknown>>;

interface Parameter {
  readonly Type: string;
  readonly Default?: string | number;
  readonly [field: string]: unknown;
}

export interface Template {
  readonly Parameters: Readonly<Record<string, Parameter>>;
  readonly Conditions: Fields;
  readonly Resources: Readonly<Record<string, { readonly Type: string; readonly Properties: Fields }>>;
  readonly Outputs: Fields;
}

const scalar = (tag: string, name: string): ScalarTag => ({ tag, resolve: (text) => ({ [name]: text }) });
const sequence = (tag: string, name: string): CollectionTag => ({
  tag,
  collection: 'seq',
  resolve: (items) => ({ [name]: (items as YAMLSeq).toJSON() }),
});

/** The short forms that the templates of this project use. */
const TAGS = [
  scalar('!Ref', 'Ref'),
  scalar('!Sub', 'Fn::Sub'),
  scalar('!GetAtt', 'Fn::GetAtt'),
  ...['If', 'Equals', 'Not', 'Join'].map((name) => sequence(`!${name}`, `Fn::${name}`)),
];

/** A template in YAML, with each function in its long form. */
export function readTemplate(text: string): Template {
  return parse(text, { customTags: TAGS }) as Template;
}

/** Stands for a value that is not there, and takes its field or its place in a list along. */
const NOTHING = Symbol('AWS::NoValue');

/** What the resources of a template are with these parameters; those that are not named have their defaults. */
export function resolveTemplate(template: Template, given: Fields): Record<string, Fields> {
  const refs: Record<string, unknown> = { 'AWS::NoValue': NOTHING, 'AWS::StackName': given['AWS::StackName'] };
  for (const [name, { Type, Default }] of Object.entries(template.Parameters))
    refs[name] = typed(Type, given[name] ?? Default);
  for (const name of Object.keys(template.Resources)) refs[name] = name;
  const resolve = createResolve(template.Conditions, refs);
  const resources = Object.entries(template.Resources);
  return Object.fromEntries(resources.map(([name, { Properties }]) => [name, resolve(Properties) as Fields]));
}

function typed(type: string, value: unknown): unknown {
  if (value === undefined) throw new Error(`A ${type} is missing.`);
  if (type === 'Number') return Number(value);
  return type === 'CommaDelimitedList' ? String(value).split(',') : value;
}

function createResolve(conditions: Fields, refs: Fields): (value: unknown) => unknown {
  const functions: Record<string, (args: unknown) => unknown> = {
    Ref: (name) => known(refs, name),
    'Fn::Sub': (text) => String(text).replace(/\$\{([\w:]+)\}/g, (_, name) => String(known(refs, name))),
    'Fn::GetAtt': (path) => path,
    'Fn::Equals': (args) => same(...(resolve(args) as [unknown, unknown])),
    'Fn::Not': (args) => !(resolve(args) as [boolean])[0],
    'Fn::Join': (args) => joined(...(resolve(args) as [string, string[]])),
    'Fn::If': (args) => {
      const [condition, yes, no] = args as [string, unknown, unknown];
      return resolve(resolve(known(conditions, condition)) === true ? yes : no);
    },
  };
  function resolve(value: unknown): unknown {
    if (Array.isArray(value)) return value.map(resolve).filter((item) => item !== NOTHING);
    if (typeof value !== 'object' || value === null) return value;
    const [[name = '', args] = []] = Object.entries(value);
    const call = Object.keys(value).length === 1 ? functions[name] : undefined;
    if (call) return call(args);
    const fields = Object.entries(value).map(([key, inner]) => [key, resolve(inner)] as const);
    return Object.fromEntries(fields.filter(([, inner]) => inner !== NOTHING));
  }
  return resolve;
}

function known(values: Fields, name: unknown): unknown {
  if (typeof name !== 'string' || !(name in values)) throw new Error(`Nothing is called ${String(name)}.`);
  return values[name];
}

function same(one: unknown, other: unknown): boolean {
  return one === other;
}

function joined(between: string, parts: readonly string[]): string {
  return parts.join(between);
}
