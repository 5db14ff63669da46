/** What is counted of purging. A file of its own, so that counting loads no client. */

/** What became of a message each time it was received, and what failed besides. */
export const QUEUE_OUTCOMES = [
  /** Its objects are purged; it is deleted. */
  'purged',
  /** It is about nothing that is served here; it is deleted. */
  'ignored',
  /** Purging its objects failed; it comes again. */
  'failed',
  /** It cannot be read; it comes again, until a redrive policy takes it or it has come too often. */
  'malformed',
  /** It cannot be read and has come too often; it is logged and deleted. */
  'poisonous',
  /** Besides one of the others: it could not be deleted, so it comes again. */
  'delete_failed',
  /** No message: the queue could not be asked. */
  'receive_failed',
] as const;

export type QueueOutcome = (typeof QUEUE_OUTCOMES)[number];

/** What became of a request to CloudFront, but for `dropped`. */
export const INVALIDATION_OUTCOMES = [
  /** CloudFront has taken the invalidation. */
  'accepted',
  /** It failed and is made again. */
  'retried',
  /** CloudFront will never take it: denied, no such distribution, not valid. */
  'refused',
  /** It has failed too often, or the process ended before it worked. */
  'abandoned',
  /** No request: an order found too much waiting. */
  'dropped',
] as const;

export type InvalidationOutcome = (typeof INVALIDATION_OUTCOMES)[number];

/** What came of a look at what replicas tell each other, or of writing to it. */
export const JOURNAL_OUTCOMES = [
  /** Nothing new. */
  'unchanged',
  'read',
  /** It could not be understood; everything was dropped from memory. */
  'corrupt',
  'written',
  /** Another replica wrote first; it is tried again at once. */
  'conflict',
  /** The store did not answer; it is tried again. */
  'failed',
] as const;

export type JournalOutcome = (typeof JOURNAL_OUTCOMES)[number];
