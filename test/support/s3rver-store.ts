import { createHash, randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import S3rver from 's3rver';
import { closeServer } from './http-relay.ts';

export type S3rverStore = { endpoint: string; close(): Promise<void> };

/** Starts s3rver, which checks no signatures, over an empty temporary directory. */
export async function startS3rver(): Promise<S3rverStore> {
  const directory = await mkdtemp(join(tmpdir(), 's3-server-'));
  const server = new S3rver({ address: '127.0.0.1', port: 0, directory, silent: true });
  const { store } = server;
  const completeParts = store.putObjectMultipart.bind(store);
  store.putObject = (object) => putObject(store, object);
  store.putObjectMultipart = async (bucket, uploadId, parts) => {
    const folder = folderOf(store, bucket, uploadId);
    const [key, etag] = [await readFile(join(folder, 'key'), 'utf8'), await etagOf(folder, parts)];
    const { size } = await completeParts(bucket, uploadId, parts);
    await writeFile(store.getResourcePath(bucket, key, 'object.md5'), etag);
    return { size, md5: etag };
  };
  const { port } = await server.run();
  return {
    endpoint: `http://127.0.0.1:${port}`,
    async close() {
      await closeServer(server.httpServer);
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/**
 * s3rver answers a PUT before the file is written, and overwrites a file that others are reading. S3 does neither:
 * an object is there in full once its PUT is answered, and a read that has begun keeps the bytes it began with.
 */
async function putObject(store: S3rver.Store, { bucket, key, content, metadata }: S3rver.StoredObject) {
  const path = store.getResourcePath(bucket, key, 'object');
  const temporary = `${path}.${randomUUID()}`;
  const hash = createHash('md5');
  let size = 0;
  await mkdir(dirname(path), { recursive: true });
  content.on('data', (chunk: Buffer) => {
    hash.update(chunk);
    size += chunk.length;
  });
  await pipeline(content, createWriteStream(temporary));
  const md5 = hash.digest('hex');
  await store.putMetadata(bucket, key, metadata, md5);
  await rename(temporary, path);
  return { size, md5 };
}

/** The entity tag of what came in parts is no digest of its bytes: whoever takes it for one is to find out. */
async function etagOf(folder: string, parts: readonly S3rver.Part[]): Promise<string> {
  const numbers = parts.map(({ number }) => number).sort((a, b) => a - b);
  const digests = await Promise.all(numbers.map((number) => readFile(join(folder, `${number}.md5`), 'utf8')));
  return `${createHash('md5').update(digests.join(''), 'hex').digest('hex')}-${parts.length}`;
}

function folderOf(store: S3rver.Store, bucket: string, uploadId: string): string {
  return join(store.getResourcePath(bucket, undefined, 'uploads'), uploadId);
}
