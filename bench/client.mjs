import { Agent, get } from 'node:http';

/**
 * Asks for every path once, over so many connections that each send the next request when an answer is complete. Answers
 * `{ seconds, bytes, failures }`, where failures are counted by status; a connection that breaks throws.
 */
export async function requestAll(base, paths, connections, onAnswer = () => {}) {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const total = { bytes: 0, failures: {} };
  const waiting = paths.values();
  const started = performance.now();
  const work = async () => {
    for (const path of waiting) {
      const { status, bytes } = await request(agent, base + path);
      if (status === 200) total.bytes += bytes;
      else total.failures[status] = (total.failures[status] ?? 0) + 1;
      onAnswer();
    }
  };
  await Promise.all(Array.from({ length: connections }, work));
  const seconds = (performance.now() - started) / 1000;
  agent.destroy();
  return { seconds, ...total };
}

function request(agent, url) {
  return new Promise((resolve, reject) => {
    const asking = get(url, { agent }, (answer) => {
      let bytes = 0;
      answer.on('data', (chunk) => {
        bytes += chunk.length;
      });
      answer.once('end', () => resolve({ status: answer.statusCode, bytes }));
      answer.once('error', reject);
    });
    asking.once('error', reject);
  });
}
