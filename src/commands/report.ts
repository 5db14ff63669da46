import type { Dialect } from '../request/parse.ts';
import { DIALECTS, type Findings, type Form } from './check-url.ts';
import type { DistinctCounter } from './distinct.ts';
import { proposeLadder } from './ladder.ts';
import type { Verdict } from './verdict.ts';

const LADDER_STEPS = 12;
const MODES: Readonly<Record<Dialect, string>> = { 'lambda-edge': 'COMPAT=lambda-edge', native: 'without' };
const MAX_QUERY = 60;

/** Findings as text for a terminal: a line for each query string, most frequent first, and a summary. */
export function reportOf(findings: Findings): string {
  const forms = [...findings.forms].sort(([, a], [, b]) => b.requests - a.requests);
  return `${[...formLines(forms), ...otherForms(findings), '', ...summary(findings)].join('\n')}\n`;
}

function formLines(forms: readonly (readonly [string, Form])[]): readonly string[] {
  const rows = forms.map(([query, { requests, verdicts }]): Row => {
    const compatible = verdictText(verdicts['lambda-edge']);
    const native = verdictText(verdicts.native);
    return [count(requests), plain(query) || '(none)', compatible, native === compatible ? 'the same' : native];
  });
  return table([['requests', 'query', MODES['lambda-edge'], MODES.native], ...rows]);
}

function verdictText({ outcome, text, ignored }: Verdict): string {
  const said = text === '' ? outcome : `${outcome} ${text}`;
  return ignored.length === 0 ? said : `${said} (without ${plain(ignored.join(', '))})`;
}

function otherForms({ otherForms, forms }: Findings): readonly string[] {
  return otherForms === 0
    ? []
    : [`${count(otherForms)} requests had other or longer queries than these ${count(forms.size)}.`];
}

function summary(findings: Findings): readonly string[] {
  const { requests, skipped, malformed, badPaths, outcomes, widths } = findings;
  const proposed = proposeLadder(widths, LADDER_STEPS);
  return [
    `Requests: ${count(requests)}. Lines that could not be read: ${count(malformed)}; comments, empty ones and other methods: ${count(skipped)}.`,
    ...(badPaths === 0 ? [] : [`Paths that cannot be an object key, which are 400: ${count(badPaths)}.`]),
    '',
    ...table([
      ['', 'original', 'accepted', 'clamped', 'refused', 'cache entries', 'saved'],
      ...DIALECTS.map((dialect): Row => {
        const { original, accepted, clamped, refused } = outcomes[dialect];
        const numbers = [original, accepted, clamped, refused].map(count);
        return [MODES[dialect], ...numbers, about(findings.canonical[dialect]), saved(findings, dialect)];
      }),
    ]),
    '',
    `Cache entries by URL as it came: ${about(findings.asked)}.`,
    proposed.length === 0
      ? 'No widths are in use.'
      : `Widths in use: ${count(widths.size)}. A ladder: ${proposed.join(', ')}.`,
  ];
}

/** By how much the canonical form makes cache entries fewer; nothing to compare where some URLs have no answer. */
function saved({ asked, canonical, outcomes }: Findings, dialect: Dialect): string {
  if (outcomes[dialect].refused > 0) return '–';
  const share = asked.count === 0 ? 0 : 1 - canonical[dialect].count / asked.count;
  return `${(share * 100).toFixed(1)} %`;
}

function about({ count: number, isExact }: DistinctCounter): string {
  return isExact ? count(number) : `about ${count(number)}`;
}

function count(number: number): string {
  return number.toLocaleString('en-US');
}

/** Somebody's text on a terminal: nothing that moves the cursor, and not without end. */
function plain(text: string): string {
  const short = text.length > MAX_QUERY ? `${text.slice(0, MAX_QUERY)}…` : text;
  return short.replace(/[^\x20-\x7e…]/g, '?');
}

type Row = readonly [string, ...string[]];

function table(rows: readonly [Row, ...Row[]]): readonly string[] {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => (row[column] as string).length)));
  const pad = (cell: string, width: number) =>
    /^[\d,.]+( %)?$/.test(cell) ? cell.padStart(width) : cell.padEnd(width);
  return rows.map((row) =>
    row
      .map((cell, column) => pad(cell, widths[column] as number))
      .join('  ')
      .trimEnd(),
  );
}
