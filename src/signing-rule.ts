import type { Logger } from 'pino';
import type { Config } from './config.ts';
import type { SigningRule } from './http/asked.ts';
import type { Verifier } from './request/signature.ts';
import { isSigned } from './signing-keys.ts';

/** Who has to sign what; each string that was judged is in the log of who looks for why it was refused. */
export function signingRule({ signing }: Config, logger: Logger): SigningRule | undefined {
  const { isRequired, keys, exemptions } = signing;
  if (keys.length === 0) return undefined;
  const verifier: Verifier = {
    kids: keys.map(({ id }) => id),
    isSigned: (kid, text, sig) => keys.some((key) => key.id === kid && isSigned(text, sig, key)),
  };
  const onJudged = (text: string, complaint: string | undefined) =>
    logger.debug({ signed: text, complaint }, complaint === undefined ? 'signature accepted' : 'signature refused');
  return { isRequired, verifier, exemptions, onJudged };
}
