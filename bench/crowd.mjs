import { openWire } from './wire.mjs';

/** Clients of one server, each on a connection that is open and has been used. */
export async function gather(url, count, warmPath) {
  const wires = await Promise.all(Array.from({ length: count }, () => openWire(url)));
  for (const wire of wires) await wire.ask(warmPath);
  return {
    /** The first so many ask for a path at once; milliseconds until each has its whole answer. */
    ask: (path, clients = count) => Promise.all(wires.slice(0, clients).map((wire) => timed(wire, path))),
    leave() {
      for (const wire of wires) wire.close();
    },
  };
}

async function timed(wire, path) {
  const started = performance.now();
  const { status } = await wire.ask(path);
  if (status !== 200) throw new Error(`${path}: ${status}`);
  return performance.now() - started;
}
