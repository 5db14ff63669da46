import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { setImmediate } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { ask, type Service, startService } from './support/service.ts';

interface Load {
  sent: number;
  stopped: boolean;
}

/** One client with one keep-alive connection, asking again and again until it is told to stop. */
async function client({ url }: Service, load: Load): Promise<{ answered: number; failures: unknown[] }> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const outcome = { answered: 0, failures: [] as unknown[] };
  while (!load.stopped) {
    load.sent++;
    try {
      const sent = request(`${url}/harbour.jpg?w=${20 + (outcome.answered % 5)}`, { agent }).end();
      const [answer] = await once(sent, 'response');
      if (answer.statusCode !== 200) outcome.failures.push(answer.statusCode);
      await buffer(answer);
      outcome.answered++;
    } catch (error) {
      outcome.failures.push(error);
    }
  }
  agent.destroy();
  return outcome;
}

/** Whether a platform would still send requests. */
async function isReady({ managementUrl }: Service): Promise<boolean> {
  const answer = await ask(managementUrl, 'GET', '/readyz').catch(() => undefined);
  return answer?.status === 200;
}

async function drainUnderLoad(t: Test) {
  const load: Load = { sent: 0, stopped: false };
  let received = 0;
  let noticed = () => {};
  const delay = new Promise<void>((resolve) => {
    noticed = resolve;
  });
  const service = await startService(t, { parts: { wait: () => delay } });
  service.app.publicApp.server.on('request', () => received++);
  const clients = Array.from({ length: 8 }, () => client(service, load));
  while (service.log.length < 50) await setImmediate();
  const drained = service.app.drain();
  // As the platform's balancer does: it looks, sees that the service is not ready, and sends no more.
  while (await isReady(service));
  load.stopped = true;
  // What has been sent by now arrives before the listener closes, and may be answered after that.
  while (received < load.sent) await setImmediate();
  noticed();
  const outcomes = await Promise.all(clients);
  await drained;
  return { service, outcomes };
}

t.test('under load with keep-alive clients no request is lost, twenty times over', async (t) => {
  for (let round = 1; round <= 20; round++) {
    const { service, outcomes } = await drainUnderLoad(t);
    const failures = outcomes.flatMap((outcome) => outcome.failures);
    t.same(failures, [], `round ${round}`);
    t.ok(outcomes.every(({ answered }) => answered > 0));
    await t.rejects(ask(service.url, 'GET', '/logo.svg'), { code: 'ECONNREFUSED' }, 'and nobody listens any more');
  }
});

t.test('while it drains every answer closes its connection, errors too', async (t) => {
  const service = await startService(t, { env: { DRAIN_DELAY_MS: '1000' } });
  t.equal((await service.get('/logo.svg')).status, 200);
  const drained = service.app.drain();
  for (const target of ['/logo.svg', '/harbour.jpg?w=10', '/harbour.jpg?w=x', '/missing', '/-/x']) {
    t.equal((await service.get(target, { connection: 'keep-alive' })).headers.connection, 'close', target);
  }
  const ready = await ask(service.managementUrl, 'GET', '/readyz');
  t.match(JSON.parse(ready.body.toString()), { status: 'not ready', reasons: ['the service is ending'] });
  t.equal((await ask(service.managementUrl, 'GET', '/livez')).status, 200);
  await drained;
});

t.test('what has begun is finished', async (t) => {
  let finish = () => {};
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  let begun = false;
  const service = await startService(t, {
    env: { DRAIN_DELAY_MS: '0' },
    parts: {
      async transform(original) {
        if (original.length < 1000) return Buffer.from('x');
        begun = true;
        await finished;
        return Buffer.from('made');
      },
    },
  });
  const answer = service.get('/harbour.jpg?w=10');
  while (!begun) await setImmediate();
  const drained = service.app.drain();
  while (service.app.publicApp.server.listening) await setImmediate();
  finish();
  t.equal((await answer).body.toString(), 'made');
  await drained;
});
