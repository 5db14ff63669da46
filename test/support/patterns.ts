import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { analyse } from 'scslre';
import ts from 'typescript';

const SOURCES = path.resolve(import.meta.dirname, '../../src');

/** Every source by its path below `src/`. */
export function sources(): readonly (readonly [file: string, text: string])[] {
  const files = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' }).filter((file) => /\.c?ts$/.test(file));
  return files.sort().map((file) => [file, readFileSync(path.join(SOURCES, file), 'utf8')]);
}

export interface Patterns {
  /** Patterns as they are written. */
  readonly literals: readonly { readonly file: string; readonly pattern: RegExp }[];
  /** Files that put patterns together. */
  readonly composed: readonly string[];
}

export function patternsOf(files: ReturnType<typeof sources>): Patterns {
  const literals: { file: string; pattern: RegExp }[] = [];
  const composed: string[] = [];
  for (const [file, text] of files) {
    const visit = (node: ts.Node): void => {
      if (ts.isRegularExpressionLiteral(node)) literals.push({ file, pattern: toPattern(node.text) });
      if ((ts.isNewExpression(node) || ts.isCallExpression(node)) && node.expression.getText() === 'RegExp')
        composed.push(file);
      ts.forEachChild(node, visit);
    };
    visit(ts.createSourceFile(file, text, ts.ScriptTarget.ES2023, true));
  }
  return { literals, composed };
}

/** Whether some text keeps it busy for longer than in proportion to its length. */
export function isSuperLinear(pattern: RegExp): boolean {
  return analyse(pattern).reports.length > 0;
}

function toPattern(literal: string): RegExp {
  const end = literal.lastIndexOf('/');
  return new RegExp(literal.slice(1, end), literal.slice(end + 1));
}
