import t from 'tap';
import { createOwnPurges } from '../../src/purge/own-purges.ts';
import { stateOf } from '../support/waiting.ts';

const purge = (id: string) => ({ id, tags: [id], lasting: [], at: 1 });
const ids = (...some: readonly string[]) => new Set(some);

t.test('a purge is told when it was written, and forgotten when it was read', async (t) => {
  const own = createOwnPurges();
  const [one, other] = [own.add(purge('1')), own.add(purge('2'))];
  t.same(own.untold(), [purge('1'), purge('2')]);
  own.told(own.untold().slice(0, 1));
  await one;
  t.equal(await stateOf(other), 'pending');
  t.same(own.untold(), [purge('2')]);
  own.check(ids('1'));
  own.check(ids());
  t.same(own.untold(), [purge('2')], 'what was read and is gone later was there long enough');
});

t.test('what was overwritten is untold again, but not for ever', (t) => {
  const own = createOwnPurges();
  void own.add(purge('1'));
  for (let time = 0; time < 3; time++) {
    t.same(own.untold(), [purge('1')]);
    own.told(own.untold());
    t.same(own.untold(), []);
    own.check(ids());
  }
  t.same(own.untold(), [], 'a full note has lost it for a better reason');
  t.end();
});

t.test('what is read and was never known to be written is told', async (t) => {
  const own = createOwnPurges();
  const told = own.add(purge('1'));
  own.check(ids('1'));
  await told;
  t.same(own.untold(), []);
});

t.test('no more wait than that', async (t) => {
  const own = createOwnPurges();
  for (let index = 0; index < 1000; index++) void own.add(purge(`${index}`));
  await t.rejects(own.add(purge('one more')), /Too many/);
  own.told(own.untold());
  own.check(ids(...Array.from({ length: 1000 }, (_, index) => `${index}`)));
  void own.add(purge('later'));
  t.equal(own.untold().length, 1);
});
