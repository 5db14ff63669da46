import type { BucketPlace } from '../bucket-url.ts';

export type Notification =
  /** Each key once, as a request names it: decoded, without the prefix. */
  | { readonly kind: 'changed'; readonly keys: readonly string[] }
  /** Nothing of it is about an object here that was written or removed. */
  | { readonly kind: 'ignored' }
  /** `reason` goes on after "It cannot be read: ". */
  | { readonly kind: 'malformed'; readonly reason: string };

/** An object that was written or removed; its key as it is in the bucket. */
interface Change {
  readonly bucket: string;
  readonly key: string;
}

// SQS carries no more than 1 MiB since August 2025, and a character takes a byte at least.
const MAX_CHARACTERS = 1_048_576;

/** S3's own events after which an object's bytes are others, or gone. A lifecycle transition or a restore leaves them. */
const CHANGES = /^(?:ObjectCreated|ObjectRemoved|LifecycleExpiration):/;

/** The same, as EventBridge calls them; an expiration is a deletion there. */
const DETAIL_TYPES: readonly unknown[] = ['Object Created', 'Object Deleted'];

class Unreadable extends Error {}

/**
 * What one message of a queue tells of: a notification of S3, or an event of EventBridge, either of them also inside an
 * envelope of SNS. Never throws.
 */
export function readNotification(body: string, place: BucketPlace): Notification {
  try {
    const keys = new Set<string>();
    for (const change of changesIn(openEnvelope(body))) {
      const key = requestedKey(change, place);
      // The marker of the folder itself: no request names it.
      if (key) keys.add(key);
    }
    return keys.size === 0 ? { kind: 'ignored' } : { kind: 'changed', keys: [...keys] };
  } catch (error) {
    return { kind: 'malformed', reason: (error as Error).message };
  }
}

/** One level: a topic cannot subscribe to another. */
function openEnvelope(body: string): unknown {
  if (body.length > MAX_CHARACTERS) {
    throw new Unreadable(`it has ${body.length} characters, and SQS carries no more than ${MAX_CHARACTERS}`);
  }
  const message = parse(body, 'it');
  const type = valueAt(message, 'Type');
  if (type === undefined) return message;
  if (type !== 'Notification') {
    // A queue of another account gets these; whoever follows the link in them confirms what anybody may have asked for.
    throw new Unreadable(`it is the ${quote(type)} of SNS, which the owner of the queue has to act on`);
  }
  return parse(textAt(message, 'Message'), 'the Message in its SNS envelope');
}

function changesIn(event: unknown): readonly Change[] {
  const records = valueAt(event, 'Records');
  if (Array.isArray(records)) return records.flatMap((record, index) => changeInRecord(record, `Records[${index}].`));
  if (valueAt(event, 'detail-type') !== undefined) return changeInEvent(event);
  // Sent once, when notifications are configured.
  if (valueAt(event, 'Event') === 's3:TestEvent') return [];
  throw new Unreadable('it is neither a notification of S3 nor an event of EventBridge, alone or in an SNS envelope');
}

/** docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html */
function changeInRecord(record: unknown, where: string): readonly Change[] {
  if (textAt(record, 'eventSource', where) !== 'aws:s3') return [];
  if (!CHANGES.test(textAt(record, 'eventName', where))) return [];
  const bucket = textAt(record, 's3.bucket.name', where);
  return [{ bucket, key: decodeForm(textAt(record, 's3.object.key', where), `${where}s3.object.key`) }];
}

/** docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html; the key is not encoded here. */
function changeInEvent(event: unknown): readonly Change[] {
  if (textAt(event, 'source') !== 'aws.s3') return [];
  if (!DETAIL_TYPES.includes(valueAt(event, 'detail-type'))) return [];
  return [{ bucket: textAt(event, 'detail.bucket.name'), key: textAt(event, 'detail.object.key') }];
}

function requestedKey({ bucket, key }: Change, place: BucketPlace): string | undefined {
  if (bucket !== place.bucket) return undefined;
  const folder = place.prefix === '' ? '' : `${place.prefix}/`;
  return key.startsWith(folder) ? key.slice(folder.length) : undefined;
}

function parse(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Unreadable(`${what} is not JSON`);
  }
}

/** Form encoding: "red flower.jpg" comes as "red+flower.jpg". */
function decodeForm(text: string, where: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    throw new Unreadable(`${where} is not form-encoded UTF-8: ${quote(text)}`);
  }
}

/** The value at a path of names with dots between; undefined, where one of them is missing. */
function valueAt(from: unknown, path: string): unknown {
  let value = from;
  for (const name of path.split('.')) value = (value as Record<string, unknown> | null | undefined)?.[name];
  return value;
}

function textAt(from: unknown, path: string, where = ''): string {
  const value = valueAt(from, path);
  if (typeof value !== 'string') throw new Unreadable(`${where}${path} is not a string`);
  return value;
}

/** As much of it as a line of the log needs. */
function quote(value: unknown): string {
  return JSON.stringify(value).slice(0, 100);
}
