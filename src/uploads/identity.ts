import { hash, timingSafeEqual } from 'node:crypto';
import {
  createRemoteJWKSet,
  decodeProtectedHeader,
  errors,
  type JWTPayload,
  type JWTVerifyOptions,
  jwtVerify,
} from 'jose';
import { ServiceError } from '../errors.ts';

/** By what it is known who uploads. */
export interface IdentityRule {
  /** Of tokens signed with HS256. */
  readonly secret: string | undefined;
  /** Where the keys of tokens are that somebody else signs. */
  readonly jwksUrl: string | undefined;
  readonly issuer: string | undefined;
  readonly audience: string | undefined;
  readonly apiKeys: readonly { readonly subject: string; readonly key: string }[];
}

/** Who uploads, by the credentials of a request: the subject, or `unauthorized`; `identity_unavailable` when nobody can tell now. */
export type Identify = (credentials: string) => Promise<string>;

/** Those that a public key verifies: with a symmetric one among them, the public key could be taken for the secret. */
const PUBLIC_KEY_ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];
/** Longer than any token that fits into a request's headers usefully. */
const MAX_LENGTH = 8_192;
/** Between the clocks of who signs and who verifies. */
const CLOCK_TOLERANCE_SECONDS = 5;
const JWKS_TIMEOUT_MS = 3_000;
/** A token that names an unknown key makes the keys be fetched again, though not more often than this. */
const JWKS_COOLDOWN_MS = 30_000;
const MAX_SUBJECT_LENGTH = 256;

export function createIdentify({ secret, jwksUrl, issuer, audience, apiKeys }: IdentityRule): Identify {
  const isClaimed = { ...(issuer !== undefined && { issuer }), ...(audience !== undefined && { audience }) };
  const options = { ...isClaimed, clockTolerance: CLOCK_TOLERANCE_SECONDS, requiredClaims: ['sub', 'exp'] };
  const subjectOfKey = createKeyLookup(apiKeys);
  const verifiers: readonly Verifier[] = [
    ...(secret === undefined ? [] : [secretVerifier(secret, options)]),
    ...(jwksUrl === undefined ? [] : [jwksVerifier(jwksUrl, options)]),
  ];

  return async (credentials) => {
    const known = subjectOfKey(credentials);
    if (known !== undefined) return known;
    const verifier = verifiers.find(({ algorithms }) => algorithms.includes(algorithmOf(credentials)));
    if (!verifier) throw new ServiceError('unauthorized');
    const { sub } = await verifier.verify(credentials).catch(refuse);
    // Its characters do not matter, since it becomes no part of a key as it is.
    if (typeof sub === 'string' && sub !== '' && sub.length <= MAX_SUBJECT_LENGTH) return sub;
    throw new ServiceError(
      'unauthorized',
      `The token's "sub" is expected to have 1 to ${MAX_SUBJECT_LENGTH} characters.`,
    );
  };
}

interface Verifier {
  readonly algorithms: readonly string[];
  verify(token: string): Promise<JWTPayload>;
}

function secretVerifier(secret: string, options: JWTVerifyOptions): Verifier {
  const key = new TextEncoder().encode(secret);
  const algorithms = ['HS256'];
  return {
    algorithms,
    verify: async (token) => (await jwtVerify(token, key, { ...options, algorithms })).payload,
  };
}

function jwksVerifier(url: string, options: JWTVerifyOptions): Verifier {
  const keys = createRemoteJWKSet(new URL(url), {
    timeoutDuration: JWKS_TIMEOUT_MS,
    cooldownDuration: JWKS_COOLDOWN_MS,
  });
  const algorithms = PUBLIC_KEY_ALGORITHMS;
  return {
    algorithms,
    verify: async (token) => (await jwtVerify(token, keys, { ...options, algorithms })).payload,
  };
}

function algorithmOf(token: string): string {
  if (token.length > MAX_LENGTH) return '';
  try {
    return String(decodeProtectedHeader(token).alg);
  } catch {
    return '';
  }
}

/** What a token is not, in words for whoever made it; what is not the token's fault is nobody's who sent it. */
function refuse(error: unknown): never {
  if (isOfToken(error))
    throw new ServiceError('unauthorized', `The token is not accepted: ${error.message}.`, { cause: error });
  throw new ServiceError('identity_unavailable', `The keys of tokens cannot be read: ${(error as Error).message}`, {
    cause: error,
  });
}

const OF_KEYS = [errors.JWKSTimeout.code, errors.JWKSInvalid.code, errors.JOSEError.code];

function isOfToken(error: unknown): error is errors.JOSEError {
  return error instanceof errors.JOSEError && !OF_KEYS.includes(error.code);
}

/** Whose a key is, in a time that tells nothing of it. */
function createKeyLookup(apiKeys: IdentityRule['apiKeys']): (given: string) => string | undefined {
  const known = apiKeys.map(({ subject, key }) => ({ subject, digest: digest(key) }));
  return (given) => {
    const asked = digest(given);
    // Each is compared, also after one that was the same.
    return known.filter((key) => timingSafeEqual(key.digest, asked)).at(0)?.subject;
  };
}

function digest(text: string): Buffer {
  return hash('sha256', text, 'buffer');
}
