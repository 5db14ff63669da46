import { ServiceError } from '../errors.ts';
import type { Format } from '../formats.ts';
import type { Opened, Source } from '../sources/source.ts';
import type { ImageFacts } from '../transform/facts.ts';
import type { Transform } from '../transform/observe.ts';
import type { Plan } from '../transform/plan.ts';
import { foreignContent, hasMarkup } from '../uploads/foreign-content.ts';
import type { Expected, Inspect, Inspection } from '../uploads/inspection.ts';
import { formatOf, sniffUploadType, type UploadType } from '../uploads/upload-types.ts';
import type { Admission } from './admission.ts';
import { type BodyReader, createBodyReader } from './body-reader.ts';
import { readContent } from './record.ts';

export interface InspectUploadOptions {
  readonly source: Source;
  /** Bounds the pictures in memory, with those that are read to be drawn. */
  readonly admission: Admission;
  readonly types: readonly UploadType[];
  readonly maxPictureBytes: number;
  /** The smallest variant that will be named for such a picture; throws what any of them would be refused with. */
  readonly plan: (facts: ImageFacts) => Plan | undefined;
  readonly workers: Admission;
  readonly transform: Transform;
}

/** Judges uploads by their bytes, with the decoder and the limits that will serve them; nothing that the store or the client says counts. */
export function createInspectUpload(options: InspectUploadOptions): Inspect {
  const { source, admission, types, maxPictureBytes, plan, workers, transform } = options;

  async function inspect(
    opened: Opened,
    reader: BodyReader,
    expected: Expected,
    signal: AbortSignal,
  ): Promise<Inspection> {
    refuseSize(opened.length, expected);
    const head = Buffer.from(await reader.head());
    const type = sniffUploadType(head);
    if (type === undefined || !isAsExpected(type, expected, types)) throw otherType(head, expected);
    const found = { etag: opened.head.etag, type, bytes: opened.length };
    const format = formatOf(type);
    if (format === undefined) return found;
    if (opened.length > maxPictureBytes)
      throw wrong(`It has ${opened.length} bytes; of a picture at most ${maxPictureBytes} are read.`);
    return { ...found, ...(await sidesOf(await reader.rest(), format, signal)) };
  }

  async function sidesOf(
    bytes: Buffer,
    format: Format,
    signal: AbortSignal,
  ): Promise<Pick<ImageFacts, 'width' | 'height'>> {
    const foreign = foreignContent(bytes);
    if (foreign !== undefined) throw wrong(`There is ${foreign} in the picture.`);
    const content = await readContent(bytes, format);
    if (content.kind === 'refused') throw wrong(content.error.message, content.error);
    const { facts } = content;
    try {
      await draw(bytes, plan(facts), signal);
    } catch (error) {
      throw error instanceof ServiceError && error.row.status < 500 ? wrong(error.message, error) : error;
    }
    return { width: facts.width, height: facts.height };
  }

  /** A header is soon written: of what was cut off, or is damaged, only the pixels tell. */
  async function draw(bytes: Buffer, smallest: Plan | undefined, signal: AbortSignal): Promise<void> {
    if (!smallest) return;
    const release = await workers.enter(smallest.cost, signal);
    try {
      await transform(bytes, smallest);
    } finally {
      release();
    }
  }

  return async (key, expected, signal) => {
    const release = await admission.enter(1, signal);
    try {
      const opened = await source.open(key, {}, signal);
      if (opened.status !== 'opened') throw new ServiceError('source_failed', 'Not modified, though nobody asked.');
      const reader = createBodyReader(opened, signal);
      try {
        return await inspect(opened, reader, expected, signal);
      } finally {
        reader.destroy();
      }
    } finally {
      release();
    }
  };
}

function refuseSize(length: number, { size }: Expected): void {
  if (length === 0) throw wrong('It is empty.');
  if (size !== undefined && length !== size) throw wrong(`It has ${length} bytes; ${size} were announced.`);
}

/** Another kind of picture is one, too: what a file is called where it comes from says little. Anything else is what it was announced as. */
function isAsExpected(type: UploadType, expected: Expected, types: readonly UploadType[]): boolean {
  if (type === expected.type) return true;
  return types.includes(type) && formatOf(type) !== undefined && formatOf(expected.type) !== undefined;
}

function otherType(head: Buffer, { type }: Expected): ServiceError {
  const seen = hasMarkup(head) ? ' and have HTML or a script in them' : '';
  return wrong(`It is no ${type}: its first bytes say otherwise${seen}.`);
}

function wrong(message: string, cause?: Error): ServiceError {
  return new ServiceError('wrong_content', message, { cause });
}
