/** What a line stands for: the target of a request, nothing that counts, or something that cannot be read. */
export type Line = { readonly target: string } | 'skipped' | 'malformed';

interface Columns {
  readonly method: number;
  readonly path: number;
  readonly query: number;
}

/** Where CloudFront's standard log has them, should its `#Fields` line be missing: a file may be a part of one. */
const STANDARD: Columns = { method: 5, path: 7, query: 11 };
const METHODS = ['GET', 'HEAD'];

/** Reads lines of CloudFront's standard log (tabs between fields, `#` before remarks) or of a list of URLs. */
export function createLineReader(): (line: string) => Line {
  let columns = STANDARD;
  return (line) => {
    if (line.startsWith('#Fields:')) columns = columnsOf(line) ?? columns;
    if (line.startsWith('#') || line === '') return 'skipped';
    return line.includes('\t') ? readLogLine(line.split('\t'), columns) : readUrl(line.trim());
  };
}

function columnsOf(line: string): Columns | undefined {
  const names = line.trim().split(/\s+/).slice(1);
  const at = (name: string) => names.indexOf(name);
  const columns = { method: at('cs-method'), path: at('cs-uri-stem'), query: at('cs-uri-query') };
  return Math.min(...Object.values(columns)) < 0 ? undefined : columns;
}

function readLogLine(fields: readonly string[], columns: Columns): Line {
  const [method, path, query] = [fields[columns.method], fields[columns.path], fields[columns.query]];
  if (method === undefined || query === undefined || !path?.startsWith('/')) return 'malformed';
  if (!METHODS.includes(method)) return 'skipped';
  // CloudFront writes "-" for none, and escapes the percent signs of what was escaped already.
  const target = query === '-' ? path : `${path}?${query}`;
  return { target: target.replaceAll('%25', '%') };
}

/** Not by `URL`, which would mend what is to be judged. */
function readUrl(text: string): Line {
  const match = /^(?:(?:https?:)?\/\/[^/?#]+)?(\/[^#\s]*)(?:#.*)?$/i.exec(text);
  return match?.[1] === undefined ? 'malformed' : { target: match[1] };
}
