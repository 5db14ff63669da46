import t, { type Test } from 'tap';
import { EVERYTHING } from '../../src/cache/tags.ts';
import { createJournal } from '../../src/purge/journal.ts';
import { type JournalText, NO_PURGES, withPurges } from '../../src/purge/journal-text.ts';
import type { JournalOutcome } from '../../src/purge/outcomes.ts';
import { createMemoryNote, type MemoryNote } from '../support/shared-note.ts';
import { stateOf, until } from '../support/waiting.ts';

const SIGNAL = new AbortController().signal;
const LONG_AGO = { tags: ['a'], storedAt: 1 };

/** A replica that looks often, so that a test waits for what it sees and not for the time. */
function open(t: Test, note: MemoryNote, everyMs = 5) {
  const heard: string[][] = [];
  const outcomes: JournalOutcome[] = [];
  const log: string[] = [];
  const say = (_details: object, line?: string) => void log.push(line ?? String(_details));
  const logger = { info: say, warn: say } as never;
  const journal = createJournal({
    note,
    everyMs,
    hear: (tags) => void heard.push([...tags]),
    observe: (outcome) => void outcomes.push(outcome),
    logger,
  });
  t.teardown(() => journal.close());
  return { journal, heard, outcomes, log };
}

const journalIn = ({ text = '' }: MemoryNote) => JSON.parse(text) as JournalText;

t.test('what one replica tells, the others hear once', async (t) => {
  const note = createMemoryNote();
  const [one, two, three] = [open(t, note), open(t, note), open(t, note)];
  for (const { journal } of [one, two, three]) await journal.start();
  await one.journal.tell(['a', 'b'], [], SIGNAL);
  for (const { heard } of [two, three]) await until(() => heard.length > 0);
  await two.journal.tell(['c'], [], SIGNAL);
  await until(() => three.heard.length > 1);
  await until(() => one.heard.length > 0);
  t.same(one.heard, [['c']], 'and not its own');
  t.same(two.heard, [['a', 'b']]);
  t.same(three.heard, [['a', 'b'], ['c']]);
  const { reads } = note;
  await until(() => note.reads > reads + 6);
  t.same([one.heard.length, two.heard.length, three.heard.length], [1, 1, 2]);
  t.equal(note.writes, 2, 'and nothing is written when nothing is new');
});

t.test('whoever starts later drops what it may have by then', async (t) => {
  const note = createMemoryNote();
  const first = open(t, note);
  await first.journal.start();
  await first.journal.tell(['a'], [], SIGNAL);
  const later = open(t, note);
  await later.journal.start();
  t.same(later.heard, [[EVERYTHING]]);
  const none = open(t, createMemoryNote());
  await none.journal.start();
  t.same(none.heard, [], 'but not where there is nothing');
  await until(() => none.outcomes.length > 3);
  t.same(none.outcomes.slice(0, 3), ['read', 'unchanged', 'unchanged']);
});

t.test('many that tell at the same time lose nothing', async (t) => {
  const note = createMemoryNote();
  const replicas = Array.from({ length: 5 }, () => open(t, note));
  await Promise.all(replicas.map(({ journal }) => journal.start()));
  const tags = replicas.flatMap((_, replica) => Array.from({ length: 10 }, (_, index) => `${replica}-${index}`));
  await Promise.all(
    tags.map((tag, index) =>
      (replicas[index % 5] as (typeof replicas)[0]).journal.tell([tag], [], new AbortController().signal),
    ),
  );
  t.same(
    journalIn(note)
      .purges.flatMap(({ tags }) => tags)
      .sort(),
    [...tags].sort(),
  );
  t.ok(note.writes < tags.length, 'several in one write');
  for (const [replica, { heard }] of replicas.entries()) {
    const others = tags.filter((_, index) => index % 5 !== replica);
    await until(() => new Set(heard.flat()).size >= others.length);
    t.ok(others.every((tag) => heard.flat().includes(tag)));
  }
});

t.test('where the later of two writes wins, who was overwritten writes again', async (t) => {
  const note = createMemoryNote(false);
  const [one, two] = [open(t, note), open(t, note)];
  for (const { journal } of [one, two]) await journal.start();
  let overwritten = false;
  note.beforeWrite = () => {
    // Whoever reads now sees the note from before.
    note.beforeWrite = undefined;
    void two.journal.tell(['two'], [], SIGNAL).then(() => {
      overwritten = true;
    });
  };
  await one.journal.tell(['one'], [], SIGNAL);
  await until(() => overwritten);
  note.text = JSON.stringify(
    withPurges(
      NO_PURGES,
      journalIn(note).purges.filter(({ tags }) => tags.includes('two')),
    ),
  );
  await until(() => journalIn(note).purges.length === 2);
  await until(() => two.heard.flat().includes('one'));
  t.pass();
});

t.test('a write whose answer is lost is found out about', async (t) => {
  const note = createMemoryNote();
  const { journal } = open(t, note);
  await journal.start();
  const { write } = note;
  note.write = async (text, replaced, signal) => {
    note.write = write;
    await note.write(text, replaced, signal);
    throw new Error('socket hang up');
  };
  await journal.tell(['a'], [], SIGNAL);
  t.equal(journalIn(note).purges.length, 1, 'and not written twice');
});

const noteWith = (count: number, ...purges: readonly (readonly [id: string, tag: string])[]) =>
  JSON.stringify({ ...NO_PURGES, count, purges: purges.map(([id, tag]) => ({ id, tags: [tag] })) });

t.test('who has missed some drops everything', async (t) => {
  const [a, b, c, x] = [
    ['1', 'a'],
    ['2', 'b'],
    ['3', 'c'],
    ['9', 'x'],
  ] as const;
  const steps: readonly [what: string, note: string | undefined, heard: string[] | undefined][] = [
    ['all there is', noteWith(1, a), ['a']],
    ['two more', noteWith(3, a, b, c), ['b', 'c']],
    ['the oldest are not listed any more', noteWith(4, c, x), ['x']],
    ['neither is one that was never seen', noteWith(7, c, a), [EVERYTHING]],
    ['removed, as by a lifecycle rule', undefined, undefined],
    ['begun again', noteWith(1, b), ['b']],
    ['removed and begun again in between', noteWith(1, c), [EVERYTHING]],
    ['the later of two writes has won', noteWith(1, a), [EVERYTHING]],
  ];
  const note = createMemoryNote();
  const { journal, heard } = open(t, note);
  await journal.start();
  for (const [what, text, expected] of steps) {
    const { length } = heard;
    note.text = text;
    const { reads } = note;
    await until(() => note.reads > reads + 2);
    t.same(heard[length], expected, what);
    t.equal(heard.length, length + (expected ? 1 : 0));
  }
});

t.test('a note that cannot be understood drops everything, and is replaced by the next purge', async (t) => {
  const note = createMemoryNote();
  const { journal, heard, outcomes } = open(t, note);
  await journal.start();
  note.text = 'not JSON';
  await until(() => heard.length > 0);
  t.same(heard, [[EVERYTHING]]);
  t.ok(outcomes.includes('corrupt'));
  await journal.tell(['a'], [], SIGNAL);
  t.equal(journalIn(note).purges.length, 1);
});

t.test('an entry is judged by what lasts, and refused while nothing is known', async (t) => {
  const note = createMemoryNote();
  const [one, two] = [open(t, note), open(t, note)];
  t.ok(one.journal.isPurged(LONG_AGO), 'before the first look');
  for (const { journal } of [one, two]) await journal.start();
  t.notOk(one.journal.isPurged(LONG_AGO));
  await one.journal.tell(['a', 'b'], ['a'], SIGNAL);
  t.ok(one.journal.isPurged(LONG_AGO));
  t.notOk(one.journal.isPurged({ tags: ['b'], storedAt: 1 }), 'which was deleted');
  await until(() => two.heard.length > 0);
  t.ok(two.journal.isPurged(LONG_AGO));
  note.text = undefined;
  const { reads } = note;
  await until(() => note.reads > reads + 3);
  t.ok(two.journal.isPurged(LONG_AGO), 'also when somebody has removed the note');
  await two.journal.tell(['c'], [], SIGNAL);
  const later = open(t, note);
  await later.journal.start();
  t.ok(later.journal.isPurged(LONG_AGO), 'which the next one to write brings back');
});

t.test('a store that is down is tried again, logged twice, and told when it is back', async (t) => {
  const note = createMemoryNote();
  note.error = new Error('connect ECONNREFUSED');
  const { journal, outcomes, log } = open(t, note);
  await journal.start();
  t.ok(journal.isPurged(LONG_AGO), 'nothing is known');
  const leaving = new AbortController();
  const given = journal.tell(['a'], ['a'], leaving.signal);
  const patient = journal.tell(['b'], [], SIGNAL);
  t.ok(journal.isPurged({ tags: ['b'], storedAt: 1 }), 'still nothing');
  await until(() => outcomes.filter((outcome) => outcome === 'failed').length > 3);
  leaving.abort(new Error('enough'));
  await t.rejects(given, /enough/);
  t.equal(await stateOf(patient), 'pending');
  note.error = undefined;
  await patient;
  t.same(
    journalIn(note).purges.map(({ tags }) => tags),
    [['a'], ['b']],
    'what was given up is told as well',
  );
  await until(() => log.length > 1);
  t.equal(log.length, 2);
});

t.test('where others write all the time, it is told in between, and nothing is wrong', async (t) => {
  const note = createMemoryNote();
  const { journal, outcomes, log } = open(t, note);
  await journal.start();
  let others = 3;
  note.beforeWrite = () => {
    if (others-- > 0) note.text = JSON.stringify(withPurges(NO_PURGES, [{ id: `${others}`, tags: ['x'] }]));
  };
  await journal.tell(['a'], [], SIGNAL);
  t.equal(outcomes.filter((outcome) => outcome === 'conflict').length, 3);
  t.notOk(outcomes.includes('failed'));
  t.same(log, []);
});

t.test('a look that hangs is followed by another', { timeout: 20_000 }, async (t) => {
  const note = createMemoryNote();
  const { journal, heard } = open(t, note);
  await journal.start();
  const { read } = note;
  note.read = () => {
    note.read = read;
    return new Promise(() => {});
  };
  note.text = noteWith(1, ['1', 'a']);
  await until(() => heard.length > 0);
  t.same(heard, [['a']]);
});

t.test('what lasts is outdated from the order on, and not from when it is told', async (t) => {
  const note = createMemoryNote();
  const { journal } = open(t, note);
  await journal.start();
  note.error = new Error('refused');
  const leaving = new AbortController();
  const told = journal.tell(['a'], ['a'], leaving.signal);
  t.ok(journal.isPurged(LONG_AGO));
  t.notOk(journal.isPurged({ tags: ['b'], storedAt: 1 }));
  leaving.abort(new Error('enough'));
  await t.rejects(told);
});

t.test('closed, it looks no more, and who waits is told nothing', async (t) => {
  const note = createMemoryNote();
  const { journal, outcomes } = open(t, note);
  await journal.start();
  journal.close();
  const { reads } = note;
  const other = open(t, createMemoryNote());
  await other.journal.start();
  await until(() => other.outcomes.length > 5);
  t.equal(note.reads, reads);
  const hanging = createMemoryNote();
  hanging.read = () => new Promise(() => {});
  const waiting = open(t, hanging);
  const started = waiting.journal.start();
  waiting.journal.close();
  await started;
  t.same([outcomes.includes('failed'), waiting.outcomes], [false, []]);
});
