import type { OptionPolicy } from '../../src/request/canonical.ts';
import { NO_LADDERS } from '../../src/request/ladder.ts';
import { NO_NAMES } from '../../src/request/names.ts';

/** What a service goes by where nothing is configured. */
export const PLAIN_POLICY: OptionPolicy = {
  ...NO_NAMES,
  ladders: NO_LADDERS,
  dialect: 'native',
  maxWidth: 4096,
  maxHeight: 4096,
  defaults: {},
};
