import t from 'tap';
import { startNginx, testsWithNginx, xCache } from '../support/nginx.ts';
import type { NginxOptions } from '../support/nginx-files.ts';
import { startRecorder } from '../support/recorder.ts';
import { readVectors, type Vector } from '../support/vectors.ts';

const test = testsWithNginx(t);
const configured = await readVectors();

/** Of a service that checks signatures and seals, so that each of them is an entry. */
const CHECKED: NginxOptions = {
  edits: { '    "~[?&]sig=[^&]"     1;\n': '', '    "~[?&]pending=[^&]" 1;\n': '' },
};

/** What nginx answers 400 to by itself: no path that it could look a location up by. */
const OF_NGINX = /^\/(\.\.\/|[^?]*%(00|zz))/;

const headersOf = ({ accept }: Vector) => (accept === '' ? {} : { accept });

/** Of `/-/` nothing is kept, and nothing of what ends at a time, or might in escapes. */
const isKept = ({ canonical }: Vector) => !/^\/-\/|[?&](exp|[^=&]*%[^=&]*)=[^&]/.test(canonical);

for (const { env, vectors } of configured) {
  const of = JSON.stringify(env);
  const sent = vectors.filter(({ url }) => !OF_NGINX.test(url));

  test(`what arrives is what the vectors say ${of}`, async (t) => {
    const recorder = await startRecorder(t, { 'cache-control': 'no-store' });
    const nginx = await startNginx(t, recorder, { env });
    for (const vector of sent) {
      const { length } = recorder.arrivals;
      await nginx.get(vector.url, headersOf(vector));
      const { canonical, forwarded } = vector;
      const expected = { target: canonical, accept: forwarded === '' ? undefined : forwarded };
      t.same(recorder.arrivals.slice(length), [expected], `${vector.url} ${vector.accept}`);
    }
    for (const { url } of vectors.filter((vector) => !sent.includes(vector))) {
      t.equal((await nginx.get(url)).status, 400, url);
    }
    t.equal(recorder.arrivals.length, sent.length);
  });

  test(`what is one request is one entry ${of}`, async (t) => {
    const recorder = await startRecorder(t);
    const nginx = await startNginx(t, recorder, { ...CHECKED, env });
    const entries = new Set<string>();
    for (const vector of sent.filter(isKept)) {
      const entry = `${vector.canonical} ${vector.forwarded}`;
      const expected = entries.has(entry) ? 'HIT' : 'MISS';
      entries.add(entry);
      t.equal(xCache(await nginx.get(vector.url, headersOf(vector))), expected, `${vector.url} ${vector.accept}`);
    }
    t.equal(recorder.arrivals.length, entries.size);
  });
}
