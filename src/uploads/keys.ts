import { createHash } from 'node:crypto';

/** Where an upload waits to be confirmed: nothing is served from there, and the bucket's lifecycle empties it. */
export const TEMPORARY_FOLDER = 'tmp';

/** Where confirmed objects are for good, by who may read them. */
export const PERMANENT_FOLDERS = { public: 'files', private: 'private' } as const;

export type Visibility = keyof typeof PERMANENT_FOLDERS;

/** The folder of whoever uploads, within each of those above. */
export type Owner = string;

/** What an upload is called, in whichever folder it is: nothing of it is of the client's choice but one of few extensions. */
export interface UploadName {
  readonly owner: Owner;
  /** A UUID and an extension. */
  readonly file: string;
}

/** Subjects that are folders by themselves: S3 and URLs have them as they are, and none looks like a digest. */
const PLAIN_SUBJECT = /^[A-Za-z0-9_-]{1,64}$/;

/** The folder of a subject; of one that makes no good name, by its digest, which no plain one can be since it has a point. */
export function ownerOf(subject: string): Owner {
  if (PLAIN_SUBJECT.test(subject)) return subject;
  return `s.${createHash('sha256').update(subject).digest('base64url')}`;
}

export function temporaryKey({ owner, file }: UploadName): string {
  return `${TEMPORARY_FOLDER}/${owner}/${file}`;
}

export function permanentKey({ owner, file }: UploadName, visibility: Visibility): string {
  return `${PERMANENT_FOLDERS[visibility]}/${owner}/${file}`;
}

/** What a key names that was confirmed here. */
export interface PermanentObject extends UploadName {
  readonly visibility: Visibility;
}

const PERMANENT_KEY =
  /^([a-z]+)\/([A-Za-z0-9_.-]{1,64})\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\.[a-z0-9]{1,5})$/;

/** By segments, each of a form of its own: `..`, an empty one or a folder's name with something after it are none of them. */
export function readPermanentKey(key: string): PermanentObject | undefined {
  const [, folder, owner = '', file = ''] = PERMANENT_KEY.exec(key) ?? [];
  const visibility = (Object.keys(PERMANENT_FOLDERS) as Visibility[]).find(
    (name) => PERMANENT_FOLDERS[name] === folder,
  );
  return visibility && { visibility, owner, file };
}
