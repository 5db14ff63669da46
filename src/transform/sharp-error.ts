import { ServiceError } from '../errors.ts';

/** What libvips adds when the system has refused it something: no space left on the disk, no memory, no such folder. */
const SYSTEM_ERROR = /^system error: /m;

/** An exception of sharp's as an error of ours: the original is at fault, unless this machine is. */
export function sharpError(error: unknown): ServiceError {
  const isOurs = SYSTEM_ERROR.test((error as Error).message);
  return isOurs
    ? new ServiceError('internal', (error as Error).message, { cause: error })
    : new ServiceError('corrupt_image', undefined, { cause: withoutStack(error as Error) });
}

/** The stack of an error of sharp's leads to the picture it is about: 20,000 damaged ones of some kilobytes were 380 MB. */
function withoutStack({ message }: Error): Error {
  const bare = new Error(message);
  bare.stack = message;
  return bare;
}
