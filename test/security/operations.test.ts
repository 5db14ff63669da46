import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { INetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicy';
import { pino } from 'pino';
import t from 'tap';
import { reaches } from '../support/k8s-rules.ts';
import { kustomize } from '../support/kustomize.ts';
import { jpeg } from '../support/pictures.ts';
import { sendRaw } from '../support/raw-http.ts';
import { ask, startOverS3 } from '../support/service.ts';
import { until } from '../support/waiting.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const read = (file: string) => readFileSync(path.join(ROOT, file), 'utf8');

/** Where a query has what is nobody's business, in every spelling that somebody may understand. */
const SECRET_PAIRS = [
  'X-Amz-Signature=planted',
  'x-amz-credential=planted%2F20260101%2Feu-west-1%2Fs3%2Faws4_request',
  'X-AMZ-SECURITY-TOKEN=planted',
  'X%2DAmz%2DSignature=planted',
  'x-amz-%73ignature=planted',
  'sig=planted',
  'SIG=planted',
  '%73ig=planted',
  's%69g=planted',
  'token=planted',
  'Signature=planted',
  'sig=planted=planted',
  'sig=%zz=planted',
  'sig%3Dplanted',
  'amp;sig=planted',
  'x?X-Amz-Signature=planted',
  'url=https%3A%2F%2Fs3.example%2Fa.jpg%3FX-Amz-Signature%3Dplanted',
  'url=https%3A%2F%2Fa.example%2Fb%3Fw%3D1%26sig%3Dplanted',
  'url=https%253A%252F%252Fa.example%253Fsig%253Dplanted',
  'X-Goog-Signature=planted',
  'access_token=planted',
  'jwt=planted',
];

/** What is answered in every way there is. */
const TARGETS = [
  '/a.jpg?w=10&',
  '/a.jpg?',
  '/a.jpg?w=x&',
  '/missing.jpg?',
  '/missing%3F',
  '/missing%3Fw=1&',
  '/broken.jpg?w=10&',
  '/-/x?',
  '/../?',
  'http://proxied.example/?',
];

t.test('T32 secrets in the log: no line has what a URL or a header came with, at any level', async (t) => {
  const lines: string[] = [];
  const logger = pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) });
  const { s3, service } = await startOverS3(t, { parts: { logger }, env: { PURGE_TOKEN: 'planted-purge-token' } });
  await s3.put('a.jpg', await jpeg(40, 30));
  const headers = { cookie: 'session=planted', authorization: 'Bearer planted', 'x-amz-security-token': 'planted' };
  s3.fault = (request, response) => {
    if (!request.url?.includes('broken')) return false;
    response.writeHead(500).end('<Error><Code>InternalError</Code></Error>');
    return true;
  };
  const tell = async (pair: string) => {
    for (const target of TARGETS) await service.get(`${target}${pair}&utm_source=shown`, headers);
    await service.send('POST', `/a.jpg?${pair}`, headers);
    const preflight = { ...headers, origin: 'https://a.example', 'access-control-request-method': 'GET' };
    await service.send('OPTIONS', `/a.jpg?${pair}`, preflight);
    await sendRaw(service.url, `GET /a.jpg?${pair} HTTP/1.1\r\nhost: x\r\nno colon\r\nauthorization: planted\r\n\r\n`);
    await ask(service.managementUrl, 'POST', `/purge?${pair}`, headers);
    await ask(service.managementUrl, 'GET', `/missing?${pair}`, headers);
  };
  await Promise.all(SECRET_PAIRS.map(tell));
  const requests = () => lines.filter((line) => line.includes('"msg":"request"')).length;
  await until(() => requests() === (TARGETS.length + 2) * SECRET_PAIRS.length);
  t.same(
    lines.filter((line) => line.includes('planted')),
    [],
  );
  t.ok(
    lines.some((line) => line.includes('"url":"/missing.jpg?sig=…&utm_source=shown"')),
    'and the rest is there',
  );
  await service.get(`/missing.jpg?${'x'.repeat(14_000)}`);
  const isLong = (line: string) => line.includes('xxx');
  await until(() => lines.some(isLong));
  const { url } = JSON.parse(lines.find(isLong) ?? '') as { url: string };
  t.same([url.length, url.at(-1)], [2_048, '…']);
});

t.test('T33 credentials: who runs it may read, and what gives credentials to the node is out of reach', (t) => {
  const [, policy = ''] = /```json\n(\{\n {2}"Version".+?)```/s.exec(read('README.md')) ?? [];
  const { Statement } = JSON.parse(policy) as { Statement: Record<string, unknown>[] };
  t.same(Statement, [
    { Effect: 'Allow', Action: 's3:GetObject', Resource: 'arn:aws:s3:::my-bucket/photos/*' },
    { Effect: 'Allow', Action: 's3:ListBucket', Resource: 'arn:aws:s3:::my-bucket' },
  ]);
  for (const [overlay, hasPodIdentity] of [
    ['aws', true],
    ['local', false],
  ] as const) {
    const manifests = kustomize(path.join(ROOT, 'k8s/overlays', overlay));
    const policies = manifests.filter(({ kind }) => kind === 'NetworkPolicy') as readonly INetworkPolicy[];
    for (const address of ['169.254.169.254', 'fd00:ec2::254']) {
      for (const port of [80, 443]) t.notOk(reaches({ policies }, address, port), `${overlay} ${address}:${port}`);
    }
    t.equal(reaches({ policies }, '169.254.170.23', 80), hasPodIdentity, overlay);
    t.notOk(JSON.stringify(manifests).includes('AWS_SECRET_ACCESS_KEY'), overlay);
  }
  t.end();
});

interface Locked {
  readonly version?: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly link?: boolean;
  readonly dev?: boolean;
  readonly hasInstallScript?: boolean;
}

t.test('T34 supply chain: what is installed is what was locked, from the registry, and runs nothing by itself', (t) => {
  const { packages } = JSON.parse(read('package-lock.json')) as { packages: Record<string, Locked> };
  const { '': root, ...locked } = packages;
  t.ok(root && Object.keys(locked).length > 100);
  const isPinned = ({ version, resolved, integrity, link }: Locked) =>
    /^\d+\.\d+\.\d+/.test(version ?? '') &&
    /^sha512-[A-Za-z0-9+/]{86}==$/.test(integrity ?? '') &&
    // No address of a registry, a repository or a file: whoever installs has one, and the digest says whether it is the same.
    resolved === undefined &&
    link === undefined;
  t.same(
    Object.entries(locked).filter(([, entry]) => !isPinned(entry)),
    [],
  );
  const scripted = Object.entries(locked).filter(([, { dev, hasInstallScript }]) => hasInstallScript && !dev);
  // Builds a smaller one for who asks for that in package.json, and nothing for us; the image leaves it out.
  t.same(
    scripted.map(([name]) => name),
    ['node_modules/exifreader'],
  );
  const { dependencies, devDependencies } = JSON.parse(read('package.json')) as Record<string, Record<string, string>>;
  for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies }))
    t.match(version, /^\d+\.\d+\.\d+$/, `${name} exactly`);
  for (const [file, flag] of [
    ['.ci/run', ''],
    ['Dockerfile', ' --ignore-scripts'],
  ] as const) {
    const installs = read(file).match(/^(?:RUN )?npm (?:ci|i|install|add)\b.*$/gm) ?? [];
    t.ok(installs.length > 0, file);
    for (const line of installs) t.ok(/npm ci\b/.test(line) && line.includes(flag), `${file}: ${line}`);
  }
  t.end();
});
