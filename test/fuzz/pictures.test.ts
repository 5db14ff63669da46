import { unlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import fc from 'fast-check';
import t from 'tap';
import { askOften } from '../support/fuzz-service.ts';
import { mutated } from '../support/mutations.ts';
import { animation, gradient, jpeg, noise, orientedJpeg, png, SVG, transparentPng } from '../support/pictures.ts';
import { memoryOf, runService } from '../support/process.ts';

/** Damaged pictures; `npm run fuzz` takes twenty thousand. */
const RUNS = Number(process.env.FUZZ_PICTURES ?? 2_000);
const AT_ONCE = 4;

const ALLOWED = [200, 413, 415, 422];
/** What may be asked of each: every decoder, and what looks at pixels before they are scaled. */
const QUERIES = [
  'w=16&f=webp',
  'w=16',
  'w=40&h=20&pos=attention&f=png',
  'trim=10&w=16&f=jpeg',
  'f=gif&w=20',
  'h=16&f=avif',
  'rot=90&w=16&f=webp',
];

async function fixtures(): Promise<readonly Uint8Array[]> {
  return await Promise.all([
    jpeg(64, 48),
    orientedJpeg(6, 64, 48),
    gradient(64, 48)
      .jpeg({ progressive: true })
      .withExif({ IFD0: { Artist: 'A', Copyright: 'C' } })
      .withIccProfile('p3')
      .toBuffer(),
    png(64, 48),
    transparentPng(64, 48),
    noise(64, 48).png({ palette: true, progressive: true }).toBuffer(),
    noise(64, 48).toColourspace('rgb16').png().toBuffer(),
    gradient(64, 48).webp().toBuffer(),
    gradient(64, 48).ensureAlpha(0.5).webp({ lossless: true }).toBuffer(),
    animation('webp'),
    animation('gif'),
    gradient(64, 48).avif({ effort: 0 }).toBuffer(),
    gradient(64, 48).ensureAlpha(0.5).avif({ effort: 0 }).toBuffer(),
    gradient(64, 48).tiff({ compression: 'lzw' }).toBuffer(),
    gradient(64, 48).tiff({ compression: 'deflate', tile: true, pyramid: true }).toBuffer(),
    noise(64, 48).toColourspace('cmyk').jpeg().toBuffer(),
    Promise.resolve(Buffer.from(SVG)),
  ]);
}

/** Over the memory of the first tenth of a run: what is warm by then stays, and what leaks goes on to grow. */
const MAX_GROWTH_BYTES = 256 * 1024 * 1024;

const ENV = {
  LOG_LEVEL: 'error',
  MALLOC_ARENA_MAX: '2',
  CACHE_ORIGINALS_BYTES: '1MiB',
  CACHE_MEMORY_BYTES: '1MiB',
  KEEP_COPYRIGHT: 'true',
  COLOR_PROFILE: 'keep',
  HDR: 'keep',
};

t.test(
  'a damaged picture is refused, or drawn as far as it goes; the process goes on and holds nothing of it',
  async (t) => {
    const folder = t.testdir();
    const { child, url } = await runService(t, { ...ENV, SOURCE: pathToFileURL(folder).href });
    const service = askOften(t, url);
    const seen: Record<number, number> = {};
    let [asked, warm] = [0, 0];

    async function isAnswered(bytes: Uint8Array, query: string): Promise<boolean> {
      const key = `${asked++}`;
      const file = path.join(folder, key);
      await writeFile(file, bytes);
      const status = await service.status(`/${key}?${query}`);
      await unlink(file);
      seen[status] = (seen[status] ?? 0) + 1;
      return ALLOWED.includes(status);
    }

    const picture = fc.tuple(mutated(await fixtures()), fc.constantFrom(...QUERIES));
    const batch = fc.array(picture, { minLength: AT_ONCE, maxLength: AT_ONCE });
    await t.resolves(
      fc.assert(
        fc.asyncProperty(batch, async (pictures) => {
          const answered = await Promise.all(pictures.map(([bytes, query]) => isAnswered(bytes, query)));
          if (warm === 0 && asked > RUNS / 10) warm = memoryOf(child.pid, 'VmRSS');
          return answered.every(Boolean);
        }),
        { numRuns: RUNS / AT_ONCE },
      ),
    );
    const growth = memoryOf(child.pid, 'VmRSS') - warm;
    t.comment(`${JSON.stringify(seen)}, ${Math.round(growth / 1e6)} MB`);
    // Not all of them are broken, nor all whole: both ways through the decoders are walked.
    t.ok([200, 415, 422].every((status) => (seen[status] ?? 0) > RUNS / 50));
    t.ok(growth < MAX_GROWTH_BYTES);
    t.equal(child.exitCode, null);
  },
);
