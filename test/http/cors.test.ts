import t from 'tap';
import { startService } from '../support/service.ts';

t.test('any origin may read every answer', async (t) => {
  const service = await startService(t);
  for (const target of ['/logo.svg', '/logo.png?w=10', '/missing', '/logo.png?w=x', '/%zz', '/-/x', '/-/%zz']) {
    const { headers } = await service.get(target, { origin: 'https://a.example' });
    t.equal(headers['access-control-allow-origin'], '*', target);
    t.equal(headers.vary, undefined, target);
  }
  const preflight = await service.send('OPTIONS', '/logo.png?w=10', {
    origin: 'https://a.example',
    'access-control-request-method': 'GET',
    'access-control-request-headers': 'range',
  });
  t.match(preflight, {
    status: 204,
    headers: { 'access-control-allow-methods': 'GET, HEAD', 'access-control-allow-headers': 'Range' },
  });
  t.equal((await service.send('OPTIONS', '/logo.png')).status, 204, 'not only for a preflight');
});

t.test('with a list, the origins on it, and answers differ by origin', async (t) => {
  const service = await startService(t, { env: { CORS_ORIGINS: 'https://a.example,https://b.example' } });
  const cases: readonly [string | undefined, string | undefined][] = [
    ['https://a.example', 'https://a.example'],
    ['https://b.example', 'https://b.example'],
    ['https://evil.example', undefined],
    ['https://a.example.evil.example', undefined],
    [undefined, undefined],
  ];
  for (const [origin, allowed] of cases) {
    for (const target of ['/logo.png?w=10', '/missing', '/-/%zz']) {
      const { headers } = await service.get(target, origin === undefined ? {} : { origin });
      t.match(String(headers.vary), /^Origin$/i, target);
      if (target !== '/-/%zz') t.equal(headers['access-control-allow-origin'], allowed, `${origin} ${target}`);
    }
  }
  const { headers } = await service.get('/logo.png?w=10&f=auto', { origin: 'https://a.example' });
  t.equal(String(headers.vary).toLowerCase(), 'origin, accept');
});
