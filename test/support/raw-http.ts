import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';

/** A connection to the server at this URL. What breaks it is nobody's error: the test looks at what came before. */
export async function connectTo(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname).on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

/** Sends this and nothing else; gives everything that comes back until the server closes. */
export async function sendRaw(url: string, request: string): Promise<string> {
  const socket = await connectTo(url);
  socket.write(request);
  return await text(socket);
}
