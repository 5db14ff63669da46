import type { lookup } from 'node:dns';
import { setTimeout } from 'node:timers/promises';
import { Agent, buildConnector, type Dispatcher, Pool } from 'undici';
import { orAborted } from '../abort.ts';
import { ServiceError } from '../errors.ts';
import { createAddressGuard } from './address-guard.ts';
import { isPassingError, isPassingStatus } from './https-error.ts';
import { type AnswerHeaders, headerOf } from './https-head.ts';
import { redirectUrl } from './https-url.ts';
import { createRetryBudget } from './retry-budget.ts';

export interface HttpsSettings {
  /** Whether a host may have an address that is not public, redirects included. */
  readonly allowPrivate: boolean;
  /** Redirects that are followed at most; one more is `source_failed`. */
  readonly redirects: number;
  /** In place of what the system trusts and looks up, and of our patience in milliseconds: for tests. */
  readonly ca?: string | undefined;
  readonly lookup?: typeof lookup | undefined;
  readonly connectMs?: number | undefined;
  readonly idleMs?: number | undefined;
}

export interface HttpsClientOptions extends HttpsSettings {
  /** The one host that is asked, but for redirects. */
  readonly origin: string;
  /** Sockets to a host at most; a request past that waits for one. */
  readonly maxSockets: number;
  /** Told how many times a request was made again. */
  readonly onRetry?: ((times: number) => void) | undefined;
}

/** The body is to be read to its end or destroyed. */
export interface HttpsAnswer {
  readonly status: number;
  readonly headers: AnswerHeaders;
  readonly body: Dispatcher.ResponseData['body'];
}

export interface HttpsRequest {
  readonly headers: Readonly<Record<string, string>>;
  /** False for one try and no more. */
  readonly retry?: boolean | undefined;
  readonly signal: AbortSignal;
}

export interface HttpsClient {
  /** One GET: no redirect is followed, nothing tried again. Network errors are thrown as they are. */
  getOnce(url: URL, request: HttpsRequest): Promise<HttpsAnswer>;
  /** A GET whose redirects are followed, as far as that is allowed, and that is tried three times at most. */
  get(url: URL, request: HttpsRequest): Promise<HttpsAnswer & { readonly retries: number }>;
  close(): void;
}

// As with S3: one that does not answer a connection is better tried again than waited for.
const CONNECT_TIMEOUT_MS = 2_000;
// Without a byte for so long the connection is dead: the deadline ends a request, this ends what has no deadline, a stream.
const IDLE_TIMEOUT_MS = 10_000;
const MAX_RETRIES = 2;
const FIRST_RETRY_MS = 100;
/** Connected to at the same time, beside the one that is asked: redirects may lead to as many as they like. One more is refused. */
const MAX_ORIGINS = 16;
const REDIRECTS: readonly number[] = [301, 302, 303, 307, 308];
/** Of what nobody reads, so much and so long is read all the same, to use the connection again. */
const DUMP_BYTES = 64 * 1024;
const DUMP_MS = 1_000;

// Bytes as they are stored: what is packed on the way has another length and another tag. Nothing of a client's request is among these.
const HEADERS = { accept: '*/*', 'accept-encoding': 'identity', 'user-agent': 'lambent' };

/** Ends with a body that nobody wants. */
export function drop({ body }: HttpsAnswer): undefined {
  body.dump({ limit: DUMP_BYTES, signal: AbortSignal.timeout(DUMP_MS) }).catch(() => {});
}

export function createHttpsClient(options: HttpsClientOptions): HttpsClient {
  const { redirects, onRetry } = options;
  const { home, elsewhere } = createDispatchers(options);
  const budget = createRetryBudget();

  async function getOnce({ origin, pathname, search }: URL, { headers, signal }: HttpsRequest): Promise<HttpsAnswer> {
    signal.throwIfAborted();
    const path = pathname + search;
    const dispatcher = origin === options.origin ? home : elsewhere;
    const sent = dispatcher.request({ origin, path, method: 'GET', headers: { ...HEADERS, ...headers }, signal });
    // Undici looks at the signal when it has a connection, and not while it waits for one.
    const { statusCode: status, headers: answered, body } = await orAborted(sent, signal);
    // A body that is destroyed says so as an error, and one that nobody listens for ends the process.
    body.on('error', () => {});
    if (!isPassingStatus(status)) budget.earn();
    return { status, headers: answered, body };
  }

  async function follow(url: URL, request: HttpsRequest, left: number): Promise<HttpsAnswer> {
    const answer = await getOnce(url, request);
    if (!REDIRECTS.includes(answer.status)) return answer;
    drop(answer);
    const to = redirectUrl(headerOf(answer.headers, 'location'), url);
    if (left === 0 || to === undefined) throw redirectError(answer.status, url, to, redirects);
    return await follow(to, request, left - 1);
  }

  /** An answer; undefined when there is to be another try. */
  async function attempt(url: URL, request: HttpsRequest, isLast: boolean): Promise<HttpsAnswer | undefined> {
    const mayRetry = () => !isLast && budget.take();
    try {
      const answer = await follow(url, request, redirects);
      return isPassingStatus(answer.status) && mayRetry() ? drop(answer) : answer;
    } catch (error) {
      request.signal.throwIfAborted();
      if (isPassingError(error) && mayRetry()) return undefined;
      throw error;
    }
  }

  async function get(url: URL, request: HttpsRequest, retries: number): Promise<HttpsAnswer & { retries: number }> {
    const answer = await attempt(url, request, request.retry === false || retries === MAX_RETRIES);
    if (answer) return { ...answer, retries };
    onRetry?.(1);
    await pause(retries, request.signal);
    return await get(url, request, retries + 1);
  }

  function close(): void {
    void home.destroy();
    void elsewhere.destroy();
  }

  return { getOnce, get: (url, request) => get(url, request, 0), close };
}

/** Twice as long each time, and any part of it: who failed together does not come back together. */
async function pause(retries: number, signal: AbortSignal): Promise<void> {
  const ms = Math.random() * FIRST_RETRY_MS * 2 ** retries;
  await setTimeout(ms, undefined, { signal }).catch(() => signal.throwIfAborted());
}

function redirectError(status: number, from: URL, to: URL | undefined, redirects: number): ServiceError {
  // Without path and query, which may be signed.
  const where = to === undefined ? 'to no https:// URL' : `to ${to.origin}`;
  return new ServiceError(
    'source_failed',
    `${from.origin} answers ${status} ${where}; SOURCE_REDIRECTS is ${redirects}.`,
  );
}

interface Dispatchers {
  readonly home: Dispatcher;
  readonly elsewhere: Dispatcher;
}

/** Connections that are made to allowed addresses alone, and to who proves with a certificate that it is the host. */
function createDispatchers(options: HttpsClientOptions): Dispatchers {
  const { ca, connectMs = CONNECT_TIMEOUT_MS, idleMs = IDLE_TIMEOUT_MS, allowPrivate, lookup } = options;
  const guard = createAddressGuard({ allowPrivate, lookup });
  const connect = buildConnector({
    timeout: connectMs,
    lookup: guard.lookup,
    // Said here, or NODE_TLS_REJECT_UNAUTHORIZED=0 would turn it off.
    rejectUnauthorized: true,
    ca,
  });
  const settings: Pool.Options = {
    connections: options.maxSockets,
    headersTimeout: idleMs,
    bodyTimeout: idleMs,
    connect(to, done) {
      try {
        // A socket looks up names; an address it takes as it is.
        guard.checkHost(to.hostname);
        connect(to, done);
      } catch (error) {
        queueMicrotask(() => done(error as Error, null));
      }
    },
  };
  // An agent replaces a pool whose connections have all closed, while that one may still make others: the limit would be twice as high.
  return { home: new Pool(options.origin, settings), elsewhere: new Agent({ ...settings, maxOrigins: MAX_ORIGINS }) };
}
