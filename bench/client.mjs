import { openWire } from './wire.mjs';

/**
 * Asks for every path once, over so many connections that each send the next request when an answer is complete. Answers
 * `{ seconds, bytes, failures }`, where failures are counted by status; a connection that breaks throws.
 */
export async function requestAll(base, paths, connections, onAnswer = () => {}) {
  const wires = await Promise.all(Array.from({ length: connections }, () => openWire(base)));
  const total = { bytes: 0, failures: {} };
  const waiting = paths.values();
  const work = async (wire) => {
    for (const path of waiting) {
      const { status, bytes } = await wire.ask(path);
      if (status === 200) total.bytes += bytes;
      else total.failures[status] = (total.failures[status] ?? 0) + 1;
      onAnswer();
    }
  };
  const started = performance.now();
  await Promise.all(wires.map(work));
  const seconds = (performance.now() - started) / 1000;
  for (const wire of wires) wire.close();
  return { seconds, ...total };
}
