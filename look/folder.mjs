import { readdirSync } from 'node:fs';
import path from 'node:path';
import mime from 'mime';

/** Keys of all files below a folder, without hidden ones. */
export function listKeys(folder) {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)).split(path.sep).join('/'))
    .filter((key) => !/(^|\/)\./.test(key))
    .toSorted();
}

/** Whether a name is one of a picture, of whatever type. */
export function isPictureName(key) {
  return mime.getType(key)?.startsWith('image/') ?? false;
}

/** A folder or file of the command line: npm runs scripts in the package's folder; INIT_CWD is where the person is. */
export function resolveGiven(given) {
  return path.resolve(process.env.INIT_CWD || '.', given);
}
