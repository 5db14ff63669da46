import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { createPurgeMetrics, type PurgeMetrics } from './purge-metrics.ts';

/** What is counted elsewhere and only read when somebody asks. */
export interface Gauges {
  readonly workers: number;
  /** Waiting and working, by gate. */
  readonly admissions: Readonly<Record<string, { readonly active: number; readonly waiting: number }>>;
  readonly memoryTier: { readonly bytes: number; readonly entries: number };
  /** Bytes of originals. */
  readonly kept: { readonly bytes: number };
}

/** Every metric of the service by its name; labels have few and known values. docs/metrics.md explains each. */
export interface Metrics extends PurgeMetrics {
  readonly registry: Registry;
  request(ended: {
    outcome: string;
    status: number;
    seconds: number;
    error?: string | undefined;
    stale?: string | undefined;
  }): void;
  transformed(from: string, to: string, sourcePixels: number, seconds: number): void;
  workerBusy(seconds: number): void;
  waited(gate: string, seconds: number): void;
  shed(reason: string): void;
  sourceAnswered(result: string, seconds: number): void;
  sourceRetried(times: number): void;
  evicted(): void;
  storeAsked(outcome: string): void;
  uploadStep(step: string, outcome: string): void;
  /** To be called once, when the parts that it reads are there. */
  watch(gauges: Gauges): void;
}

const PREFIX = 'lambent_';
/** From a hit in memory to the deadline, in seconds. */
const LATENCY_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
/** Upper bounds of megapixels to decode, as labels; the default limit is 50. */
const MEGAPIXEL_CLASSES = [1, 5, 10, 25, 50];

export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry, prefix: PREFIX });

  const requests = new Counter({
    name: `${PREFIX}requests_total`,
    help: 'Requests by what the cache did and status class.',
    labelNames: ['outcome', 'status'],
    registers,
  });
  const errors = new Counter({
    name: `${PREFIX}errors_total`,
    help: 'Requests that ended in an error, by its code.',
    labelNames: ['code'],
    registers,
  });
  const staleAnswers = new Counter({
    name: `${PREFIX}stale_answers_total`,
    help: 'Answers by a record that was no longer fresh, by reason.',
    labelNames: ['reason'],
    registers,
  });
  const requestSeconds = new Histogram({
    name: `${PREFIX}request_duration_seconds`,
    help: 'Time from a request to the end of its answer.',
    labelNames: ['outcome'],
    buckets: LATENCY_BUCKETS,
    registers,
  });
  const transformSeconds = new Histogram({
    name: `${PREFIX}transform_duration_seconds`,
    help: 'Time a worker spent on a picture, by formats and megapixels decoded.',
    labelNames: ['from', 'to', 'megapixels'],
    buckets: LATENCY_BUCKETS,
    registers,
  });
  const queueSeconds = new Histogram({
    name: `${PREFIX}queue_wait_seconds`,
    help: 'Time waited for a place, by gate.',
    labelNames: ['gate'],
    buckets: LATENCY_BUCKETS,
    registers,
  });
  const workerSeconds = new Counter({
    name: `${PREFIX}worker_busy_seconds_total`,
    help: 'Time that workers were busy; its rate divided by lambent_workers is their utilisation.',
    registers,
  });
  const shed = new Counter({
    name: `${PREFIX}shed_total`,
    help: 'Requests turned away, by reason.',
    labelNames: ['reason'],
    registers,
  });
  const sourceSeconds = new Histogram({
    name: `${PREFIX}source_duration_seconds`,
    help: 'Time to the head of an answer of the source, by result.',
    labelNames: ['result'],
    buckets: LATENCY_BUCKETS,
    registers,
  });
  const sourceRetries = new Counter({
    name: `${PREFIX}source_retries_total`,
    help: 'Requests to the source that were made again.',
    registers,
  });
  const evictions = new Counter({
    name: `${PREFIX}cache_evictions_total`,
    help: 'Variants dropped from memory for want of room.',
    registers,
  });
  const storeOutcomes = new Counter({
    name: `${PREFIX}store_total`,
    help: 'Reads and writes of the store, by what came of them.',
    labelNames: ['outcome'],
    registers,
  });
  const uploadSteps = new Counter({
    name: `${PREFIX}uploads_total`,
    help: 'Steps of uploads, by what came of them.',
    labelNames: ['step', 'outcome'],
    registers,
  });
  const purges = createPurgeMetrics(registry, PREFIX);

  return {
    registry,
    request({ outcome, status, seconds, error, stale }) {
      if (stale !== undefined) staleAnswers.inc({ reason: stale });
      if (error !== undefined) errors.inc({ code: error });
      requests.inc({ outcome, status: `${Math.floor(status / 100)}xx` });
      requestSeconds.observe({ outcome }, seconds);
    },
    transformed(from, to, sourcePixels, seconds) {
      transformSeconds.observe({ from, to, megapixels: megapixelClass(sourcePixels) }, seconds);
    },
    workerBusy: (seconds) => workerSeconds.inc(seconds),
    waited: (gate, seconds) => queueSeconds.observe({ gate }, seconds),
    shed: (reason) => shed.inc({ reason }),
    sourceAnswered: (result, seconds) => sourceSeconds.observe({ result }, seconds),
    sourceRetried: (times) => sourceRetries.inc(times),
    evicted: () => evictions.inc(),
    storeAsked: (outcome) => storeOutcomes.inc({ outcome }),
    uploadStep: (step, outcome) => uploadSteps.inc({ step, outcome }),
    ...purges,
    watch: (gauges) => watchGauges(registry, gauges),
  };
}

function watchGauges(registry: Registry, gauges: Gauges): void {
  const registers = [registry];
  const gauge = (name: string, help: string, read: () => number) => {
    new Gauge({
      name: `${PREFIX}${name}`,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  };
  gauge('workers', 'Pictures that can be worked on at once.', () => gauges.workers);
  gauge('cache_bytes', 'Bytes of the memory tier in use.', () => gauges.memoryTier.bytes);
  gauge('originals_bytes', 'Bytes of originals kept for their next variant.', () => gauges.kept.bytes);
  gauge('cache_entries', 'Variants in the memory tier.', () => gauges.memoryTier.entries);
  for (const [name, help, key] of [
    ['queue_length', 'Waiting for a place, by gate.', 'waiting'],
    ['admitted', 'Places taken, by gate.', 'active'],
  ] as const) {
    new Gauge({
      name: `${PREFIX}${name}`,
      help,
      labelNames: ['gate'],
      registers,
      collect() {
        for (const [gate, admission] of Object.entries(gauges.admissions)) this.set({ gate }, admission[key]);
      },
    });
  }
}

function megapixelClass(pixels: number): string {
  const bound = MEGAPIXEL_CLASSES.find((megapixels) => pixels <= megapixels * 1e6);
  return bound === undefined ? `>${MEGAPIXEL_CLASSES.at(-1)}` : `<=${bound}`;
}
