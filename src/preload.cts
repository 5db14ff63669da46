// Loaded by --require before anything else, for what can only be set before Node.js has begun its work.
const { availableParallelism }: typeof import('node:os') = require('node:os');
const { setFlagsFromString }: typeof import('node:v8') = require('node:v8');

// What DNS look-ups and file reads need besides the pictures, so that neither waits for a whole picture.
const OTHER_TASKS = 4;

// sharp works on libuv's thread pool, whose size is read once, when the first task starts it. Setting it from an ES module is
// too late on Node.js 20, because loading the module has started the pool.
if (process.env.UV_THREADPOOL_SIZE === undefined) {
  const workers = Number(process.env.WORKERS) || availableParallelism();
  process.env.UV_THREADPOOL_SIZE = String(workers + OTHER_TASKS);
}

// V8 counts the bytes of originals against a heap of 20 MB that it lets grow by 8, and so went through the whole heap every
// twentieth request, which took 2 of 15 ms of CPU time for a cold JPEG. It may grow to four times what is alive.
setFlagsFromString('--heap-growing-percent=300');
