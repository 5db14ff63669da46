import t from 'tap';
import { createProgress } from '../../src/commands/progress.ts';

function terminal(isTTY: boolean) {
  const written: string[] = [];
  return { written, isTTY, write: (text: string) => written.push(text) };
}

t.test('draws a bar on a terminal, now and then, and wipes it off', (t) => {
  let time = 0;
  t.intercept(performance, 'now', { value: () => time });
  const screen = terminal(true);
  const progress = createProgress(screen, 200);
  for (const [at, bytes] of [
    [0, 50],
    [50, 60],
    [150, 100],
    [300, 500],
  ] as const) {
    time = at;
    progress.tell(bytes);
  }
  progress.end();
  t.same(screen.written, [
    `\r[${'#'.repeat(8)}${'.'.repeat(22)}] 25 %`,
    `\r[${'#'.repeat(15)}${'.'.repeat(15)}] 50 %`,
    `\r[${'#'.repeat(30)}] 100 %`,
    '\r\u001b[K',
  ]);
  t.end();
});

t.test('counts where the end is not known, and is silent where nobody looks', (t) => {
  const screen = terminal(true);
  createProgress(screen, undefined).tell(1_500_000);
  t.same(screen.written, ['\r1.5 MB']);
  const file = terminal(false);
  const silent = createProgress(file, 200);
  silent.tell(100);
  silent.end();
  t.same(file.written, []);
  t.end();
});
