import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { exportJWK, exportSPKI, generateKeyPair, type JWTPayload, SignJWT, UnsecuredJWT } from 'jose';
import t, { type Test } from 'tap';
import { createIdentify, type IdentityRule } from '../../src/uploads/identity.ts';
import { closeServer, listen } from '../support/http-relay.ts';

const SECRET = 'thirty-two-characters-or-more-of-it';
const RULE: IdentityRule = {
  secret: SECRET,
  jwksUrl: undefined,
  issuer: undefined,
  audience: undefined,
  apiKeys: [],
};
const bytes = (text: string) => new TextEncoder().encode(text);
const now = () => Math.floor(Date.now() / 1000);

function hs256(claims: JWTPayload, secret = SECRET): Promise<string> {
  return new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(bytes(secret));
}

/** Somebody who signs tokens, and says by which public keys. `answer` takes the place of that. */
async function startIssuer(t: Test) {
  const { publicKey, privateKey } = await generateKeyPair('RS256', { extractable: true });
  const jwks = { keys: [{ ...(await exportJWK(publicKey)), kid: 'r1', alg: 'RS256', use: 'sig' }] };
  const state = {
    asked: 0,
    answer: (res: ServerResponse): void => void res.end(JSON.stringify(jwks)),
  };
  const server = createServer((_req: IncomingMessage, res) => {
    state.asked++;
    state.answer(res);
  });
  const url = await listen(server);
  t.teardown(() => closeServer(server));
  const sign = (claims: JWTPayload) =>
    new SignJWT({ iss: 'https://id.example', aud: ['uploads', 'other'], exp: now() + 60, ...claims })
      .setProtectedHeader({ alg: 'RS256', kid: 'r1' })
      .sign(privateKey);
  const rule = { ...RULE, jwksUrl: `${url}/keys.json`, issuer: 'https://id.example', audience: 'uploads' };
  return { state, sign, rule, publicPem: await exportSPKI(publicKey) };
}

t.test('a token of the secret says who it is', async (t) => {
  const identify = createIdentify(RULE);
  t.equal(await identify(await hs256({ sub: 'ann', exp: now() + 60 })), 'ann');
  t.equal(await identify(await hs256({ sub: '用户|1', exp: now() - 3 })), '用户|1', 'clocks differ by some seconds');
});

t.test('any other is refused, and it is said why', async (t) => {
  const identify = createIdentify({ ...RULE, issuer: 'https://id.example', audience: 'uploads' });
  const good = { sub: 'ann', exp: now() + 60, iss: 'https://id.example', aud: 'uploads' };
  t.equal(await identify(await hs256(good)), 'ann');
  const { sub: _sub, ...nameless } = good;
  const { exp: _exp, ...endless } = good;
  const cases: readonly [string, string, RegExp][] = [
    ['none', '', /missing or wrong/],
    ['text', 'letmein', /missing or wrong/],
    ['another secret', await hs256(good, 'another-secret-of-thirty-two-letters'), /signature/],
    ['over', await hs256({ ...good, exp: now() - 60 }), /"exp"/],
    ['not yet', await hs256({ ...good, nbf: now() + 60 }), /"nbf"/],
    ['without end', await hs256(endless), /"exp"/],
    ['of nobody', await hs256(nameless), /"sub"/],
    ['of an empty name', await hs256({ ...good, sub: '' }), /1 to 256/],
    ['of a name without end', await hs256({ ...good, sub: 'a'.repeat(257) }), /1 to 256/],
    ['of a number', await hs256({ ...good, sub: 7 as never }), /1 to 256/],
    ['of another issuer', await hs256({ ...good, iss: 'https://evil.example' }), /"iss"/],
    ['for another audience', await hs256({ ...good, aud: 'mail' }), /"aud"/],
    ['not signed', new UnsecuredJWT(good).encode(), /missing or wrong/],
    ['longer than any', await hs256({ ...good, more: 'a'.repeat(9000) }), /missing or wrong/],
  ];
  for (const [what, token, message] of cases) await t.rejects(identify(token), { code: 'unauthorized', message }, what);
});

t.test('an API key is somebody by itself', async (t) => {
  const key = 'k'.repeat(40);
  const identify = createIdentify({
    ...RULE,
    secret: undefined,
    apiKeys: [
      { subject: 'shop', key },
      { subject: 'shop', key: 'l'.repeat(40) },
      { subject: 'cms', key: 'm'.repeat(40) },
    ],
  });
  t.equal(await identify(key), 'shop');
  t.equal(await identify('l'.repeat(40)), 'shop', 'while it is being changed');
  t.equal(await identify('m'.repeat(40)), 'cms');
  for (const wrong of ['', 'k'.repeat(39), 'K'.repeat(40), await hs256({ sub: 'ann', exp: now() + 60 })])
    await t.rejects(identify(wrong), { code: 'unauthorized' }, wrong);
});

t.test('a token that somebody else signs is verified by the keys that they publish, fetched once', async (t) => {
  const { state, sign, rule } = await startIssuer(t);
  const identify = createIdentify(rule);
  for (let times = 0; times < 3; times++) t.equal(await identify(await sign({ sub: 'ann' })), 'ann');
  t.equal(state.asked, 1);
  t.equal(
    await identify(await hs256({ sub: 'bob', exp: now() + 60, iss: 'https://id.example', aud: 'uploads' })),
    'bob',
  );
  await t.rejects(identify(await sign({ sub: 'ann', iss: 'https://evil.example' })), { code: 'unauthorized' });
  await t.rejects(identify(await sign({ sub: 'ann', aud: 'mail' })), { code: 'unauthorized' });
  const { privateKey } = await generateKeyPair('RS256');
  const forged = (kid: string) =>
    new SignJWT({ sub: 'ann', exp: now() + 60, iss: 'https://id.example', aud: 'uploads' })
      .setProtectedHeader({ alg: 'RS256', kid })
      .sign(privateKey);
  await t.rejects(identify(await forged('r1')), { code: 'unauthorized' });
  await t.rejects(identify(await forged('r2')), { code: 'unauthorized' });
  t.equal(state.asked, 1, 'and not again for each unknown name');
});

t.test('a public key is no secret', async (t) => {
  const { rule, publicPem } = await startIssuer(t);
  const identify = createIdentify({ ...rule, secret: undefined });
  const claims = { sub: 'ann', exp: now() + 60, iss: 'https://id.example', aud: 'uploads' };
  await t.rejects(identify(await hs256(claims, publicPem)), { code: 'unauthorized' });
});

t.test('while the keys cannot be read, nobody can tell, and that is no fault of who asks', async (t) => {
  const { state, sign, rule } = await startIssuer(t);
  const cases: readonly [string, (res: ServerResponse) => void][] = [
    ['an error', (res) => void res.writeHead(500).end()],
    ['no JSON', (res) => void res.end('<html>')],
    ['no keys', (res) => void res.end('{}')],
    ['no answer', (res) => void res.destroy()],
  ];
  for (const [what, answer] of cases) {
    state.answer = answer;
    await t.rejects(createIdentify(rule)(await sign({ sub: 'ann' })), { code: 'identity_unavailable' }, what);
  }
});
