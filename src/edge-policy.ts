import { optionPolicy, readConfig } from './config.ts';
import type { UrlPolicy } from './request/canonical-url.ts';

/** What decides how options are read. Of the rest nothing has to be known, or be right, where a CDN is set up. */
const OF_OPTIONS = [
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

/** How an edge before the service with this environment reads URLs; a `ConfigError` for a value that would keep that from starting. */
export function readEdgePolicy(env: NodeJS.ProcessEnv): UrlPolicy {
  const known = OF_OPTIONS.map((name) => [name, env[name]] as const).filter(([, value]) => value !== undefined);
  const policy = optionPolicy(readConfig(Object.fromEntries(known), 'file:///'));
  return { ...policy, isUnsealed: isUnsealed(env) };
}

/** Said and not concluded from what is missing: where a CDN is set up, keys are best not known. */
function isUnsealed({ SIGNING, SIGNING_KEYS = '', UPLOADS_BUCKET = '' }: NodeJS.ProcessEnv): boolean {
  return SIGNING === 'off' && SIGNING_KEYS === '' && UPLOADS_BUCKET === '';
}
