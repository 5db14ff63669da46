import { ServiceError } from './errors.ts';
import type { Order, Outcome } from './transform/apart.ts';
import { setUpSharp } from './transform/sharp-setup.ts';
import { transform } from './transform/transform.ts';

/** Carries out one order of `transform/apart.ts`, and ends: on its own, with its parent, or when it is killed for taking too long. */
process.once('disconnect', () => process.exit());
process.once('message', async ({ original, plan }: Order) => {
  setUpSharp({ svg: 'rasterize', keepsGainMap: false });
  const outcome: Outcome = await transform(original, plan).then(
    (body) => ({ body }),
    (error) =>
      error instanceof ServiceError
        ? { code: error.code, message: error.message }
        : { code: 'internal', message: String(error) },
  );
  process.send?.(outcome);
});
