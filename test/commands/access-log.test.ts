import t from 'tap';
import { createLineReader } from '../../src/commands/access-log.ts';

const FIELDS =
  '#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) cs(User-Agent) cs-uri-query cs(Cookie)';

function logLine(method: string, path: string, query: string): string {
  return `2026-11-20\t10:00:00\tICN54-C1\t1234\t192.0.2.1\t${method}\td1.cloudfront.net\t${path}\t200\t-\tMozilla\t${query}\t-`;
}

t.test('reads the targets of a CloudFront log, with and without its remarks', (t) => {
  for (const remarks of [['#Version: 1.0', FIELDS], []]) {
    const read = createLineReader();
    for (const remark of remarks) t.equal(read(remark), 'skipped');
    t.same(read(logLine('GET', '/dev/a.jpg', 'w=200&f=webp')), { target: '/dev/a.jpg?w=200&f=webp' });
    t.same(read(logLine('HEAD', '/dev/a.jpg', '-')), { target: '/dev/a.jpg' });
    t.same(read(logLine('GET', '/a%2520b.jpg', 'w=%252020')), { target: '/a%20b.jpg?w=%2020' }, 'escaped twice there');
    t.equal(read(logLine('OPTIONS', '/a.jpg', 'w=5')), 'skipped');
  }
  t.end();
});

t.test('goes by the names of the fields', (t) => {
  const read = createLineReader();
  read('#Fields: cs-uri-query\tcs-method cs-uri-stem');
  t.same(read('w=5\tGET\t/a.jpg'), { target: '/a.jpg?w=5' });
  read('#Fields: date time');
  t.same(read('w=6\tGET\t/a.jpg'), { target: '/a.jpg?w=6' }, 'a list without them changes nothing');
  t.end();
});

t.test('tells what is no line of a log', (t) => {
  const read = createLineReader();
  for (const line of ['a\tb', '\t\t\t', logLine('GET', 'a.jpg', '-'), logLine('GET', '/a.jpg', '-').slice(0, 80)])
    t.equal(read(line), 'malformed', line);
  t.equal(read(''), 'skipped');
  t.end();
});

t.test('reads a list of URLs as they are written', (t) => {
  const read = createLineReader();
  const cases: readonly [string, string][] = [
    ['/a.jpg?w=200', '/a.jpg?w=200'],
    ['  https://images.example.com/a/../b%2Fc.jpg?w=%zz&f=%77ebp#top ', '/a/../b%2Fc.jpg?w=%zz&f=%77ebp'],
    ['HTTP://images.example.com:8080//x', '//x'],
    ['//images.example.com/a.jpg?w=3', '/a.jpg?w=3'],
  ];
  for (const [line, target] of cases) t.same(read(line), { target }, line);
  for (const line of ['a.jpg?w=200', 'https://images.example.com', 'ftp://a/b', '/a b', '<html>'])
    t.equal(read(line), 'malformed', line);
  t.end();
});
