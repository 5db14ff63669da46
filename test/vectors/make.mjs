/** `node test/vectors/make.mjs`: writes canonical.json and configured.json, of rows by hand and of spellings by rules. */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { ACCEPTS, BY_HAND, CANONICAL, CONFIGURED, UNREADABLE } from './rows.mjs';
import { createRandom, respell } from './spellings.mjs';

const SEED = 20_261_128;
/** Spellings of each canonical URL. */
const SPELLINGS = 8;

export function makeCanonical() {
  const random = createRandom(SEED);
  const spelt = CANONICAL.flatMap(([canonical, format]) =>
    Array.from({ length: SPELLINGS + 1 }, (_, index) => {
      const [accept, best, forwarded] = random.pick(ACCEPTS);
      const url = index === 0 ? canonical : respell(canonical, random);
      return {
        url,
        accept,
        canonical,
        format: format === 'auto' ? best : format,
        forwarded: format === 'auto' ? forwarded : '',
      };
    }),
  );
  const negotiated = ACCEPTS.map(([accept, format, forwarded]) => ({
    url: '/photo.jpg?f=auto&w=320',
    accept,
    canonical: '/photo.jpg?w=320&f=auto',
    format,
    forwarded,
  }));
  return [...BY_HAND.map(vector), ...UNREADABLE.map(unread), ...negotiated, ...spelt];
}

export function makeConfigured() {
  return CONFIGURED.map(({ env, rows, unreadable }) => ({
    env,
    vectors: [...rows.map(vector), ...unreadable.map(unread)],
  }));
}

function vector([url, accept, canonical, format, forwarded]) {
  return { url, accept, canonical, format, forwarded };
}

function unread(url) {
  return { url, accept: '*/*', canonical: url, format: null, forwarded: '*/*' };
}

/** One vector a line. */
export function print(value) {
  const lines = (list) => `[\n${list.map((one) => `  ${JSON.stringify(one)}`).join(',\n')}\n]`;
  if (!('env' in value[0])) return `${lines(value)}\n`;
  return `[${value.map(({ env, vectors }) => `{ "env": ${JSON.stringify(env)}, "vectors": ${lines(vectors)} }`).join(',\n')}]\n`;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const folder = import.meta.dirname;
  await writeFile(path.join(folder, 'canonical.json'), print(makeCanonical()));
  await writeFile(path.join(folder, 'configured.json'), print(makeConfigured()));
}
