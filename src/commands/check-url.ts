import { canonicalQuery, type OptionPolicy } from '../request/canonical.ts';
import { type Dialect, parseKey, splitTarget } from '../request/parse.ts';
import { createLineReader } from './access-log.ts';
import { createDistinctCounter, type DistinctCounter } from './distinct.ts';
import { linesOf } from './lines.ts';
import { judge, type Verdict } from './verdict.ts';

export const DIALECTS: readonly Dialect[] = ['lambda-edge', 'native'];

/** One query string, as often as it was seen, and how each dialect answers it. */
export interface Form {
  requests: number;
  readonly verdicts: Readonly<Record<Dialect, Verdict>>;
}

/** What a list of requests comes to. Of bounded size, however long the list. */
export interface Findings {
  requests: number;
  skipped: number;
  malformed: number;
  /** Requests whose path cannot be an object key. */
  badPaths: number;
  /** By query string; one that is too long, or one too many, is counted in `otherForms` alone. */
  readonly forms: Map<string, Form>;
  otherForms: number;
  /** Requests by outcome. */
  readonly outcomes: Readonly<Record<Dialect, Record<Verdict['outcome'], number>>>;
  /** Different URLs with a good path as they came, and in canonical form. */
  readonly asked: DistinctCounter;
  readonly canonical: Readonly<Record<Dialect, DistinctCounter>>;
  /** Requests by width in canonical form, as the Lambda@Edge function reads it. */
  readonly widths: Map<number, number>;
}

const MAX_FORMS = 10_000;
/** Characters of a query string that is kept: what is longer was not written by a page. */
const MAX_QUERY = 300;

/** Reads requests line by line and fetches nothing. `policy` is that of the service that is going to answer them. */
export async function checkUrls(chunks: AsyncIterable<Buffer>, policy: OptionPolicy): Promise<Findings> {
  const findings = emptyFindings();
  const read = createLineReader();
  for await (const line of linesOf(chunks)) {
    const found = read(line);
    if (typeof found === 'string') findings[found]++;
    else note(findings, found.target, policy);
  }
  return findings;
}

function emptyFindings(): Findings {
  const forEach = <T>(make: () => T) => ({ 'lambda-edge': make(), native: make() });
  return {
    requests: 0,
    skipped: 0,
    malformed: 0,
    badPaths: 0,
    forms: new Map(),
    otherForms: 0,
    outcomes: forEach(() => ({ original: 0, accepted: 0, clamped: 0, refused: 0 })),
    asked: createDistinctCounter(),
    canonical: forEach(createDistinctCounter),
    widths: new Map(),
  };
}

function note(findings: Findings, target: string, policy: OptionPolicy): void {
  findings.requests++;
  const { path, query } = splitTarget(target);
  const key = parseKey(path);
  if (key.problem) {
    findings.badPaths++;
    return;
  }
  findings.asked.add(target);
  const { verdicts } = formOf(findings, query, policy);
  for (const dialect of DIALECTS) {
    const { outcome, options } = verdicts[dialect];
    findings.outcomes[dialect][outcome]++;
    if (outcome !== 'refused') findings.canonical[dialect].add(`${key.value}?${canonicalQuery(options, policy)}`);
  }
  const { w } = verdicts['lambda-edge'].options;
  if (w !== undefined) findings.widths.set(w, (findings.widths.get(w) ?? 0) + 1);
}

function formOf(findings: Findings, query: string, policy: OptionPolicy): Form {
  const known = findings.forms.get(query);
  if (known) {
    known.requests++;
    return known;
  }
  const isKept = findings.forms.size < MAX_FORMS && query.length <= MAX_QUERY;
  // A copy of its own: the text, and what is cut out of it, is a part of the chunk it came in and would keep that in memory.
  const text = isKept ? Buffer.from(query).toString() : query;
  const verdictOf = (dialect: Dialect) => judge(text, { ...policy, dialect });
  const form = { requests: 1, verdicts: { 'lambda-edge': verdictOf('lambda-edge'), native: verdictOf('native') } };
  if (isKept) findings.forms.set(text, form);
  else findings.otherForms++;
  return form;
}
