import type { IncomingMessage, ServerResponse } from 'node:http';
import type { S3Target } from './s3-target.ts';

/** A request whose signature holds, with its body unwrapped, and the address of s3rver, which asks for none. */
export interface S3Request {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly target: S3Target;
  readonly body: Buffer;
  readonly backend: string;
}

export type Answer = (request: S3Request) => Promise<void>;
