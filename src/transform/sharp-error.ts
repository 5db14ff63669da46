import { errorWithoutStack, ServiceError } from '../errors.ts';

/** What libvips adds when the system has refused it something: no space left on the disk, no memory, no such folder. */
const SYSTEM_ERROR = /^system error: /m;

/** An exception of sharp's as an error of ours: the original is at fault, unless this machine is. */
export function sharpError(error: unknown): ServiceError {
  const isOurs = SYSTEM_ERROR.test((error as Error).message);
  return isOurs
    ? new ServiceError('internal', (error as Error).message, { cause: error })
    : new ServiceError('corrupt_image', undefined, { cause: errorWithoutStack((error as Error).message) });
}
