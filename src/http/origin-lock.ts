import type { onRequestHookHandler } from 'fastify';
import { ServiceError } from '../errors.ts';
import { createSecretCheck } from './secret.ts';

/** The header in which a CDN says who it is. */
const HEADER = 'x-origin-secret';

/** Refuses whatever did not come by way of the CDN, which knows one of the secrets. */
export function originLock(secrets: readonly string[]): onRequestHookHandler {
  const isSecret = createSecretCheck(secrets);
  return (request, _reply, done) => {
    const { [HEADER]: given } = request.headers;
    done(typeof given === 'string' && isSecret(given) ? undefined : new ServiceError('wrong_origin'));
  };
}
