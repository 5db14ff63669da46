import { hash } from 'node:crypto';
import { ServiceError } from '../errors.ts';
import { sniffFormat } from '../sniff.ts';
import type { ImageFacts } from '../transform/facts.ts';
import type { OriginalHold, OriginalLease } from './originals.ts';
import { readContent } from './record.ts';

/** An original that is always there and never changes, held by everybody. */
export interface FixedOriginal extends OriginalHold {
  readonly bytes: Buffer;
  readonly facts: ImageFacts;
}

/** Of a picture of pixels; `unsupported_image` or `corrupt_image` for anything else. */
export async function createFixedOriginal(bytes: Buffer, lastModified: Date): Promise<FixedOriginal> {
  const format = sniffFormat(bytes);
  if (format === undefined || format === 'svg') throw new ServiceError('unsupported_image');
  const content = await readContent(bytes, format);
  if (content.kind === 'refused') throw content.error;
  const head = { etag: `"${hash('sha256', bytes, 'base64url')}"`, lastModified };
  const release = () => {};
  const lease: OriginalLease = {
    record: { head, content, storable: true, mayBeStale: true, checkedAt: 0 },
    isPurged: () => false,
    share: () => lease,
    release,
    bytes: async () => bytes,
  };
  return { ...lease, bytes, facts: content.facts };
}
