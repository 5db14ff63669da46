// Loaded by --require before anything else: sharp works on libuv's thread pool, whose size is read once, when the first
// task starts it. Setting it from an ES module is too late on Node.js 20, because loading the module has started the pool.
const { availableParallelism }: typeof import('node:os') = require('node:os');

// What DNS look-ups and file reads need besides the pictures, so that neither waits for a whole picture.
const OTHER_TASKS = 4;

if (process.env.UV_THREADPOOL_SIZE === undefined) {
  const workers = Number(process.env.WORKERS) || availableParallelism();
  process.env.UV_THREADPOOL_SIZE = String(workers + OTHER_TASKS);
}
