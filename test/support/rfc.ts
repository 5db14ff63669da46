import type { Test } from 'tap';
import { type Answer, ask, type Service } from './service.ts';

/** What a header has to be: its whole text, a part of it, or not there. */
export type Expected = string | RegExp | undefined;

/**
 * One sentence of a specification about one request. In `headers` and `expected`, `{etag}`, `{opaque}` and dates as in `tokensOf`
 * stand for what the same target says when it is asked for without conditions.
 */
export interface Row {
  /** Document and section. */
  readonly clause: string;
  readonly what: string;
  readonly target: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly status: number;
  readonly expected?: Readonly<Record<string, Expected>>;
  readonly body?: string;
  /** Why the service does not do so yet. The row fails once it does: then the mark goes. */
  readonly todo?: string;
}

/** Asks what each row asks, one after the other. */
export async function checkRows(t: Test, service: Service, rows: readonly Row[]): Promise<void> {
  for (const row of rows) {
    const { method = 'GET', target, headers = {} } = row;
    const tokens = await tokensOf(service, row);
    const sent = mapValues(headers, (text) => fill(text, tokens));
    const answer = await ask(service.url, method, target, sent);
    report(t, row, [...problemsOf(row, answer, tokens), ...problemsOfAny(method, answer)]);
  }
}

/** Says whether a row holds, and of one with a mark whether it still does not. */
export function report(t: Test, row: Pick<Row, 'clause' | 'what' | 'todo'>, problems: readonly string[]): void {
  const name = `${row.clause}: ${row.what}`;
  if (row.todo === undefined) {
    t.strictSame(problems, [], name);
    return;
  }
  t.ok(problems.length > 0, `${name}: still to do`);
  t.ok(problems.length === 0, name, { todo: `${row.todo} (${problems.join('; ')})` });
}

type Tokens = Readonly<Record<string, string>>;

async function tokensOf(service: Service, { target, headers = {}, expected = {} }: Row): Promise<Tokens> {
  if (!/\{\w+\}/.test(JSON.stringify([headers, expected]))) return {};
  const { accept } = headers;
  const { headers: plain } = await service.get(target, accept === undefined ? {} : { accept });
  const etag = String(plain.etag);
  const modified = new Date(String(plain['last-modified']));
  const shifted = (seconds: number) => new Date(modified.getTime() + seconds * 1000).toUTCString();
  return {
    etag,
    opaque: etag.replace(/^W\//, ''),
    modified: shifted(0),
    sooner: shifted(-1),
    later: shifted(1),
    rfc850: rfc850(modified),
    asctime: asctime(modified),
    iso: modified.toISOString(),
  };
}

const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];

/** `Sunday, 06-Nov-94 08:49:37 GMT` */
function rfc850(date: Date): string {
  const [, day, month, year, time] = date.toUTCString().split(' ');
  return `${DAYS[date.getUTCDay()]}, ${day}-${month}-${year?.slice(2)} ${time} GMT`;
}

/** `Sun Nov  6 08:49:37 1994` */
function asctime(date: Date): string {
  const [weekday, day, month, year, time] = date.toUTCString().split(' ');
  return `${weekday?.slice(0, 3)} ${month} ${String(Number(day)).padStart(2)} ${time} ${year}`;
}

function fill(text: string, tokens: Tokens): string {
  return text.replace(/\{(\w+)\}/g, (_, name: string) => tokens[name] ?? `{${name}}`);
}

function problemsOf({ status, expected = {}, body }: Row, answer: Answer, tokens: Tokens): string[] {
  const problems = Object.entries(expected).flatMap(([name, value]) => {
    const got = answer.headers[name]?.toString();
    return holds(got, typeof value === 'string' ? fill(value, tokens) : value) ? [] : [`${name} is ${got}`];
  });
  if (answer.status !== status) problems.push(`status is ${answer.status}`);
  if (body !== undefined && answer.body.toString() !== body) problems.push(`body is ${answer.body}`);
  return problems;
}

function holds(got: string | undefined, expected: Expected): boolean {
  return expected instanceof RegExp ? got !== undefined && expected.test(got) : got === expected;
}

/** What holds for every answer to every request, whatever it is about. */
function problemsOfAny(method: string, { status, headers, body }: Answer): string[] {
  const isBodiless = status === 304 || status === 204;
  const rules: readonly [boolean, string][] = [
    // RFC 9110, 6.6.1: an origin server with a clock dates what it says.
    [/ GMT$/.test(headers.date ?? ''), `date is ${headers.date}`],
    // RFC 9111, 5.1: Age is what a cache adds; what comes from here is as old as it says by Date.
    [headers.age === undefined, `age is ${headers.age}`],
    [headers['transfer-encoding'] === undefined, 'it is chunked'],
    [method !== 'HEAD' || body.length === 0, 'a HEAD has a body'],
    [!isBodiless || body.length === 0, `${status} has a body`],
    // RFC 9110, 8.6: a length is that of the body a GET would have.
    [isBodiless || method === 'HEAD' || headers['content-length'] === String(body.length), 'the length is not exact'],
    [status !== 304 || BODY_HEADERS.every((name) => headers[name] === undefined), '304 describes a body'],
    // Otherwise a cache may choose a lifetime of its own (RFC 9111, 4.2.2).
    [method === 'OPTIONS' || 'cache-control' in headers || 'expires' in headers, 'no lifetime'],
  ];
  return rules.flatMap(([isTrue, problem]) => (isTrue ? [] : [problem]));
}

// RFC 9110, 15.4.5: a 304 repeats what a cache is to update, and nothing of the body that it does not have.
const BODY_HEADERS = [
  'content-length',
  'content-type',
  'content-encoding',
  'content-language',
  'content-range',
  'content-disposition',
];

function mapValues(record: Readonly<Record<string, string>>, change: (text: string) => string) {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value)]));
}
