import type { Config } from '../config.ts';

export interface Listening {
  readonly publicUrl: string;
  readonly managementUrl: string;
}

/** Pictures of `samples/` that show a resize, a crop with another format, and transparency. */
const EXAMPLES = ['harbour.jpg?w=800', 'portrait.jpg?w=400&h=400&f=webp', 'logo.png?w=256&f=avif'];

/** What an operator needs to know of a start; no secret is among it, since credentials are never part of the configuration. */
export function startReport(config: Config, { publicUrl, managementUrl }: Listening): Readonly<Record<string, string>> {
  const megabytes = (bytes: number) => `${(bytes / 2 ** 20).toFixed(0)} MiB`;
  const megapixels = (pixels: number) => `${(pixels / 1e6).toFixed(1)} MP`;
  return {
    images: publicUrl,
    management: managementUrl,
    originals: config.source,
    ...(config.dialect === 'native' ? {} : { urls: `read as COMPAT=${config.dialect} says` }),
    ...accessOf(config),
    limits: [
      `originals ${megabytes(config.maxSourceBytes)} and ${megapixels(config.maxSourcePixels)}`,
      `variants ${config.maxWidth}x${config.maxHeight}`,
      `${config.workers} workers`,
      `queue ${config.queueLength}`,
      `deadline ${config.deadlineMs / 1000} s`,
      `memory cache ${megabytes(config.cacheMemoryBytes)}`,
    ].join(', '),
  };
}

/** Who may ask, where not everybody may. */
function accessOf({ signing, originSecrets }: Config): Readonly<Record<string, string>> {
  const ids = signing.keys.map(({ id }) => id).join(', ');
  const exempt = signing.exemptions.length > 0 ? `, but for ${signing.exemptions.join(' and ')}` : '';
  const rules = [
    ...(signing.isRequired ? [`URLs are signed by ${ids}${exempt}`] : []),
    ...(originSecrets ? ['requests name the secret of the CDN'] : []),
  ];
  return rules.length > 0 ? { access: rules.join('; ') } : {};
}

/**
 * Says on standard output that the service listens: to a person in lines, with addresses to open when these are the sample
 * pictures; in production as one line of the log's kind.
 */
export function announceStart(config: Config, listening: Listening, samples: string): void {
  const report = startReport(config, listening);
  const areOpen = config.source === samples && !('access' in report);
  const text = config.production ? `${JSON.stringify({ msg: 'listening', ...report })}\n` : startText(report, areOpen);
  process.stdout.write(text);
}

function startText(report: Readonly<Record<string, string>>, areOpen: boolean): string {
  const lines = Object.entries(report).map(([name, value]) => `  ${name.padEnd(11)} ${value}`);
  const examples = areOpen ? ['Try:', ...EXAMPLES.map((example) => `  ${report.images}/${example}`)] : [];
  return ['Lambent is listening.', ...lines, ...examples, ''].join('\n');
}
