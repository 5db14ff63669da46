import { execFile } from 'node:child_process';
import * as fs from 'node:fs/promises';
import { chmod, mkdir, mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { promisify } from 'node:util';
import t, { type Test } from 'tap';
import { createFileSource } from '../../src/sources/file.ts';

const never = new AbortController().signal;

async function folder(t: Test): Promise<string> {
  const root = await mkdtemp(path.join(tmpdir(), 'lambent-'));
  t.teardown(() => rm(root, { recursive: true }));
  return root;
}

t.test('follows links inside the folder and none that lead out', async (t) => {
  const root = await folder(t);
  await mkdir(path.join(root, 'public'));
  await mkdir(path.join(root, 'public-private'));
  await writeFile(path.join(root, 'public', 'a.txt'), 'a');
  await writeFile(path.join(root, 'public-private', 'secret.txt'), 'secret');
  await symlink('a.txt', path.join(root, 'public', 'inside'));
  await symlink('../public-private/secret.txt', path.join(root, 'public', 'outside'));
  await symlink('loop', path.join(root, 'public', 'loop'));
  const source = createFileSource({ root: path.join(root, 'public') });
  const opened = await source.open('inside', {}, never);
  t.equal(opened.status === 'opened' && (await buffer(opened.body)).toString(), 'a');
  // The last is what the parser refuses; the folder holds by itself all the same.
  for (const key of ['outside', 'loop', '../public-private/secret.txt']) {
    await t.rejects(source.open(key, {}, never), { code: 'not_found' }, key);
  }
});

t.test('the folder itself may be a link, and may come to lead elsewhere', async (t) => {
  const root = await folder(t);
  const link = path.join(root, 'current');
  for (const release of ['one', 'two']) {
    await mkdir(path.join(root, release));
    await writeFile(path.join(root, release, 'a.txt'), release);
    await symlink('../secret.txt', path.join(root, release, 'outside'));
  }
  await writeFile(path.join(root, 'secret.txt'), 'secret');
  const source = createFileSource({ root: link });
  for (const release of ['one', 'two']) {
    await rm(link, { force: true });
    await symlink(release, link);
    for (const time of ['first', 'second']) {
      const opened = await source.open('a.txt', {}, never);
      t.equal(opened.status === 'opened' && (await buffer(opened.body)).toString(), release, time);
    }
    await t.rejects(source.open('outside', {}, never), { code: 'not_found' });
  }
});

t.test('a file that is cut short meanwhile ends its body', async (t) => {
  const root = await folder(t);
  const file = path.join(root, 'a.bin');
  for (const [left, wanted] of [
    [700_000, 700_000],
    [0, 0],
  ] as const) {
    await writeFile(file, Buffer.alloc(1_000_000));
    const opened = await createFileSource({ root }).open('a.bin', {}, never);
    await truncate(file, left);
    t.equal(opened.status === 'opened' && (await buffer(opened.body)).length, wanted);
  }
});

t.test('a disk that fails breaks the body', async (t) => {
  const root = await folder(t);
  await writeFile(path.join(root, 'a.bin'), 'abc');
  const failing: typeof fs.open = async (...args) => {
    const handle = await fs.open(...args);
    return Object.assign(handle, { read: () => Promise.reject(new Error('EIO: i/o error, read')) });
  };
  const mocked = await t.mockImport<typeof import('../../src/sources/file.ts')>('../../src/sources/file.ts', {
    'node:fs/promises': { ...fs, open: failing },
  });
  const opened = await mocked.createFileSource({ root }).open('a.bin', {}, never);
  if (opened.status === 'opened') await t.rejects(buffer(opened.body), { message: /^EIO/ });
  t.equal(opened.status, 'opened');
});

t.test('serves files, not folders or pipes', async (t) => {
  const root = await folder(t);
  await mkdir(path.join(root, 'folder'));
  await promisify(execFile)('mkfifo', [path.join(root, 'pipe')]);
  const source = createFileSource({ root });
  for (const key of ['folder', 'pipe']) await t.rejects(source.open(key, {}, never), { code: 'not_found' }, key);
});

t.test('names the type by the extension', async (t) => {
  const root = await folder(t);
  const source = createFileSource({ root });
  const types = {
    'a.svg': 'image/svg+xml',
    'a.avif': 'image/avif',
    'a.pdf': 'application/pdf',
    a: 'application/octet-stream',
  };
  for (const [key, contentType] of Object.entries(types)) {
    await writeFile(path.join(root, key), 'x');
    const opened = await source.open(key, {}, never);
    if (opened.status === 'opened') opened.body.destroy();
    t.match(opened, { head: { contentType } }, key);
  }
});

t.test('delivers no more than the length it announced', async (t) => {
  const root = await folder(t);
  const file = path.join(root, 'growing');
  await writeFile(file, '12345');
  const opened = await createFileSource({ root }).open('growing', {}, never);
  await writeFile(file, '1234567890');
  t.equal(opened.status === 'opened' && (await buffer(opened.body)).toString(), '12345');
});

t.test('says why it cannot be read', async (t) => {
  const root = await folder(t);
  await writeFile(path.join(root, 'file'), '');
  const detailOf = async (name: string) => createFileSource({ root: path.join(root, name) }).check(never);
  t.match(await detailOf('missing'), { readable: false, detail: /missing does not exist$/ });
  t.match(await detailOf('file'), { readable: false, detail: /file is not a folder$/ });
  t.match(await detailOf('file/below'), { readable: false, detail: /cannot be read \(ENOTDIR\)$/ });
});

t.test('a file that must not be read is trouble of the source, not a missing one', async (t) => {
  const root = await folder(t);
  const source = createFileSource({ root });
  // No key of a request has this character; to the file system it is an error of another kind than a missing file.
  await t.rejects(source.open('a\u0000b', {}, never), { code: 'source_failed', message: /ERR_INVALID_ARG_VALUE/ });
  const file = path.join(root, 'locked');
  await writeFile(file, 'x');
  await chmod(file, 0o000);
  const outcome = await source.open('locked', {}, never).catch((error: unknown) => error);
  if (process.getuid?.() === 0) t.match(outcome, { status: 'opened' }, 'root reads every file');
  else t.match(outcome, { code: 'source_failed', message: /EACCES/ });
});
