import { canonical } from '../canonical.ts';

/** A request, as far as it is read here (njs, HTTP request object). */
interface NjsRequest {
  readonly variables: { readonly request_uri?: string };
  readonly headersIn: Readonly<Record<string, string | undefined>>;
}

interface Asked {
  readonly target: string;
  readonly accept: string | undefined;
  /** What is keyed and sent on: path and query, and the `Accept` header. */
  readonly sent: { readonly url: string; readonly accept: string };
}

/** The last one: both variables ask, and a request has a virtual machine of its own, or one that is used again (`js_context_reuse`). */
let last: Asked | undefined;

function asked({ variables, headersIn }: NjsRequest): Asked['sent'] {
  const target = variables.request_uri ?? '';
  const accept = headersIn.Accept;
  if (last?.target !== target || last.accept !== accept) last = { target, accept, sent: sentFor(target, accept) };
  return last.sent;
}

/** What cannot be read is passed as it came. */
function sentFor(target: string, header: string | undefined): Asked['sent'] {
  const found = canonical(target, header);
  if (found === undefined) return { url: target, accept: header ?? '' };
  const { path, query, accept } = found;
  return { url: query === '' ? path : `${path}?${query}`, accept };
}

/** `js_set`: the request target. */
const url = (request: NjsRequest) => asked(request).url;

/** `js_set`: the `Accept` header; empty for none. */
const accept = (request: NjsRequest) => asked(request).accept;

// njs imports what is a default export.
export default { url, accept };
