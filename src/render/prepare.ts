import { setTimeout as wait } from 'node:timers/promises';
import type { Source, SourceStatus } from '../sources/source.ts';
import type { Transform } from '../transform/observe.ts';
import { warmUp } from './warm-up.ts';

export interface PrepareOptions {
  readonly source: Source;
  readonly transform: Transform;
  /** Sets or lifts the reason of one kind why the service is not ready. */
  readonly report: (kind: 'codecs' | 'source', reason: string | undefined) => void;
  /** Told of each check of the source. */
  readonly onStatus: (status: SourceStatus) => void;
  readonly retryMs: number;
  readonly signal: AbortSignal;
}

const CHECK_TIMEOUT_MS = 10_000;

/** Makes the service ready: warms up every codec, and checks the source again and again until it can be read. */
export async function prepare(options: PrepareOptions): Promise<void> {
  await Promise.all([prepareCodecs(options), prepareSource(options)]);
}

async function prepareCodecs({ transform, report }: PrepareOptions): Promise<void> {
  try {
    await warmUp(transform);
    report('codecs', undefined);
  } catch (error) {
    report('codecs', `a codec does not work: ${String((error as Error).cause ?? error)}`);
  }
}

async function prepareSource({ source, report, onStatus, retryMs, signal }: PrepareOptions): Promise<void> {
  while (!signal.aborted) {
    const status = await checkSource(source, signal);
    if (signal.aborted) return;
    report('source', status.readable ? undefined : status.detail);
    onStatus(status);
    if (status.readable) return;
    await wait(retryMs, undefined, { signal, ref: false }).catch(() => {});
  }
}

async function checkSource(source: Source, signal: AbortSignal): Promise<SourceStatus> {
  try {
    return await source.check(AbortSignal.any([signal, AbortSignal.timeout(CHECK_TIMEOUT_MS)]));
  } catch (error) {
    return { readable: false, detail: `${source.id} cannot be checked: ${(error as Error).message}` };
  }
}
