import { createServer, type ServerResponse } from 'node:http';
import { exportJWK, exportSPKI, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import type { Test } from 'tap';
import { closeServer, listen } from './http-relay.ts';

/** Somebody else who says who people are. */
export interface TokenIssuer {
  /** What a service has to know of it. */
  readonly env: Readonly<Record<string, string>>;
  /** The key that everybody may know, as a file and as it is published. */
  readonly publicPem: string;
  readonly published: string;
  /** A token of Ann's, with other claims where there are some. */
  sign(claims?: Readonly<Record<string, unknown>>): Promise<string>;
  /** How it answers who asks for its keys. */
  answer: (res: ServerResponse) => void;
}

const ISSUER = 'https://id.example';
const AUDIENCE = 'uploads';

/** What its tokens say where nothing else is asked for. */
export function claimsOf(subject: string): JWTPayload {
  return { sub: subject, iss: ISSUER, aud: AUDIENCE, exp: Math.floor(Date.now() / 1000) + 600 };
}

export async function startTokenIssuer(t: Test): Promise<TokenIssuer> {
  const { publicKey, privateKey } = await generateKeyPair('RS256', { extractable: true });
  const published = JSON.stringify({
    keys: [{ ...(await exportJWK(publicKey)), kid: 'r1', alg: 'RS256', use: 'sig' }],
  });
  const server = createServer((_req, res) => issuer.answer(res));
  const url = await listen(server);
  t.teardown(() => closeServer(server));
  const issuer: TokenIssuer = {
    env: { UPLOADS_JWKS_URL: `${url}/keys.json`, UPLOADS_JWT_ISSUER: ISSUER, UPLOADS_JWT_AUDIENCE: AUDIENCE },
    publicPem: await exportSPKI(publicKey),
    published,
    sign: (claims) =>
      new SignJWT({ ...claimsOf('ann'), ...claims }).setProtectedHeader({ alg: 'RS256', kid: 'r1' }).sign(privateKey),
    answer: (res) => void res.end(published),
  };
  return issuer;
}
