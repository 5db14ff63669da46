import { readFile } from 'node:fs/promises';
import Fastify from 'fastify';

/** What an answer from memory costs at least in this framework: `fastify.mjs <file> <content type>`, at any path. */
const [, , file, type] = process.argv;
const body = await readFile(file);
const app = Fastify();
app.get('/*', (_request, reply) => {
  reply.header('content-type', type).header('content-length', body.length).send(body);
});
const url = await app.listen({ host: '127.0.0.1', port: 0 });
process.stdout.write(`${JSON.stringify({ url })}\n`);
