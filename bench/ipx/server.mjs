import { createServer } from 'node:http';
import { createIPX, createIPXNodeHandler, ipxFSStorage } from 'ipx';

/** IPX as its documentation starts it, with nothing in front that would keep results: `node server.mjs <folder>`. */
const [, , dir] = process.argv;
const server = createServer(createIPXNodeHandler(createIPX({ storage: ipxFSStorage({ dir }) })));
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${server.address().port}` })}\n`);
});
