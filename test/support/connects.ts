import { Socket } from 'node:net';
import type { Test } from 'tap';

/** Every place that this process opens a connection to from now on, as `host:port`, whichever library does it. */
export function watchConnects(t: Test): readonly string[] {
  const places: string[] = [];
  const { connect } = Socket.prototype;
  Socket.prototype.connect = function (this: Socket, ...args: unknown[]) {
    places.push(placeOf(args));
    return Reflect.apply(connect, this, args);
  };
  t.teardown(() => {
    Socket.prototype.connect = connect;
  });
  return places;
}

/** A port and a host, an object of them, or what Node.js makes of either before it connects: a list that begins with one. */
function placeOf(args: readonly unknown[]): string {
  const [first, second] = args.flat() as [unknown, unknown];
  const { port, host, path } =
    typeof first === 'object' ? (first as Record<string, unknown>) : { port: first, host: second };
  return path === undefined || path === null ? `${host ?? 'localhost'}:${port}` : String(path);
}
