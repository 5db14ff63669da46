import type { Plan } from './plan.ts';

/** Carries out a plan. */
export type Transform = (original: Uint8Array, plan: Plan) => Promise<Buffer>;

export interface TransformObserver {
  /** Told of each picture that was made. */
  readonly transformed: (from: Plan['from'], to: Plan['format'], pixels: number, seconds: number) => void;
  /** Told of all the time a worker was taken, whatever came of it. */
  readonly workerBusy: (seconds: number) => void;
}

/** A transform that tells how long it took. */
export function observeTransform(inner: Transform, { transformed, workerBusy }: TransformObserver): Transform {
  return async (original, plan) => {
    const started = performance.now();
    const seconds = () => (performance.now() - started) / 1000;
    try {
      const body = await inner(original, plan);
      transformed(plan.from, plan.format, plan.sourcePixels, seconds());
      return body;
    } finally {
      workerBusy(seconds());
    }
  };
}
