import type { MultipartFile } from '@fastify/multipart';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { orAborted } from '../abort.ts';
import { ServiceError } from '../errors.ts';
import type { Arriving, Received } from '../uploads/receive.ts';
import { readName, readType, type UploadLimits } from '../uploads/upload-requests.ts';
import { formatOf } from '../uploads/upload-types.ts';
import { outcomeOf } from './error-handler.ts';
import { startDeadline } from './request-deadline.ts';

export interface EditorUploadOptions {
  readonly receive: (arriving: Arriving, subject: string, signal: AbortSignal) => Promise<Received>;
  /** A place among the bodies that are held in part; given back by what it returns. */
  readonly enter: (signal: AbortSignal) => Promise<() => void>;
  /** How long a body may take to arrive, in milliseconds. */
  readonly bodyMs: number;
}

interface Settings extends EditorUploadOptions {
  readonly limits: UploadLimits;
  readonly observe: (step: 'receive', outcome: string) => void;
}

/** The field of the form: CKEditor's. */
const FIELD = 'upload';
/** What comes in front of the file is not looked at. */
const MAX_FIELDS = 8;
const MAX_FIELD_BYTES = 1_024;

/** `POST …/ckeditor`, as the Simple Upload Adapter of CKEditor 5 sends it, and answered as it reads it. */
export function editorUploads(app: FastifyInstance, settings: Settings, done: () => void): void {
  const { receive, enter, bodyMs, limits, observe } = settings;
  const types = limits.types.filter((type) => formatOf(type) !== undefined);
  // One for all pictures.
  const fileSize = Math.min(limits.maxBytes, limits.maxPictureBytes);

  app.post('/ckeditor', async (request, reply) => {
    try {
      const { signal } = startDeadline(reply, bodyMs);
      const release = await enter(signal);
      try {
        const file = await orAborted(fileIn(request), signal);
        const received = await take(file, (arriving) => receive(arriving, request.subject, signal));
        observe('receive', 'done');
        reply.code(201);
        return answerOf(received, request.originalUrl.endsWith('?srcset=0'));
      } finally {
        release();
      }
    } catch (error) {
      observe('receive', outcomeOf(error));
      throw error;
    }
  });
  done();

  /** A form that is refused is read to its end: a browser that is still sending looks for no answer. */
  async function take<T>(file: MultipartFile | undefined, work: (arriving: Arriving) => Promise<T>): Promise<T> {
    try {
      return await work(arrivingIn(file));
    } catch (error) {
      file?.file.resume();
      throw error;
    }
  }

  async function fileIn(request: FastifyRequest): Promise<MultipartFile | undefined> {
    try {
      return await request.file({ limits: { files: 1, fileSize, fields: MAX_FIELDS, fieldSize: MAX_FIELD_BYTES } });
    } catch (error) {
      // What reads forms has errors without a status.
      throw new ServiceError('bad_upload', `The form: ${(error as Error).message}`, { cause: error });
    }
  }

  function arrivingIn(file: MultipartFile | undefined): Arriving {
    if (file?.fieldname !== FIELD)
      throw new ServiceError('bad_upload', `expected a form with a file in the field "${FIELD}"`);
    const { filename, mimetype, file: body } = file;
    return {
      name: readName(filename),
      type: readType(mimetype, { ...limits, types }),
      body,
      isCut: () => body.truncated,
    };
  }
}

/**
 * The adapter takes `urls` for the sources of a picture, each by its width, and looks at them only where there is no `url`; the token reaches the
 * page with the event `uploadComplete`.
 */
function answerOf({ url, candidates, ...rest }: Received, isPlain: boolean): object {
  if (isPlain || candidates.length === 0) return { url, ...rest };
  const urls = Object.fromEntries(candidates.map((candidate) => [candidate.width, candidate.url]));
  return { urls: { default: url, ...urls }, ...rest };
}
