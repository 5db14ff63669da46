import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import t from 'tap';
import { FORM_TYPE, formOf, formPart, HTML, hostileForms, placeOf } from '../support/hostile-uploads.ts';
import { jpeg } from '../support/pictures.ts';
import { connectTo } from '../support/raw-http.ts';
import type { LoggedRequest } from '../support/recording-proxy.ts';
import { startTokenIssuer } from '../support/token-issuer.ts';
import { identityToken, startUploads } from '../support/uploads.ts';
import { deferred, until } from '../support/waiting.ts';

const photo = await jpeg(40, 30);
const MOST = 2_000;
const padded = (length: number) => Buffer.concat([photo, Buffer.alloc(length - photo.length)]);

async function sendForm(url: string, body: Buffer, { contentType = FORM_TYPE, token = '' } = {}) {
  const headers = { 'content-type': contentType, authorization: `Bearer ${token || (await identityToken('ann'))}` };
  const answer = await fetch(`${url}/-/uploads/ckeditor`, { method: 'POST', headers, body: new Uint8Array(body) });
  return { status: answer.status, json: JSON.parse(await answer.text()) };
}

t.test('T29 type spoofing: a form has a picture of the right size and name, or nothing of it stays', async (t) => {
  const { service, keys } = await startUploads(t, { env: { UPLOADS_MAX_BYTES: String(MOST) } });
  for (const { what, body, contentType, status, message } of hostileForms(photo, MOST)) {
    const { status: given, json } = await sendForm(service.url, body, contentType === undefined ? {} : { contentType });
    t.match([given, json.error.message], [status, message], what);
    t.same(await keys(), [], what);
  }
  t.notOk(
    service.log.some(({ level }) => Number(level) >= 40),
    'and none of it is a fault of ours, or of the store',
  );
});

t.test('T29: a form with more in it than a picture has that picture', async (t) => {
  const { service, keys, s3 } = await startUploads(t, { env: { UPLOADS_MAX_BYTES: String(MOST) } });
  const [file, full] = [formPart({ bytes: photo }), formPart({ bytes: padded(MOST) })];
  const html = formPart({ bytes: Buffer.from(HTML), type: 'text/html' });
  for (const [what, body, bytes] of [
    ['as large as it may be', formOf(full), MOST],
    ['HTML behind it', formOf(file, html), photo.length],
    ['another one behind it', formOf(file, full), photo.length],
    ['a path in front of its name', formOf(formPart({ filename: '../../etc/a.jpg', bytes: photo })), photo.length],
    [
      'what looks like a prototype',
      formOf(formPart({ name: '__proto__', filename: undefined, bytes: photo }), file),
      photo.length,
    ],
  ] as const) {
    const { status, json } = await sendForm(service.url, body);
    t.equal(status, 201, what);
    const place = await placeOf(json.token);
    t.match(place, /^tmp\/ann\/[0-9a-f-]{36}\.jpg$/, what);
    t.same(await keys(), [place], what);
    t.equal((await service.get(json.urls.default)).body.length, bytes, what);
    await s3.remove(place);
  }
});

/** Begins to send a form of which so many bytes are promised. */
async function beginForm(url: string, length: number, token: string): Promise<Socket> {
  const socket = await connectTo(url);
  const headers = { host: 'x', authorization: `Bearer ${token}`, 'content-type': FORM_TYPE, 'content-length': length };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  socket.write(['POST /-/uploads/ckeditor HTTP/1.1', ...lines, '', ''].join('\r\n'));
  return socket;
}

const write = (socket: Socket, bytes: Buffer) => new Promise((resolve) => socket.write(bytes, resolve));

t.test('T28 size overrun: of a form whose sender leaves in the middle nothing stays, nor a part of it', async (t) => {
  const { service, keys, s3 } = await startUploads(t);
  const form = formOf(formPart({ bytes: padded(12_000_000) }));
  const asked = (method: string, parameter: string) =>
    s3.requests.some((one: LoggedRequest) => one.method === method && one.query.includes(parameter) && one.status > 0);
  const ended = () => service.log.filter(({ error }) => error === 'client_left').length;
  for (const [times, sent] of [100, 200_000, 11_000_000].entries()) {
    s3.requests.reset();
    const socket = await beginForm(service.url, form.length, await identityToken('ann'));
    await write(socket, form.subarray(0, sent));
    const isInParts = sent > 10_000_000;
    if (isInParts) await until(() => asked('PUT', 'partNumber=1&'));
    socket.destroy();
    await until(() => ended() > times);
    if (isInParts) await until(() => asked('DELETE', 'uploadId='));
    else t.same(s3.requests, [], `${sent}`);
    t.same(await keys(), [], `${sent}`);
  }
});

t.test('T28: a sender who has left by the time it is known who that was keeps no place', async (t) => {
  const issuer = await startTokenIssuer(t);
  // Whoever finds all places taken does not wait for one.
  const { service, keys } = await startUploads(t, {
    env: { ...issuer.env, UPLOADS_JWT_SECRET: '', QUEUE_LENGTH: '0' },
  });
  const asked = deferred<ServerResponse>();
  issuer.answer = asked.resolve;
  const token = await issuer.sign();
  const form = formOf(formPart({ bytes: photo }));
  const sockets = await Promise.all(Array.from({ length: 20 }, () => beginForm(service.url, form.length, token)));
  const answer = await asked.promise;
  for (const socket of sockets) socket.destroy();
  await until(() => service.log.filter(({ error }) => error === 'client_left').length === sockets.length);
  answer.end(issuer.published);
  t.equal((await sendForm(service.url, form, { token })).status, 201);
  t.equal((await keys()).length, 1);
});
