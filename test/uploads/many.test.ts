import t from 'tap';
import { verifyReceipt } from '../../src/uploads/receipt.ts';
import { png } from '../support/pictures.ts';
import { runService } from '../support/process.ts';
import { startS3Server } from '../support/s3-server.ts';
import { useS3 } from '../support/service.ts';
import { type Called, callUploads, keysOf, sendBytes, UPLOADS_KEYS, uploadsEnvironment } from '../support/uploads.ts';

const COUNT = 500;
const SUBJECTS = ['ann', 'bob', 'eve', 'joe', 'kim'];
/** As in life: many, at once, and each by somebody with time. */
const env = { UPLOADS_PER_MINUTE: '100000', QUEUE_LENGTH: '1000', DEADLINE_MS: '60000', LOG_LEVEL: 'silent' };
/** What ends in a 5xx is confirmed again, which is harmless. */
const MAX_TRIES = 5;

type Kind = 'confirmed' | 'confirmed twice' | 'sent and abandoned' | 'never sent' | 'hostile';

/** Of every hundred 65, 10, 10, 10 and 5. */
function kindOf(index: number): Kind {
  const place = index % 20;
  if (place === 0) return 'hostile';
  if (place <= 2) return 'confirmed twice';
  if (place <= 4) return 'sent and abandoned';
  return place <= 6 ? 'never sent' : 'confirmed';
}

interface Outcome {
  readonly kind: Kind;
  /** In the folder of what waits. */
  readonly file: string;
  readonly owner: string;
  readonly width: number;
  readonly answers: readonly Called[];
}

/** What one person does, from beginning to end. */
async function one(url: string, index: number): Promise<Outcome> {
  const kind = kindOf(index);
  const owner = SUBJECTS[index % SUBJECTS.length] ?? '';
  // Each has a picture of a width of its own.
  const width = 10 + index;
  const bytes = kind === 'hostile' ? Buffer.from(`<html><script>${index}`) : await png(width, 8);
  const order = { filename: `${index}.png`, type: 'image/png', size: bytes.length, method: index % 2 ? 'PUT' : 'POST' };
  const { json } = await callUploads(url, 'POST', '/-/uploads', { as: owner, body: order });
  const [file = ''] = /[\w-]{36}\.png/.exec(json.fields?.key ?? json.url) ?? [];
  if (kind !== 'never sent') await sendBytes(json, bytes);
  const times = { confirmed: 1, 'confirmed twice': 2, hostile: 1, 'sent and abandoned': 0, 'never sent': 0 }[kind];
  const confirm = async () => {
    const ask = () => callUploads(url, 'POST', '/-/uploads/confirm', { as: owner, body: { token: json.token } });
    let answer = await ask();
    for (let tries = 1; tries < MAX_TRIES && answer.status >= 500; tries++) answer = await ask();
    return answer;
  };
  return { kind, file, owner, width, answers: await Promise.all(Array.from({ length: times }, confirm)) };
}

t.test(`${COUNT} uploads at once leave exactly what was confirmed, and what the lifecycle will remove`, async (t) => {
  const s3 = await startS3Server();
  t.teardown(() => s3.close());
  // In a process of its own, since all the clients and the store are in this one.
  const { url } = await runService(t, { ...useS3(t, s3), ...uploadsEnvironment(s3), ...env });
  const outcomes = await Promise.all(Array.from({ length: COUNT }, (_, index) => one(url, index)));
  const ofKind = (...kinds: Kind[]) => outcomes.filter(({ kind }) => kinds.includes(kind));
  t.same(
    ['confirmed', 'confirmed twice', 'sent and abandoned', 'never sent', 'hostile'].map(
      (kind) => ofKind(kind as Kind).length,
    ),
    [325, 50, 50, 50, 25],
  );
  const wrong = ofKind('hostile').filter(({ answers }) => answers[0]?.status !== 422);
  t.same(wrong, [], 'what is hostile is refused');
  const good = ofKind('confirmed', 'confirmed twice');
  const bad = good.filter(({ answers, width }) =>
    answers.some(
      ({ status, json }) => status !== 200 || json.width !== width || json.receipt !== answers[0]?.json.receipt,
    ),
  );
  t.same(bad, [], 'what is right is answered as what it is, however often');
  const receipts = await Promise.all(
    good.map(({ answers }) => verifyReceipt(String(answers[0]?.json.receipt), UPLOADS_KEYS)),
  );
  t.same(
    receipts.map(({ subject, key, width }) => [subject, key, width]),
    good.map(({ owner, file, width }) => [owner, `files/${owner}/${file}`, width]),
  );
  t.same(
    (await keysOf(s3)).toSorted(),
    [
      ...good.map(({ owner, file }) => `files/${owner}/${file}`),
      ...ofKind('sent and abandoned').map(({ owner, file }) => `tmp/${owner}/${file}`),
    ].sort(),
  );
});
