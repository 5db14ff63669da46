import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { closeServer, listen, readAll } from './http-relay.ts';

export type Invalidation = {
  readonly id: string;
  readonly reference: string;
  /** As they came: `/path`, `/path*` or `#tag`. */
  readonly items: readonly string[];
};

/** A request that was valid, whatever became of it; `status` is 0 where nothing was answered. */
export type InvalidationRequest = Omit<Invalidation, 'id'> & { readonly status: number };

/** An answer in CloudFront's own words; or one that is lost after it was done, before that, or that never comes. */
export type CloudFrontFault = { readonly status: number; readonly code: string } | 'lost' | 'broken' | 'silent';

export type TestCloudFront = {
  readonly endpoint: string;
  readonly distributionId: string;
  /** By what the SDK finds the endpoint and credentials. */
  readonly environment: Readonly<Record<string, string>>;
  readonly requests: readonly InvalidationRequest[];
  /** What has been taken, each once, however often it was asked for. */
  readonly invalidations: readonly Invalidation[];
  /** What happens to a valid request, before it is looked at any further; undefined lets it pass. */
  fault: CloudFrontFault | undefined;
  /** Nothing is in progress any more. */
  finish(): void;
  /** Connections that are open. */
  openSockets(): Promise<number>;
  /** Nobody listens any more: what connects is refused. */
  close(): Promise<void>;
};

// InvalidationLimits.html and invalidation-specifying-tags.html of the developer guide; the length of a path and of a tag, too.
const MOST_FILES = 3_000;
const MOST_WILDCARDS = 15;
const PATH = /^(?=.{1,4000}$)\/(?:[A-Za-z0-9\-._!$&'()+,;=:@/]|%[0-9A-F]{2})*\*?$/;
const TAG = /^#[!-+\--~]{1,256}$/;

const KEY_ID = 'CFTEST';
const ENVIRONMENT = { AWS_ACCESS_KEY_ID: KEY_ID, AWS_SECRET_ACCESS_KEY: 'secret' };
const DISTRIBUTION = 'EDFDVBD6EXAMPLE';
const NAMESPACE = 'http://cloudfront.amazonaws.com/doc/2020-05-31/';

class Refusal extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string) {
    super(code);
    this.status = status;
    this.code = code;
  }
}

/** CloudFront's CreateInvalidation of one distribution, stricter than it: whatever it might take otherwise is refused. */
export async function startCloudFrontServer(): Promise<TestCloudFront> {
  const requests: InvalidationRequest[] = [];
  const { invalidations, take, finish } = createLedger();
  const server = createServer(async (req, res) => {
    const body = await readAll(req);
    try {
      const request = readRequest(req, String(body));
      log(request, res);
      answer(request, res);
    } catch (error) {
      sendRefusal(res, error as Refusal);
    }
  });
  // What is idle is closed by whoever opened it, or shows.
  server.keepAliveTimeout = 0;
  const endpoint = await listen(server);

  function log({ reference, items }: Omit<Invalidation, 'id'>, res: ServerResponse): void {
    requests.push({
      reference,
      items,
      get status() {
        return res.headersSent ? res.statusCode : 0;
      },
    });
  }

  function answer({ reference, items }: Omit<Invalidation, 'id'>, res: ServerResponse): void {
    const { fault } = cloudfront;
    if (typeof fault === 'object') throw new Refusal(fault.status, fault.code);
    if (fault === 'silent') return;
    const taken = fault === 'broken' ? undefined : take(reference, items);
    if (taken === undefined || fault === 'lost') res.destroy();
    else sendInvalidation(res, taken);
  }

  const cloudfront: TestCloudFront = {
    endpoint,
    distributionId: DISTRIBUTION,
    environment: { ...ENVIRONMENT, AWS_ENDPOINT_URL_CLOUDFRONT: endpoint },
    requests,
    invalidations,
    fault: undefined,
    finish,
    openSockets: () => promisify(server.getConnections.bind(server))(),
    close: () => closeServer(server),
  };
  return cloudfront;
}

/** What has been taken, and what of it is in progress. */
function createLedger() {
  const invalidations: Invalidation[] = [];
  let finished = 0;

  /** The invalidation that a request is, or was before. */
  function take(reference: string, items: readonly string[]): Invalidation {
    const known = invalidations.find((one) => one.reference === reference);
    if (known && known.items.join() !== items.join()) throw new Refusal(400, 'InvalidationBatchAlreadyExists');
    if (known) return known;
    const inProgress = [...items, ...invalidations.slice(finished).flatMap((one) => one.items)];
    const wildcards = inProgress.filter((item) => item.startsWith('/') && item.endsWith('*')).length;
    if (wildcards > MOST_WILDCARDS || inProgress.length - wildcards > MOST_FILES) {
      throw new Refusal(400, 'TooManyInvalidationsInProgress');
    }
    const invalidation = { id: `I${invalidations.length}`, reference, items };
    invalidations.push(invalidation);
    return invalidation;
  }

  return {
    invalidations,
    take,
    finish() {
      finished = invalidations.length;
    },
  };
}

const SIGNED = new RegExp(
  `^AWS4-HMAC-SHA256 Credential=${KEY_ID}/\\d{8}/us-east-1/cloudfront/aws4_request, SignedHeaders=\\S*host\\S*, Signature=[0-9a-f]{64}$`,
);

const BATCH = new RegExp(
  `^(?:<\\?xml version="1.0" encoding="UTF-8"\\?>)?<InvalidationBatch xmlns="${NAMESPACE}">` +
    '<Paths><Quantity>(\\d+)</Quantity><Items>((?:<Path>[^<]+</Path>)+)</Items></Paths>' +
    '<CallerReference>([^<]+)</CallerReference></InvalidationBatch>$',
);

function readRequest(req: IncomingMessage, body: string): Omit<Invalidation, 'id'> {
  if (!SIGNED.test(req.headers.authorization ?? '')) throw new Refusal(403, 'AccessDenied');
  const [, id] = /^\/2020-05-31\/distribution\/([^/?]+)\/invalidation$/.exec(req.url ?? '') ?? [];
  if (req.method !== 'POST' || id === undefined) throw new Refusal(404, 'NoSuchResource');
  if (id !== DISTRIBUTION) throw new Refusal(404, 'NoSuchDistribution');
  return readBatch(body);
}

function readBatch(body: string): Omit<Invalidation, 'id'> {
  const [, quantity, list = '', reference = ''] = BATCH.exec(body) ?? [];
  if (quantity === undefined) throw new Refusal(400, 'MalformedXML');
  const items = [...list.matchAll(/<Path>([^<]+)<\/Path>/g)].map(([, item = '']) => unescapeXml(item));
  if (items.length !== Number(quantity)) throw new Refusal(400, 'InconsistentQuantities');
  if (items.length > MOST_FILES) throw new Refusal(413, 'BatchTooLarge');
  if (!items.every((item) => PATH.test(item) || TAG.test(item))) throw new Refusal(400, 'InvalidArgument');
  return { reference, items };
}

function sendInvalidation(res: ServerResponse, { id, reference, items }: Invalidation): void {
  const paths = items.map((item) => `<Path>${escapeXml(item)}</Path>`).join('');
  res.writeHead(201, { 'content-type': 'text/xml' });
  res.end(
    `<?xml version="1.0"?><Invalidation xmlns="${NAMESPACE}"><Id>${id}</Id><Status>InProgress</Status>` +
      '<CreateTime>2026-01-01T00:00:00.000Z</CreateTime><InvalidationBatch>' +
      `<Paths><Quantity>${items.length}</Quantity><Items>${paths}</Items></Paths>` +
      `<CallerReference>${escapeXml(reference)}</CallerReference></InvalidationBatch></Invalidation>`,
  );
}

function sendRefusal(res: ServerResponse, { status, code }: Refusal): void {
  res.writeHead(status, { 'content-type': 'text/xml' });
  res.end(
    `<?xml version="1.0"?><ErrorResponse xmlns="${NAMESPACE}"><Error><Type>Sender</Type><Code>${code}</Code>` +
      '<Message>no</Message></Error><RequestId>0</RequestId></ErrorResponse>',
  );
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&amp;': '&',
  '&lt;': '<',
  '&gt;': '>',
  '&apos;': "'",
  '&quot;': '"',
};

function unescapeXml(text: string): string {
  return text.replace(/&\w+;/g, (entity) => ENTITIES[entity] ?? entity);
}

function escapeXml(text: string): string {
  return text.replace(/[&<>]/g, (char) => `&#${char.charCodeAt(0)};`);
}
