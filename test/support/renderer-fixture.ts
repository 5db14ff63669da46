import { createMemoryTier } from '../../src/cache/memory.ts';
import type { Tier } from '../../src/cache/tier.ts';
import { createAdmission } from '../../src/render/admission.ts';
import type { OriginalLease } from '../../src/render/originals.ts';
import { createRefusals } from '../../src/render/refusals.ts';
import { createRenderer, type Rendered } from '../../src/render/renderer.ts';
import { identifyVariant, type Variant } from '../../src/render/variant.ts';
import type { Plan } from '../../src/transform/plan.ts';
import { longJpeg, setUpOriginals } from './originals-fixture.ts';
import { PLAN } from './plans.ts';
import { type Deferred, deferred, quiet } from './waiting.ts';

export const picture = await longJpeg(40, 30);

export interface Transforming extends Deferred<Buffer> {
  readonly original: Uint8Array;
  readonly plan: Plan;
}

export interface RendererFixtureOptions {
  /** Of the workers. */
  readonly capacity?: number;
  readonly queueLength?: number;
  /** Originals that can be in memory at once. */
  readonly places?: number;
  /** Of the stored picture. */
  readonly cacheControl?: string;
  readonly store?: Tier;
}

/** A renderer over one stored picture, whose transforms the test ends itself. */
export function setUpRenderer({
  capacity = 2,
  queueLength = 10,
  places = 4,
  cacheControl,
  store,
}: RendererFixtureOptions = {}) {
  const fixture = setUpOriginals({ capacity: places });
  const etag = fixture.source.put('key', picture, { cacheControl });
  const workers = createAdmission({ capacity, queueLength });
  const transforms: Transforming[] = [];
  const render = createRenderer({
    memory: createMemoryTier({ maxBytes: 100_000 }),
    store,
    refusals: createRefusals(fixture.now),
    workers,
    transform(original, plan) {
      const ending = deferred<Buffer>();
      transforms.push({ original, plan, ...ending });
      return ending.promise;
    },
  });
  const variant = (plan: Partial<Plan> = {}) =>
    identifyVariant({
      sourceId: fixture.source.id,
      objectKey: 'key',
      originalEtag: etag,
      plan: { ...PLAN, ...plan },
    });
  /** As the route asks: holding the original, with a lease of its own unless it is given one. */
  async function hold(wanted: Variant, signal: AbortSignal): Promise<Rendered> {
    const lease = await fixture.originals.hold('key', signal);
    try {
      return await render(wanted, lease, { signal });
    } finally {
      lease.release();
    }
  }
  function request(wanted = variant(), lease?: OriginalLease) {
    const controller = new AbortController();
    const { signal } = controller;
    const rendered = lease ? render(wanted, lease, { signal }) : hold(wanted, signal);
    return { rendered, leave: () => controller.abort(new Error('left')) };
  }
  /** The transform that was started as the nth, once everything has run that could. */
  async function transforming(index: number): Promise<Transforming> {
    // Before it stands a header that is read by another thread.
    for (let turns = 0; !transforms[index] && turns < 10_000; turns++) await quiet();
    const found = transforms[index];
    if (!found) throw new Error(`No transform ${index} was started.`);
    return found;
  }
  return { ...fixture, workers, transforms, variant, request, transforming };
}
