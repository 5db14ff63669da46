import { optionPolicy, readConfig } from '../dist/config.js';

/** What decides how options are read. Of the rest nothing has to be known, or be right, where a CDN is set up. */
const VARIABLES = [
  'COMPAT',
  'DEFAULT_OPTIONS',
  'HEIGHTS',
  'LADDER_MODE',
  'MAX_HEIGHT',
  'MAX_WIDTH',
  'PRESETS_FILE',
  'PRESETS_ONLY',
  'QUALITIES',
  'WATERMARKS_FILE',
  'WIDTHS',
];

/**
 * The policy of the service that has these variables; a `ConfigError` for a value that would keep it from starting.
 *
 * @param {NodeJS.ProcessEnv} env
 */
export function readPolicy(env) {
  const known = VARIABLES.filter((name) => env[name] !== undefined).map((name) => [name, env[name]]);
  return { ...optionPolicy(readConfig(Object.fromEntries(known), 'file:///')), isUnsealed: isUnsealed(env) };
}

/** Said and not concluded from what is missing: where a CDN is set up, keys are best not known. */
function isUnsealed({ SIGNING, SIGNING_KEYS = '', UPLOADS_BUCKET = '' }) {
  return SIGNING === 'off' && SIGNING_KEYS === '' && UPLOADS_BUCKET === '';
}
