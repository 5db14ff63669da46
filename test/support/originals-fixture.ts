import { type Admission, createAdmission } from '../../src/render/admission.ts';
import { createKeptBytes, type KeptBytes } from '../../src/render/kept-bytes.ts';
import { createOriginalReader, type OriginalReader } from '../../src/render/original-reader.ts';
import { createOriginals, type OriginalLease, type Originals } from '../../src/render/originals.ts';
import { createRecords } from '../../src/render/records.ts';
import { DRAWING_RULES, type DrawingRules } from '../../src/transform/rules.ts';
import { createMemorySource, type MemorySource } from './memory-source.ts';
import { jpeg } from './pictures.ts';
import { quiet } from './waiting.ts';

export const FRESH_MS = 1000;
export const MAX_SOURCE_BYTES = 100_000;

export interface OriginalsFixture {
  readonly source: MemorySource;
  readonly admission: Admission;
  readonly reader: OriginalReader;
  readonly originals: Originals;
  readonly kept: KeptBytes;
  readonly now: () => number;
  hold(key?: string, signal?: AbortSignal): Promise<OriginalLease>;
  /** Holds and lets go, so that the record is known and no bytes are in memory. */
  visit(key?: string): Promise<void>;
  /** Puts the clock forward. */
  advance(ms: number): void;
  /** What is taken and not given back when everything has run that could. */
  leftovers(): Promise<{ readonly active: number; readonly waiting: number; readonly openBodies: number }>;
}

export interface FixtureOptions {
  readonly capacity?: number;
  readonly queueLength?: number;
  readonly freshMs?: number;
  readonly chunkBytes?: number;
  readonly rules?: DrawingRules;
  readonly staleMs?: number;
  readonly staleIfErrorMs?: number;
  /** Room for bytes of originals that nobody holds. */
  readonly keptBytes?: number;
  readonly patienceMs?: number;
}

/** Originals over a source in memory, with a clock that the test puts forward. */
export function setUpOriginals(options: FixtureOptions = {}): OriginalsFixture {
  const {
    capacity = 4,
    queueLength = 100,
    freshMs = FRESH_MS,
    rules = DRAWING_RULES.native,
    staleMs = 0,
    staleIfErrorMs = 0,
    keptBytes = 0,
    patienceMs = 2000,
    ...sourceOptions
  } = options;
  const source = createMemorySource(sourceOptions);
  let time = 0;
  const now = () => time;
  const admission = createAdmission({ capacity, queueLength });
  const reader = createOriginalReader({ source, maxSourceBytes: MAX_SOURCE_BYTES, rules, now });
  const records = createRecords({ freshMs, staleMs, staleIfErrorMs, now });
  const kept = createKeptBytes(keptBytes);
  const originals = createOriginals({ reader, admission, records, kept, patienceMs });
  const hold = (key = 'key', signal = new AbortController().signal) => originals.hold(key, signal);
  return {
    source,
    admission,
    reader,
    originals,
    kept,
    now,
    hold,
    async visit(key) {
      (await hold(key)).release();
    },
    advance(ms) {
      time += ms;
    },
    async leftovers() {
      await quiet();
      const openBodies = source.opens.filter(({ body }) => body === 'open').length;
      return { active: admission.active, waiting: admission.waiting, openBodies };
    },
  };
}

export const NOTHING_LEFT = { active: 0, waiting: 0, openBodies: 0 };

/** A JPEG that takes several chunks: what follows its end marker is no part of the picture. */
export async function longJpeg(width = 40, height = 30): Promise<Buffer> {
  return Buffer.concat([await jpeg(width, height), Buffer.alloc(20_000)]);
}
