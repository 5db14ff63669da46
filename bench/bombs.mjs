import { copyFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { crc32, deflateSync } from 'node:zlib';
import sharp from 'sharp';
import { ask, messageOf } from '../look/ask.mjs';
import { resolveGiven } from '../look/folder.mjs';
import { median } from './figures.mjs';
import { HAS_PROC, peakRss, resetPeak, rss } from './proc.mjs';
import { startService } from './service.mjs';

/** What the files of a corpus are called that are meant to do harm. */
const HARMFUL = /(bomb|280mp|-ihdr-huge|65536x65536|oom|-scans-|svg-huge|svg-deep|js-polyglot)/;
const ROUNDS = 3;
const LARGE = 64_250;

const COLUMNS = [
  ['bomb', 'name'],
  ['KB', 'kb', 1],
  ['status', 'status', 0],
  ['ms', 'ms', 1],
  ['peak MB more', 'mb', 1],
  ['says', 'says'],
];

/** Small files that claim much, each asked for as PNG; those of a folder as well, if given. */
export async function bombs({ folder, corpus, progress }) {
  progress('bombs: files');
  await makeBombs(folder);
  const given = corpus ? resolveGiven(corpus) : undefined;
  const files = [...listFiles(folder), ...(given ? listFiles(given).filter((file) => HARMFUL.test(file)) : [])];
  // Each round under another name: what is known of an original is not read again.
  for (const [index, file] of files.entries())
    for (let round = 0; round < ROUNDS; round++) copyFileSync(file, path.join(folder, nameOf(file, index, round)));
  const service = await startService(folder, { env: { CACHE_MEMORY_BYTES: '0', CACHE_ORIGINALS_BYTES: '0' } });
  try {
    writeFileSync(path.join(folder, 'first.png'), await plain().png().toBuffer());
    await ask(service.url, 'first.png', 'w=8&f=png');
    const records = [];
    for (const [index, file] of files.entries()) records.push(await measure(service, file, index));
    return {
      title: `Bombs: small files that claim much, ${ROUNDS} times each (targets: 50 ms, 30 MB)`,
      columns: COLUMNS,
      records,
      notes: HAS_PROC ? [] : ['Memory of another process is read from /proc, which only Linux has.'],
    };
  } finally {
    await service.stop();
  }
}

function listFiles(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
}

function nameOf(file, index, round) {
  return `round-${round}-${index}${path.extname(file)}`;
}

async function measure(service, file, index) {
  const runs = [];
  for (let round = 0; round < ROUNDS; round++) {
    const before = rss(service.pid);
    resetPeak(service.pid);
    const answer = await ask(service.url, nameOf(file, index, round), 'w=320&f=png');
    runs.push({ ...answer, mb: peakRss(service.pid) - before });
  }
  const [{ status }] = runs;
  return {
    name: path.basename(file),
    kb: statSync(file).size / 1024,
    status,
    ms: median(runs.map(({ ms }) => ms)),
    mb: Math.max(...runs.map(({ mb }) => mb)),
    says: status === 200 ? 'a picture' : messageOf(runs[0]),
  };
}

function plain(side = 16) {
  return sharp({ create: { width: side, height: side, channels: 3, background: '#c8102e' } });
}

/** A picture of 16 x 16 in each format, whose header is made to say more; and what is small only as long as it is packed. */
async function makeBombs(folder) {
  const png = await plain().png().toBuffer();
  const files = {
    '64250.png': withSides(png, LARGE),
    '64250.jpg': patched(await plain().jpeg().toBuffer(), jpegSides, 'writeUInt16BE', LARGE),
    '64250.avif': patched(await plain().avif({ effort: 0 }).toBuffer(), avifSides, 'writeUInt32BE', LARGE),
    '65535.gif': patched(await plain().gif().toBuffer(), gifSides, 'writeUInt16LE', 65_535),
    '64250.tif': patched(await plain().tiff().toBuffer(), tiffSides, 'writeUInt16LE', LARGE),
    'text-60-mb.png': withChunk(png, 'zTXt', 'Comment\0\0', Buffer.alloc(60_000_000, 'a')),
    'texts-50-of-8-mb.png': withChunk(png, 'zTXt', 'Comment\0\0', Buffer.alloc(7_900_000, 'a'), 50),
    'profile-50-mb.png': withChunk(png, 'iCCP', 'icc\0\0', Buffer.alloc(50_000_000)),
    '1000-scans.jpg': withScans(await plain(4096).jpeg({ progressive: true }).toBuffer(), 1000),
    '200-frames.avif': withFrames(await plain(4096).avif({ effort: 0 }).toBuffer(), 200),
  };
  for (const [name, bytes] of Object.entries(files)) writeFileSync(path.join(folder, name), bytes);
}

/** Where a header says how wide and how high its picture is. */
const jpegSides = (bytes) => [5, 7].map((at) => bytes.indexOf(Buffer.of(0xff, 0xc0)) + at);
const avifSides = (bytes) => [8, 12].map((at) => bytes.indexOf('ispe') + at);
const gifSides = (bytes) => [6, 8, bytes.indexOf(0x2c, 13) + 5, bytes.indexOf(0x2c, 13) + 7];
const tiffSides = (bytes) => [0x100, 0x101].map((tag) => bytes.indexOf(Buffer.of(tag & 0xff, 1, 3, 0, 1, 0, 0, 0)) + 8);

function patched(bytes, sidesIn, write, side) {
  for (const at of sidesIn(bytes)) bytes[write](side, at);
  return bytes;
}

/** Signature and header of a PNG are 33 bytes. */
function withSides(png, side) {
  const header = Buffer.from(png.subarray(16, 29));
  header.writeUInt32BE(side, 0);
  header.writeUInt32BE(side, 4);
  return Buffer.concat([png.subarray(0, 8), pngChunk('IHDR', header), png.subarray(33)]);
}

function withChunk(png, type, name, content, count = 1) {
  const chunk = pngChunk(type, Buffer.concat([Buffer.from(name, 'latin1'), deflateSync(content)]));
  return Buffer.concat([png.subarray(0, 33), ...Array(count).fill(chunk), png.subarray(33)]);
}

function pngChunk(type, data) {
  const named = Buffer.concat([Buffer.from(type), data]);
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  check.writeUInt32BE(crc32(named));
  return Buffer.concat([length, named, check]);
}

/** The last scan of a JPEG over and over. */
function withScans(jpeg, count) {
  const end = jpeg.length - 2;
  const last = jpeg.subarray(jpeg.lastIndexOf(Buffer.of(0xff, 0xda)), end);
  return Buffer.concat([jpeg.subarray(0, end), ...Array(count).fill(last), jpeg.subarray(end)]);
}

/** All that is in an AVIF over and over, which is the stream of one frame, whose length is said twice. */
function withFrames(avif, count) {
  const at = avif.indexOf('mdat') + 4;
  const [bytes, stream] = [Buffer.from(avif.subarray(0, at)), avif.subarray(at)];
  const length = Buffer.alloc(4);
  length.writeUInt32BE(stream.length);
  bytes.writeUInt32BE(stream.length * count, bytes.indexOf(length, bytes.indexOf('iloc')));
  bytes.writeUInt32BE(8 + stream.length * count, at - 8);
  return Buffer.concat([bytes, ...Array(count).fill(stream)]);
}
