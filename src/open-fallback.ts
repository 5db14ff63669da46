import { readFile, stat } from 'node:fs/promises';
import type { Config } from './config.ts';
import { ConfigError } from './config-error.ts';
import { createFallback, type SendFallback } from './http/fallback.ts';
import type { ImageOptions } from './http/image.ts';
import { createFixedOriginal, type FixedOriginal } from './render/fixed-original.ts';
import type { Render } from './render/renderer.ts';

/** The picture that is sent instead of an error, where there is one. */
export async function openFallback(
  { fallbackImage, fallbackStatus: status }: Config,
  parts: { readonly render: Render; readonly planPolicy: ImageOptions['planPolicy'] },
): Promise<SendFallback | undefined> {
  if (fallbackImage === undefined) return undefined;
  return createFallback({ picture: await readFallback(fallbackImage), status, ...parts });
}

async function readFallback(file: string): Promise<FixedOriginal> {
  try {
    const [bytes, { mtime }] = await Promise.all([readFile(file), stat(file)]);
    return await createFixedOriginal(bytes, mtime);
  } catch (error) {
    throw new ConfigError(
      `FALLBACK_IMAGE is ${JSON.stringify(file)}; expected the path of a picture (${(error as Error).message})`,
    );
  }
}
