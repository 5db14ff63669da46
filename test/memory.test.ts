import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { get } from 'node:http';
import { Readable } from 'node:stream';
import t from 'tap';
import { memoryOf, runService } from './support/process.ts';
import { startS3Server } from './support/s3-server.ts';
import { useS3 } from './support/service.ts';

const SIZE = 500_000_000;
const CHUNK = Buffer.alloc(1_000_000);
const MIB = 2 ** 20;

const skip = process.platform === 'linux' ? false : 'memory is read in /proc';

/** Answers with an object of half a gigabyte. */
function sendLarge(response: ServerResponse): void {
  response.writeHead(200, { 'content-length': String(SIZE), etag: '"large"', 'content-type': 'video/mp4' });
  let sent = 0;
  Readable.from(
    (function* () {
      for (; sent < SIZE; sent += CHUNK.length) yield CHUNK;
    })(),
  ).pipe(response);
}

async function download(url: string): Promise<number> {
  const [answer] = await once(get(url), 'response');
  let bytes = 0;
  for await (const chunk of answer) bytes += chunk.length;
  return bytes;
}

t.test('500 MB pass through in less than 32 MiB', { skip }, async (t) => {
  const s3 = await startS3Server();
  t.teardown(() => s3.close());
  const { child, url } = await runService(t, { ...useS3(t, s3), LOG_LEVEL: 'warn' });
  s3.fault = (_request, response) => {
    sendLarge(response);
    return true;
  };
  // Buffers that every stream needs are there after the first one.
  await download(`${url}/first`);
  const growths: number[] = [];
  for (let round = 1; round <= 3; round++) {
    const before = memoryOf(child.pid, 'VmRSS');
    writeFileSync(`/proc/${child.pid}/clear_refs`, '5');
    t.equal(await download(`${url}/large`), SIZE);
    growths.push(memoryOf(child.pid, 'VmHWM') - before);
  }
  t.comment(`MiB more at most: ${growths.map((growth) => (growth / MIB).toFixed(1)).join(', ')}`);
  // V8 may leave up to 64 MB of buffers that nobody holds to its next collection; what is held is in every round.
  t.ok(Math.min(...growths) < 32 * MIB);
});
