import { canonical } from '../canonical.ts';

/** A request, as far as it is read here (njs, HTTP request object). */
interface NjsRequest {
  readonly variables: { readonly request_uri?: string };
  readonly headersIn: Readonly<Record<string, string | undefined>>;
}

/** `js_set`: path and query that are keyed and sent on; as they came where they cannot be read. */
function url(request: NjsRequest): string {
  const target = request.variables.request_uri ?? '';
  const found = canonical(target, undefined);
  if (found === undefined) return target;
  return found.query === '' ? found.path : `${found.path}?${found.query}`;
}

/** `js_set`: the `Accept` header that is keyed and sent on. */
function accept({ variables, headersIn }: NjsRequest): string {
  return canonical(variables.request_uri ?? '', headersIn.Accept)?.accept ?? '';
}

// njs imports what is a default export.
export default { url, accept };
