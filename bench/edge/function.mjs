import vm from 'node:vm';
import { readEdgePolicy } from '../../dist/edge-policy.js';
import { bundleEdge } from '../../edge/bundle.mjs';

/** The CloudFront Function of a service with this environment, as it is deployed: `{ policy, code, handler }`. */
export async function buildFunction(env) {
  const policy = readEdgePolicy(env);
  const code = await bundleEdge('cloudfront', policy);
  return { policy, code, handler: evaluate(code) };
}

/** Its `handler`, in a context that has nothing of Node.js. */
export function evaluate(code) {
  const context = vm.createContext({});
  new vm.Script(code).runInContext(context);
  return context.handler;
}

/** What CloudFront calls it with (event structure 1.0), as far as it is read. */
export function eventOf({ target, accept }) {
  const mark = target.indexOf('?');
  const querystring = {};
  for (const pair of target.slice(mark + 1).split('&')) {
    const equals = pair.indexOf('=');
    querystring[pair.slice(0, equals)] = { value: pair.slice(equals + 1) };
  }
  const headers = accept === undefined ? {} : { accept: { value: accept } };
  return { request: { method: 'GET', uri: target.slice(0, mark), querystring, headers } };
}

/** What the cache has as its key after that: nothing that the function leaves is off the allow-list. */
export function keyOf({ uri, querystring, headers }) {
  const query = Object.entries(querystring).map(([name, { value }]) => `${name}=${value}`);
  return `${uri}?${query.join('&')}\n${headers.accept?.value ?? ''}`;
}
