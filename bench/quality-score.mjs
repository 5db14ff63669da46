import { createRequire } from 'node:module';

const SCORER = '@nrs-binding/ssimulacra2-linux-x64-gnu';

/**
 * SSIMULACRA2 of two PNG files, as a function of their paths: 100 for the same picture, 90 for one that looks the same side by
 * side, 70 for high quality, 50 for medium. Throws with a text for a person where the scorer is missing.
 */
export function loadScorer() {
  try {
    return createRequire(import.meta.url)(SCORER).getScore;
  } catch (cause) {
    if (cause.code !== 'MODULE_NOT_FOUND') throw cause;
    throw new Error(`The scorer is missing: npm install --no-save ${SCORER} (Linux on x64 with glibc only).`, {
      cause,
    });
  }
}
