import { attempt, invalid } from './config-error.ts';
import { readOrigins, readValues, toBytes, type Values } from './config-values.ts';
import { readOptions, readPresets, readWatermarks } from './named.ts';
import { checkPlaces } from './places.ts';
import { checkOnLadders, readLadders, readSigning, type Signing } from './protection.ts';
import type { OptionPolicy } from './request/canonical.ts';
import type { Ladders } from './request/ladder.ts';
import type { Options } from './request/options.ts';
import type { Dialect } from './request/parse.ts';
import type { SvgRule } from './transform/rules.ts';
import type { WatermarkSpec } from './transform/watermark.ts';
import { readUploads, type UploadsConfig } from './uploads-config.ts';

const DRAIN_SLACK_MS = 5_000;

export interface Config {
  /** `NODE_ENV=production`. */
  readonly production: boolean;
  readonly host: string;
  readonly port: number;
  readonly managementPort: number;
  readonly logLevel: string;
  /** `file:`, `s3:` or `https:` URL. */
  readonly source: string;
  readonly s3ForcePathStyle: boolean;
  /** Whether an `https:` source may have an address that is not public. */
  readonly sourceAllowPrivate: boolean;
  /** Redirects of an `https:` source that are followed. */
  readonly sourceRedirects: number;
  readonly originalFreshMs: number;
  readonly originalStaleMs: number;
  readonly originalStaleIfErrorMs: number;
  readonly cacheOriginalsBytes: number;
  readonly cacheMemoryBytes: number;
  /** `file:` or `s3:` URL; without one, variants are kept in memory alone. */
  readonly cacheStore: string | undefined;
  readonly cacheStoreBytes: number;
  readonly cacheControl: string;
  readonly cacheTagHeader: string;
  /** Unset: nothing is purged by request. */
  readonly purgeToken: string | undefined;
  readonly purgePropagationMs: number;
  /** Unset: nothing is purged by notification. */
  readonly purgeQueueUrl: string | undefined;
  /** A distribution's id; unset: no CDN is told. */
  readonly purgeCloudFront: string | undefined;
  readonly purgeCloudFrontBy: 'tags' | 'paths';
  readonly maxWidth: number;
  readonly maxHeight: number;
  readonly maxSourceBytes: number;
  readonly maxSourcePixels: number;
  readonly maxFrames: number;
  readonly avifMaxPixels: number;
  readonly defaultOptions: Options;
  readonly ladders: Ladders;
  readonly signing: Signing;
  /** Unset: requests need not come by way of the CDN. */
  readonly originSecrets: readonly string[] | undefined;
  readonly presets: Readonly<Record<string, Options>>;
  readonly presetsOnly: boolean;
  readonly watermarks: Readonly<Record<string, WatermarkSpec>>;
  /** Whether colours that sRGB lacks are kept, with their profile. */
  readonly keepsProfile: boolean;
  readonly keepsGainMap: boolean;
  readonly keepsCredit: boolean;
  readonly dialect: Dialect;
  /** Unset: as the dialect has it. */
  readonly svg: SvgRule | undefined;
  /** The path of a picture. */
  readonly fallbackImage: string | undefined;
  /** Unset: that of the error. */
  readonly fallbackStatus: number | undefined;
  readonly workers: number;
  readonly queueLength: number;
  readonly deadlineMs: number;
  readonly drainDelayMs: number;
  /** After so long a drain is given up: the delay, one request begun at its end, and some slack. */
  readonly drainLimitMs: number;
  readonly corsOrigins: '*' | readonly string[];
  /** Unset: there are none. */
  readonly uploads: UploadsConfig | undefined;
}

/** Reads every variable once. `sampleSource` is served when nothing is set and this is not production. */
export function readConfig(env: NodeJS.ProcessEnv, sampleSource: string): Config {
  const values = readValues(env);
  const production = env.NODE_ENV === 'production';
  if (production && values.SOURCE === undefined) throw invalid('SOURCE', undefined);
  const named = readNamed(values);
  const source = values.SOURCE ?? sampleSource;
  checkPlaces(values, source);
  const config: Config = Object.freeze({
    production,
    host: values.HOST ?? (production ? '0.0.0.0' : '127.0.0.1'),
    port: values.PORT,
    managementPort: values.MANAGEMENT_PORT,
    logLevel: values.LOG_LEVEL,
    source,
    s3ForcePathStyle: values.S3_FORCE_PATH_STYLE,
    sourceAllowPrivate: values.SOURCE_ALLOW_PRIVATE,
    sourceRedirects: values.SOURCE_REDIRECTS,
    originalFreshMs: values.ORIGINAL_FRESH_MS,
    originalStaleMs: values.ORIGINAL_STALE_MS,
    originalStaleIfErrorMs: values.ORIGINAL_STALE_IF_ERROR_MS,
    cacheOriginalsBytes: toBytes(values.CACHE_ORIGINALS_BYTES),
    cacheStore: values.CACHE_STORE,
    cacheStoreBytes: toBytes(values.CACHE_STORE_BYTES),
    cacheMemoryBytes: toBytes(values.CACHE_MEMORY_BYTES),
    cacheControl: values.CACHE_CONTROL,
    cacheTagHeader: values.CACHE_TAG_HEADER,
    purgeToken: values.PURGE_TOKEN,
    purgePropagationMs: values.PURGE_PROPAGATION_MS,
    purgeQueueUrl: values.PURGE_QUEUE_URL,
    purgeCloudFront: values.PURGE_CLOUDFRONT,
    purgeCloudFrontBy: values.PURGE_CLOUDFRONT_BY,
    maxWidth: values.MAX_WIDTH,
    maxHeight: values.MAX_HEIGHT,
    maxSourceBytes: toBytes(values.MAX_SOURCE_BYTES),
    maxSourcePixels: values.MAX_SOURCE_PIXELS,
    maxFrames: values.MAX_FRAMES,
    avifMaxPixels: values.AVIF_MAX_PIXELS,
    ...named,
    ladders: readLadders(values),
    signing: readSigning(values),
    originSecrets: values.ORIGIN_SECRETS?.split(','),
    keepsProfile: values.COLOR_PROFILE === 'keep',
    keepsGainMap: values.HDR === 'keep',
    keepsCredit: values.KEEP_COPYRIGHT,
    dialect: values.COMPAT ?? 'native',
    svg: values.SVG,
    fallbackImage: values.FALLBACK_IMAGE,
    fallbackStatus: values.FALLBACK_STATUS === undefined ? undefined : Number(values.FALLBACK_STATUS),
    workers: values.WORKERS,
    queueLength: values.QUEUE_LENGTH,
    deadlineMs: values.DEADLINE_MS,
    drainDelayMs: values.DRAIN_DELAY_MS,
    drainLimitMs: values.DRAIN_DELAY_MS + values.DEADLINE_MS + DRAIN_SLACK_MS,
    corsOrigins: readOrigins(values.CORS_ORIGINS),
    uploads: readUploads(values, source),
  });
  checkOnLadders(optionPolicy(config));
  return config;
}

/** What a request's options are read and bounded by. */
export function optionPolicy(config: Config): OptionPolicy {
  const { dialect, maxWidth, maxHeight, ladders, presets, presetsOnly } = config;
  const [defaults, watermarks] = [config.defaultOptions, Object.keys(config.watermarks)];
  return { dialect, maxWidth, maxHeight, ladders, defaults, presets, presetsOnly, watermarks };
}

type Named = Pick<Config, 'defaultOptions' | 'presets' | 'presetsOnly' | 'watermarks'>;

/** What names stand for, and what is written in the grammar of a URL. */
function readNamed(values: Values): Named {
  const { DEFAULT_OPTIONS, PRESETS_FILE, PRESETS_ONLY: presetsOnly, WATERMARKS_FILE, COMPAT } = values;
  const watermarks =
    WATERMARKS_FILE === undefined
      ? {}
      : attempt('WATERMARKS_FILE', WATERMARKS_FILE, 'a JSON file of watermarks by name', readWatermarks);
  const names = Object.keys(watermarks);
  const presets =
    PRESETS_FILE === undefined
      ? undefined
      : attempt('PRESETS_FILE', PRESETS_FILE, 'a JSON file of options by name', (file) => readPresets(file, names));
  if (presetsOnly && (presets === undefined || COMPAT !== undefined))
    throw invalid('PRESETS_ONLY', 'true', 'it beside PRESETS_FILE, and without COMPAT');
  const defaultOptions = attempt('DEFAULT_OPTIONS', DEFAULT_OPTIONS, 'options as in a URL', (text) =>
    readOptions(text, names),
  );
  return { defaultOptions, presets: presets ?? {}, presetsOnly, watermarks };
}
