import t from 'tap';
import { readEdgePolicy } from '../../src/edge-policy.ts';
import type { OptionPolicy } from '../../src/request/canonical.ts';
import { canonicalUrl } from '../../src/request/canonical-url.ts';
import { OPTION_READERS } from '../../src/request/parse.ts';
import { startRecorder } from '../support/recorder.ts';
import { readVectors, type Vector } from '../support/vectors.ts';
import { loadWorker, resolved } from '../support/worker.ts';

/** What arrives. Fetch writes some targets otherwise before anybody can read them: of those, what the other one is. */
function expectedOf({ url, accept, canonical, forwarded }: Vector, policy: OptionPolicy) {
  const sent = resolved(url);
  if (sent === url) return { target: canonical, accept: forwarded };
  const { value } = canonicalUrl(sent, accept, policy, OPTION_READERS[policy.dialect]);
  if (value === undefined) return { target: sent, accept };
  return { target: value.query === '' ? value.path : `${value.path}?${value.query}`, accept: value.accept };
}

for (const { env, vectors } of await readVectors()) {
  t.test(`vectors ${JSON.stringify(env)}`, async (t) => {
    const recorder = await startRecorder(t);
    const { ask, passes } = await loadWorker(t, { ORIGIN: recorder.url }, env);
    const policy = readEdgePolicy(env);
    for (const vector of vectors) {
      const { length } = recorder.arrivals;
      await ask(vector.url, { headers: vector.accept === '' ? {} : { accept: vector.accept } });
      const { target, accept } = expectedOf(vector, policy);
      const arrivals = recorder.arrivals.slice(length);
      t.same(
        // Beside a URL that is read stands what is accepted.
        arrivals.map((arrival) => [arrival.target.replace(/[?&]accept=[^&]*$/, ''), arrival.accept]),
        // Without the header Node's fetch says */*, and Cloudflare's nothing.
        [[target, accept === '' ? '*/*' : accept]],
        `${vector.url} ${vector.accept}`,
      );
    }
    const asWritten = vectors.filter(({ url }) => resolved(url) === url);
    t.ok(asWritten.length > vectors.length * 0.9, `${asWritten.length} of ${vectors.length} as they are written`);
    t.equal(passes(), vectors.length, 'an exception is never a page of Cloudflare’s');
  });
}
