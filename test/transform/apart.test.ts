import sharp from 'sharp';
import t from 'tap';
import { draw } from '../../src/transform/apart.ts';
import type { ImageFacts } from '../../src/transform/facts.ts';
import { planVariant } from '../../src/transform/plan.ts';
import { DRAWING_RULES } from '../../src/transform/rules.ts';
import { colourAt, jpeg } from '../support/pictures.ts';
import { PHOTO } from '../support/plans.ts';
import { setEnvironment } from '../support/service.ts';
import { POLICY } from '../support/variants.ts';

const LONG_MS = 20_000;
// What a child of Node.js 24 says of the functions it has loaded would count against those of this process.
setEnvironment(t, '_TAPJS_PROCESSINFO_COVERAGE_', '0');

function planOf(format: ImageFacts['format'], w: number) {
  const facts = { ...PHOTO, format, width: 20, height: 10, alpha: true };
  const plan = planVariant({ w, f: 'png' }, facts, [], { ...POLICY, rules: DRAWING_RULES['lambda-edge'] });
  if (!plan) throw new Error('The original itself was the answer.');
  return plan;
}

t.test('a drawing is drawn by another process', async (t) => {
  const svg =
    '<svg xmlns="http://www.w3.org/2000/svg" width="20" height="10"><rect width="10" height="10" fill="#f00"/></svg>';
  const body = await draw(Buffer.from(svg), planOf('svg', 200), LONG_MS);
  const { width, height } = await sharp(body).metadata();
  t.same([width, height], [200, 100]);
  t.same(
    [await colourAt(body, 99, 50), await colourAt(body, 100, 50)],
    [
      [255, 0, 0, 255],
      [0, 0, 0, 0],
    ],
  );
});

t.test('a picture of pixels needs none', async (t) => {
  // So little time that no process could start in it.
  const { width } = await sharp(await draw(await jpeg(20, 10), planOf('jpeg', 10), 0)).metadata();
  t.equal(width, 10);
});

t.test('what is wrong with a drawing is said as of any picture', async (t) => {
  const cut = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="20" height="10"><rect');
  await t.rejects(draw(cut, planOf('svg', 20), LONG_MS), { name: 'ServiceError', code: 'corrupt_image' });
});

t.test('what takes too long is ended', async (t) => {
  await t.rejects(draw(Buffer.from('<svg/>'), planOf('svg', 20), 0), { name: 'ServiceError', code: 'too_complex' });
});
