import { quantile } from './figures.mjs';
import { openWire } from './wire.mjs';

/**
 * As many requests for one URL as a server answers, over so many connections that each send the next one when an answer is
 * complete: `node load.mjs <url> <connections> <seconds>` prints `{ total, seconds, p99 }`, p99 in milliseconds.
 */
const [, , url, connections, seconds] = process.argv;
const { pathname, search } = new URL(url);
const path = pathname + search;
const latencies = [];

const wires = await Promise.all(Array.from({ length: Number(connections) }, () => openWire(url)));
const started = performance.now();
const end = started + Number(seconds) * 1000;
await Promise.all(wires.map(work));
const took = (performance.now() - started) / 1000;
for (const wire of wires) wire.close();
process.stdout.write(
  JSON.stringify({ total: latencies.length, seconds: took, p99: quantile(Float64Array.from(latencies), 0.99) }),
);

async function work(wire) {
  for (let asked = performance.now(); asked < end; ) {
    const { status } = await wire.ask(path);
    if (status !== 200) throw new Error(`${url}: ${status}`);
    const answered = performance.now();
    latencies.push(answered - asked);
    asked = answered;
  }
}
