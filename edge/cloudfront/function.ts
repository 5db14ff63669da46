import { canonical } from '../canonical.ts';

/** A value of a query string, as it came: percent-encoded. */
interface QueryValue {
  readonly value: string;
  readonly multiValue?: readonly { readonly value: string }[];
}

/** The event of a viewer request, as far as it is read here (CloudFront Functions, event structure 1.0). */
export interface ViewerRequestEvent {
  readonly request: ViewerRequest;
}

export interface ViewerRequest {
  readonly method: string;
  /** The path, as it came. */
  uri: string;
  querystring: Record<string, QueryValue>;
  headers: Record<string, { value: string }>;
}

/**
 * What CloudFront looks up, and asks the origin for where it has nothing. Never throws, as that would be a 503 of CloudFront's: what cannot be
 * read stays as it is, and the origin says what is wrong with it.
 */
export function handler({ request }: ViewerRequestEvent): ViewerRequest {
  const query = queryOf(request.querystring);
  const url = canonical(`${request.uri}?${query}`, request.headers.accept?.value);
  if (url === undefined) return request;
  request.uri = url.path;
  if (url.query !== query) request.querystring = parametersOf(url.query);
  // A header that is not there is sent by nobody; CloudFront has no other use for it.
  if (url.accept === '') delete request.headers.accept;
  else request.headers.accept = { value: url.accept };
  return request;
}

function queryOf(parameters: ViewerRequest['querystring']): string {
  return Object.keys(parameters)
    .map((name) => {
      const { value, multiValue = [{ value }] } = parameters[name] as QueryValue;
      return multiValue.map((one) => `${name}=${one.value}`).join('&');
    })
    .join('&');
}

function parametersOf(query: string): ViewerRequest['querystring'] {
  const parameters: ViewerRequest['querystring'] = {};
  for (const pair of query.split('&')) {
    const equals = pair.indexOf('=');
    if (equals > 0) parameters[pair.slice(0, equals)] = { value: pair.slice(equals + 1) };
  }
  return parameters;
}
