import { createContext, runInContext } from 'node:vm';

/** A block of Terraform's language, its attributes as they are written. */
export interface Block {
  readonly type: string;
  readonly labels: readonly string[];
  readonly body: Body;
}

export interface Body {
  readonly attributes: ReadonlyMap<string, string>;
  readonly blocks: readonly Block[];
}

const HEAD = /^\s*(\w+)((?: "[^"]*")*) \{$/;
const ATTRIBUTE = /^\s*(\w+)\s+= (.*)$/;

/** Reads a file as `terraform fmt` writes it, without here-documents and blocks on one line; whatever else is in it ends the test. */
export function readHcl(text: string): Body {
  const lines = text.split('\n').filter((line) => !/^\s*(#.*)?$/.test(line));
  const body = readBody(lines);
  if (lines.length > 0) throw new Error(`One brace too many before ${lines[0]}`);
  return body;
}

function readBody(lines: string[]): Body {
  const attributes = new Map<string, string>();
  const blocks: Block[] = [];
  for (let line = lines.shift(); line !== undefined && !/^\s*\}$/.test(line); line = lines.shift()) {
    const [, type, labels = ''] = HEAD.exec(line) ?? [];
    const [, name = '', value = ''] = ATTRIBUTE.exec(line) ?? [];
    if (type !== undefined) blocks.push({ type, labels: quoted(labels), body: readBody(lines) });
    else if (name !== '') attributes.set(name, readExpression(value, lines));
    else throw new Error(`Not understood: ${line}`);
  }
  return { attributes, blocks };
}

function quoted(text: string): string[] {
  return [...text.matchAll(/"([^"]*)"/g)].map(([, inside = '']) => inside);
}

/** As many lines as it takes to close what the first one opens. */
function readExpression(first: string, lines: string[]): string {
  let text = first;
  while (depthOf(text) > 0) text += `\n${lines.shift() ?? ''}`;
  return text;
}

function depthOf(text: string): number {
  const bare = text.replace(/"[^"]*"/g, '');
  return bare.replace(/[^([{]/g, '').length - bare.replace(/[^)\]}]/g, '').length;
}

type Scope = Readonly<Record<string, unknown>>;

/** Terraform's functions, as far as they are used. */
const FUNCTIONS: Scope = {
  concat: (...lists: readonly unknown[][]) => lists.flat(),
  nonsensitive: (value: unknown) => value,
  file: (name: string) => `file ${name}`,
};

/** What a body says where its variables have these values: attributes as they are, blocks as lists by their type; nothing of what is null. */
export function resolveBody(body: Body, scope: Scope): Record<string, unknown> {
  const said: Record<string, unknown> = {};
  for (const [name, text] of body.attributes) {
    const value = evaluate(text, scope);
    if (value !== null) said[name] = value;
  }
  for (const block of body.blocks) {
    const type = block.type === 'dynamic' ? (block.labels[0] ?? '') : block.type;
    said[type] = [...((said[type] as unknown[] | undefined) ?? []), ...resolveBlock(block, scope)];
  }
  return said;
}

function resolveBlock({ type, labels, body }: Block, scope: Scope): readonly unknown[] {
  if (type !== 'dynamic') return [resolveBody(body, scope)];
  const [content] = body.blocks;
  if (content === undefined) throw new Error(`Nothing in a dynamic block: ${labels.join()}`);
  const values = evaluate(body.attributes.get('for_each') ?? '', scope) as readonly unknown[];
  return values.map((value) => resolveBody(content.body, { ...scope, [labels[0] ?? '']: { value } }));
}

/** Conditions, lists, comparisons and calls are written as in JavaScript; texts are its templates, and `var` is no name there. */
export function evaluate(text: string, { var: variables, ...scope }: Scope): unknown {
  const script = text.replace(/"([^"`\\]*)"/g, '`$1`').replace(/\bvar\./g, 'variables.');
  return structuredClone(runInContext(`(${script})`, createContext({ ...FUNCTIONS, ...scope, variables })));
}
