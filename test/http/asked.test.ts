import t from 'tap';
import { createTargetReader } from '../../src/http/asked.ts';
import { createCacheTags } from '../../src/http/cache-tags.ts';
import type { OptionPolicy } from '../../src/request/canonical.ts';
import { NO_LADDERS } from '../../src/request/ladder.ts';
import { NO_NAMES } from '../../src/request/names.ts';

const policy: OptionPolicy = {
  ...NO_NAMES,
  ladders: NO_LADDERS,
  dialect: 'native',
  maxWidth: 1000,
  maxHeight: 1000,
  defaults: { f: 'auto' },
};

const reading = {
  policy,
  cacheTags: createCacheTags('Cache-Tag'),
  watermarkKeys: {},
  signing: undefined,
  uploads: undefined,
};

t.test('says what is asked for, in canonical form', (t) => {
  const read = createTargetReader(reading);
  t.match(read('/a%20b.jpg?h=150&w=2000'), {
    key: 'a b.jpg',
    options: { w: 1000, h: 75, f: 'auto' },
    isVariant: true,
    query: 'w=1000&h=75&f=auto',
  });
  t.match(read('/a.jpg'), { key: 'a.jpg', options: {}, isVariant: false, query: '' });
  t.match(read('/a.jpg?dl=x.jpg'), { options: { dl: 'x.jpg' }, isVariant: false, query: 'dl=x.jpg' }, 'no defaults');
  t.match(createTargetReader({ ...reading, policy: { ...policy, defaults: {} } })('/a.jpg?dpr=2'), {
    isVariant: false,
    query: '',
  });
  t.end();
});

t.test('remembers what it has read, of targets that a page has', (t) => {
  const read = createTargetReader(reading);
  t.equal(read('/a.jpg?w=20'), read('/a.jpg?w=20'));
  t.not(read('/a.jpg?w=20'), read('/b.jpg?w=20'));
  const long = `/a.jpg?w=20&x=${'y'.repeat(500)}`;
  t.not(read(long), read(long), 'but nothing long');
  t.same(read(long), read(long));
  const first = read('/first.jpg?w=1');
  for (let index = 0; index < 5000; index++) read(`/${index}.jpg?w=1`);
  t.not(read('/first.jpg?w=1'), first, 'and not without end');
  t.end();
});

t.test('a bad target is refused each time', (t) => {
  const read = createTargetReader(reading);
  for (let time = 0; time < 2; time++) {
    t.throws(() => read('/a.jpg?w=abc'), { name: 'ServiceError', code: 'bad_option' });
    t.throws(() => read('/%zz'), { name: 'ServiceError', code: 'bad_path' });
  }
  t.end();
});
