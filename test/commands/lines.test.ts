import { Readable } from 'node:stream';
import t from 'tap';
import { linesOf } from '../../src/commands/lines.ts';

async function read(...texts: readonly string[]): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of linesOf(Readable.from(texts.map((text) => Buffer.from(text, 'latin1'))))) lines.push(line);
  return lines;
}

t.test('gives whole lines, however they are cut', async (t) => {
  t.same(await read('a\nb', 'c\r\n', '\nd'), ['a', 'bc', '', 'd']);
  t.same(await read('a\n'), ['a']);
  t.same(await read(), []);
  t.same(await read('\xc3', '\xa4\n'), ['ä'], 'in the middle of a character, too');
});

t.test('keeps no more of a line than a line can have', async (t) => {
  const long = 'x'.repeat(40_000);
  const limit = 'x'.repeat(65_536);
  t.same(await read(long, long, long, '\nb\n', long), [limit, 'b', long]);
  t.same(await read(long, long), [limit]);
});
