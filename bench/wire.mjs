import { once } from 'node:events';
import { connect } from 'node:net';

const READ_BYTES = 65_536;

/**
 * One connection that asks for paths, one after the other. By hand on a bare socket: what an HTTP client does with an answer
 * (parse every header, turn a JPEG into a string) takes longer than a server needs to send it, and where client and server
 * share the cores the bench would measure itself. Knows answers with a Content-Length alone.
 */
export async function openWire(url) {
  const { hostname, port, host } = new URL(url);
  let waiting = { reject() {} };
  let received = 0;
  let answer;
  const callback = (size, buffer) => {
    answer ??= readHead(buffer.subarray(0, size));
    received += size;
    if (received < answer.headBytes + answer.bytes) return true;
    if (Number.isNaN(answer.bytes))
      waiting.reject(new Error(`${url}: ${buffer.toString('latin1', 0, size).slice(0, 100)}`));
    else waiting.resolve(answer);
    return true;
  };
  // One buffer for all reads: nobody keeps what has come.
  const socket = connect({
    host: hostname,
    port,
    noDelay: true,
    onread: { buffer: Buffer.alloc(READ_BYTES), callback },
  });
  await once(socket, 'connect');
  socket.on('error', (error) => waiting.reject(error));
  socket.on('close', () => waiting.reject(new Error(`${url}: the connection was closed.`)));
  return {
    /** Resolves with `{ status, bytes }` when the whole answer is there; rejects when its length is not said. */
    ask(path) {
      received = 0;
      answer = undefined;
      return new Promise((resolve, reject) => {
        waiting = { resolve, reject };
        socket.write(`GET ${path} HTTP/1.1\r\nhost: ${host}\r\n\r\n`);
      });
    },
    close: () => socket.destroy(),
  };
}

/** Status and lengths of an answer by its first chunk, which holds all of its head. */
function readHead(chunk) {
  const head = chunk.toString('latin1', 0, chunk.indexOf('\r\n\r\n') + 4);
  const [, status, length] = /^HTTP\/1\.1 (\d{3}) .*\r\ncontent-length: (\d+)\r\n/is.exec(head) ?? [];
  return { status: Number(status), headBytes: head.length, bytes: Number(length) };
}
