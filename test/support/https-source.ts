import type { LookupAddress, LookupAllOptions, lookup } from 'node:dns';
import { setMaxListeners } from 'node:events';
import { Socket } from 'node:net';
import type { Test } from 'tap';
import { createHttpsSource, type HttpsSourceOptions } from '../../src/sources/https.ts';
import type { Opened, ReadConditions, Source } from '../../src/sources/source.ts';
import { startWebServer, type WebServer, type WebServerOptions } from './web-server.ts';

export interface OverHttps {
  readonly web: WebServer;
  readonly source: Source;
}

export type Settings = Partial<HttpsSourceOptions> & WebServerOptions;

/** A source over a web server of its own, at its base `/originals/`; both end with the test. */
export async function overHttps(t: Test, settings: Settings = {}): Promise<OverHttps> {
  const web = await startWebServer(t, settings);
  return { web, source: httpsSource(t, web, settings) };
}

export function httpsSource(t: Test, web: WebServer, settings: Partial<HttpsSourceOptions> = {}): Source {
  const source = createHttpsSource({
    url: `${web.origin}/originals/`,
    allowPrivate: true,
    redirects: 0,
    maxSockets: 5,
    ca: web.ca,
    ...settings,
  });
  t.teardown(() => source.close());
  return source;
}

export const never = new AbortController().signal;
// Used by many at once.
setMaxListeners(0, never);

export async function opened(source: Source, key: string, conditions: ReadConditions = {}): Promise<Opened> {
  const answer = await source.open(key, conditions, never);
  if (answer.status !== 'opened') throw new Error(`${key} was not opened: ${answer.status}`);
  return answer;
}

/** A resolver that has one answer after the other, the last for ever; an error is thrown. Counts how often it was asked. */
export function resolver(...answers: readonly (readonly string[] | Error)[]) {
  const stub = (_name: string, _options: LookupAllOptions, done: Done) => {
    const answer = answers[Math.min(stub.asked++, answers.length - 1)] ?? [];
    if (answer instanceof Error) return process.nextTick(done, answer, []);
    const found = answer.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
    process.nextTick(done, null, found);
  };
  stub.asked = 0;
  return stub as unknown as typeof lookup & { readonly asked: number };
}

type Done = (error: Error | null, found: LookupAddress[]) => void;

/** Counts the sockets of this process that set out to connect somewhere, TLS or not; one that looks up a name before is among them. `peak`: at the same time. */
export function countSockets(t: Test): { readonly made: number; readonly peak: number } {
  const { connect } = Socket.prototype;
  const count = { made: 0, open: 0, peak: 0 };
  Socket.prototype.connect = function (this: Socket, ...args: unknown[]): Socket {
    count.made++;
    count.peak = Math.max(count.peak, ++count.open);
    this.once('close', () => count.open--);
    return Reflect.apply(connect, this, args);
  };
  t.teardown(() => {
    Socket.prototype.connect = connect;
  });
  return count;
}
