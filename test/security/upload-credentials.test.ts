import { SignJWT } from 'jose';
import t from 'tap';
import { createPending } from '../../src/uploads/pending.ts';
import { createTokens } from '../../src/uploads/tokens.ts';
import {
  FILE,
  inSeconds,
  OTHER_WAYS,
  otherIdentities,
  otherPendings,
  otherTokens,
  UPLOAD,
} from '../support/hostile-credentials.ts';
import { isRefusal, STEPS } from '../support/hostile-uploads.ts';
import { jpeg } from '../support/pictures.ts';
import { claimsOf, startTokenIssuer } from '../support/token-issuer.ts';
import { API_KEY, JWT_SECRET, KEY, sendBytes, startUploads } from '../support/uploads.ts';

const photo = await jpeg(40, 30);
const ORDER = { filename: 'a.jpg', type: 'image/jpeg', size: photo.length };

t.test(
  'T30 cross-talk: a token is of this service, of its kind and of who began, or the store hears nothing',
  async (t) => {
    const { call, upload, keys, s3 } = await startUploads(t, { env: { UPLOADS_PER_MINUTE: '1000' } });
    const wrong = await otherTokens();
    const token = await upload(photo, {}, 'bob');
    const before = await keys();
    s3.requests.reset();
    for (const [method, target] of STEPS) {
      for (const [what, text] of Object.entries(wrong)) {
        const { status, json } = await call(method, target, { as: 'ann', body: { token: text } });
        const message = 'The token of the upload is none of this service.';
        t.same([status, json.error], [403, { code: 'bad_token', message }], `${method} ${target}: ${what}`);
      }
      for (const as of ['ann', 'Bob', 'bob ', 'bo']) {
        const { status, json } = await call(method, target, { as, body: { token } });
        t.same(
          [status, json.error],
          [403, { code: 'forbidden', message: 'The token is somebody else’s.' }],
          `${target}: ${as}`,
        );
      }
    }
    t.same(s3.requests, []);
    t.same(await keys(), before);
  },
);

t.test('T30: a token confirms its own key until its end, and what it confirmed ever after', async (t) => {
  const { call, keys, s3 } = await startUploads(t);
  const tokens = createTokens([KEY]);
  const [past, present] = [
    await tokens.issue({ ...UPLOAD, size: photo.length, expires: inSeconds(-1) }),
    await tokens.issue({ ...UPLOAD, size: photo.length, expires: inSeconds(60) }),
  ];
  const near = `tmp/ann/${FILE.replace('6f', '7f')}`;
  await s3.put(near, photo);
  await s3.put(`tmp/bob/${FILE}`, photo);
  const confirm = (token: string) => call('POST', '/-/uploads/confirm', { as: 'ann', body: { token } });
  t.match(
    await confirm(present),
    { status: 409, json: { error: { code: 'not_uploaded' } } },
    'others are not taken for it',
  );
  await s3.put(`tmp/ann/${FILE}`, photo);
  s3.requests.reset();
  const message = 'The upload was not confirmed in time.';
  t.match(await confirm(past), { status: 410, json: { error: { code: 'upload_expired', message } } });
  t.same(
    s3.requests.map(({ method, key }) => [method, key]),
    [['HEAD', `files/ann/${FILE}`]],
  );
  const { status, json } = await confirm(present);
  t.match([status, json.key], [200, `files/ann/${FILE}`]);
  t.same((await confirm(past)).json, json);
  t.same((await keys()).toSorted(), [`files/ann/${FILE}`, near, `tmp/bob/${FILE}`]);
});

t.test('T30: who one is is said by a token for this service that has not ended, signed by who may', async (t) => {
  const issuer = await startTokenIssuer(t);
  const { call, s3 } = await startUploads(t, {
    env: { ...issuer.env, UPLOADS_JWT_SECRET: '', UPLOADS_PER_MINUTE: '1000' },
  });
  const tokens = Object.entries(await otherIdentities(issuer));
  const bearers = tokens.map(([what, token]) => [what, { authorization: `Bearer ${token}` }] as const);
  const otherwise = OTHER_WAYS.map((given) => [JSON.stringify(given), given] as const);
  for (const [what, given] of [...bearers, ...otherwise]) {
    for (const [method, target] of [
      ...STEPS,
      ['POST', '/-/uploads'],
      ['DELETE', `/-/uploads?key=files/ann/${FILE}`],
    ] as const) {
      const { status, json, headers } = await call(method, target, { ...given, body: ORDER });
      t.match([status, json.error], [401, { code: 'unauthorized', message: /token/i }], `${target}: ${what}`);
      t.match([headers.get('www-authenticate'), headers.get('cache-control')], ['Bearer', 'no-store']);
    }
  }
  t.same(s3.requests, []);
  for (const token of [await issuer.sign(), API_KEY])
    t.equal((await call('POST', '/-/uploads', { authorization: `Bearer ${token}`, body: ORDER })).status, 201);
});

t.test('T30: the same, of tokens that are signed with a secret', async (t) => {
  const { UPLOADS_JWT_ISSUER, UPLOADS_JWT_AUDIENCE } = (await startTokenIssuer(t)).env;
  const { call } = await startUploads(t, {
    env: { UPLOADS_JWT_ISSUER, UPLOADS_JWT_AUDIENCE } as Record<string, string>,
  });
  const begin = async (claims: object, secret = JWT_SECRET) => {
    const token = new SignJWT({ ...claimsOf('ann'), ...claims }).setProtectedHeader({ alg: 'HS256' });
    return await call('POST', '/-/uploads', {
      authorization: `Bearer ${await token.sign(Buffer.from(secret))}`,
      body: ORDER,
    });
  };
  for (const [claims, message] of [
    [{ exp: inSeconds(-60) }, /"exp"/],
    [{ exp: undefined }, /"exp"/],
    [{ iss: 'https://evil.example' }, /"iss"/],
    [{ iss: undefined }, /"iss"/],
    [{ aud: ['mail'] }, /"aud"/],
    [{ sub: '' }, /"sub"/],
  ] as const)
    t.match(await begin(claims), { status: 401, json: { error: { code: 'unauthorized', message } } });
  t.equal((await begin({}, `${JWT_SECRET}x`)).status, 401);
  t.equal((await begin({})).status, 201);
});

t.test('T30: a URL to send to is for one request, whatever is added to it', async (t) => {
  const { call, keys } = await startUploads(t);
  for (const added of [
    '&uploadId=x&partNumber=1',
    '&partNumber=1&uploadId=',
    '&uploads',
    '&acl',
    '&tagging',
    '&x-amz-acl=public-read',
    '&versionId=x',
  ]) {
    const { json } = await call('POST', '/-/uploads', { as: 'ann', body: { ...ORDER, method: 'PUT' } });
    isRefusal(t, await sendBytes({ ...json, url: `${json.url}${added}` }, photo), added);
    const headers = { ...json.headers, 'x-amz-acl': 'public-read', 'x-amz-meta-name': 'x' };
    if (added === '&acl') isRefusal(t, await fetch(`${json.url}${added}`, { method: 'POST', headers }), added);
  }
  for (const extra of [
    { acl: 'public-read' },
    { 'x-amz-meta-name': 'x' },
    { success_action_redirect: 'https://evil.example' },
  ]) {
    const { json } = await call('POST', '/-/uploads', { as: 'ann', body: ORDER });
    isRefusal(t, await sendBytes({ ...json, fields: { ...json.fields, ...extra } }, photo), JSON.stringify(extra));
  }
  t.same(await keys(), []);
});

t.test('T30: what waits is shown by the value made for its URL, and until that ends', async (t) => {
  const { service, s3 } = await startUploads(t);
  await s3.put(`tmp/ann/${FILE}`, photo);
  const key = `files/ann/${FILE}`;
  const right = createPending([KEY]).valueFor(key, inSeconds(60));
  t.equal((await service.get(`/${key}?w=20&pending=${right}`)).status, 200);
  s3.requests.reset();
  for (const [what, value] of Object.entries(await otherPendings())) {
    for (const query of [`w=20&pending=${value}`, `pending=${value}`, `pending=${value}&pending=${right}`])
      t.equal((await service.get(`/${key}?${query}`)).status, 404, `${what}: ${query}`);
  }
  for (const target of [`/files/bob/${FILE}`, `/tmp/ann/${FILE}`, `/private/ann/${FILE}`, '/files/ann/a.jpg'])
    t.equal((await service.get(`${target}?pending=${right}`)).status, 404, target);
  t.same(
    s3.requests.filter((asked) => asked.key.startsWith('tmp/')),
    [],
  );
});
