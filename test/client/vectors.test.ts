import t from 'tap';
import { imageUrl } from '../../src/client.ts';
import { readEdgePolicy } from '../../src/edge-policy.ts';
import type { OptionPolicy } from '../../src/request/canonical.ts';
import { parseRequest } from '../../src/request/parse.ts';
import { readVectors, type Vector } from '../support/vectors.ts';

/** What a vector is about; undefined for what cannot be read, is signed or is the service's own, and has no other form. */
function read({ url, forwarded }: Vector, policy: OptionPolicy) {
  const isSealed = /[?&](sig|pending)=[^&]/.test(url);
  return forwarded === '*/*' || isSealed ? undefined : parseRequest(url, policy).value;
}

t.test('a page writes the URL that a CDN makes of any other spelling', async (t) => {
  let written = 0;
  for (const { env, vectors } of await readVectors()) {
    const policy = readEdgePolicy(env);
    for (const vector of vectors) {
      const request = read(vector, policy);
      if (request === undefined) continue;
      const { key, options } = request;
      written++;
      t.equal(imageUrl(key, options, { policy }), vector.canonical, `${JSON.stringify(env)} ${vector.url}`);
      t.equal(
        imageUrl(`/${key}`, options, { policy, base: 'https://x.example' }),
        `https://x.example${vector.canonical}`,
      );
    }
  }
  t.ok(written > 400, `${written} vectors`);
});
