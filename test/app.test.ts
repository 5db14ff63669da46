import t from 'tap';
import { buildApp } from '../src/app.ts';
import { readConfig } from '../src/config.ts';
import { ask } from './support/service.ts';

const SAMPLES = new URL('../samples', import.meta.url).href;

t.test('with nothing replaced it starts, answers and drains', async (t) => {
  const env = { PORT: '0', MANAGEMENT_PORT: '0', LOG_LEVEL: 'silent', DRAIN_DELAY_MS: '1' };
  const app = await buildApp(readConfig(env, SAMPLES));
  const { publicUrl } = await app.start();
  t.equal((await ask(publicUrl, 'GET', '/logo.png?w=10')).status, 200);
  await app.drain();
  await t.rejects(ask(publicUrl, 'GET', '/logo.png?w=10'), { code: 'ECONNREFUSED' });
});
