import { table } from '../bench/figures.mjs';

/** Peaks are the pixels of one picture; what is kept after them would add up. */
const KEPT_LIMIT_MB = 200;

/** `{ text, failed }`: the report as Markdown, and whether something happened that must not. */
export function renderReport({ files, before, manifest, ways, bareStatuses, deadlineMs }) {
  const all = files.flatMap(({ key, answers }) => ways.map((way) => ({ key, way, ...answers[way] })));
  const broken = all.filter(({ status }) => status === 0 || status >= 500);
  const late = all.filter(({ ms }) => ms > deadlineMs);
  const slowest = all.reduce((worst, answer) => (answer.ms > worst.ms ? answer : worst));
  const largest = files.reduce((worst, file) => (file.peak > worst.peak ? file : worst));
  const after = files.at(-1).after;
  const totals = [
    `- Files: ${files.length}; answers: ${all.length}`,
    `- 5xx or none: ${broken.length}`,
    ...broken.map(line),
    `- Later than the deadline of ${deadlineMs} ms: ${late.length}`,
    ...late.map(line),
    `- Slowest: ${Math.round(slowest.ms)} ms, ${slowest.key}, ${slowest.way}`,
    `- RSS before: ${megabytes(before)}`,
    `- RSS at the peak: ${megabytes(largest.peak, before)}, ${largest.key}`,
    `- RSS after: ${megabytes(after, before)}`,
  ];
  const parts = ['## Files', fileTable(files, manifest, ways), '## Totals', totals.join('\n')];
  if (manifest.size > 0) parts.push('## Differences', differences(all, files, manifest, bareStatuses));
  return {
    text: `${parts.join('\n\n')}\n`,
    failed: broken.length > 0 || late.length > 0 || after - before > KEPT_LIMIT_MB,
  };
}

function fileTable(files, manifest, ways) {
  const columns = [
    ['core', 'core'],
    ['file', 'file'],
    ...ways.map((way) => [`${way} (ms)`, way]),
    ['peak RSS MB', 'peak', 0],
    ['RSS MB', 'after', 0],
  ];
  const records = files.map(({ key, answers, peak, after }) => ({
    core: manifest.get(key)?.core ? 'core' : '',
    file: key.replaceAll('|', '\\|'),
    peak,
    after,
    ...Object.fromEntries(ways.map((way) => [way, `${answers[way].status} (${Math.round(answers[way].ms)})`])),
  }));
  return table(columns, records);
}

/** Where the manifest says otherwise, with the files that only one of the two knows. */
function differences(all, files, manifest, bareStatuses) {
  const keys = files.map(({ key }) => key);
  const wrong = all.filter((answer) => differs(answer, manifest.get(answer.key), bareStatuses));
  const lines = keys
    .map((key) => [key, wrong.filter((answer) => answer.key === key)])
    .filter(([, answers]) => answers.length > 0)
    .map(([key, answers]) => differenceOf(key, answers, manifest.get(key)));
  const missing = [...manifest.keys()]
    .filter((key) => !keys.includes(key))
    .map((key) => `- ${key}: only in the manifest`);
  const unknown = keys.filter((key) => !manifest.has(key)).map((key) => `- ${key}: not in the manifest`);
  return [...lines, ...missing, ...unknown].join('\n') || 'None.';
}

function differs({ way, status, other }, expected, bareStatuses) {
  if (expected === undefined) return false;
  if (way === 'bare') return !bareStatuses.includes(status);
  return other !== '' || !expected.statuses.includes(status);
}

function differenceOf(key, answers, { core, text }) {
  const ways = {};
  for (const { way, status, other, message } of answers) {
    const what = `${status}${other && ` as ${other}`}${message && ` (${message})`}`;
    ways[what] = [...(ways[what] ?? []), way];
  }
  const told = Object.entries(ways).map(([what, names]) => `${names.join(', ')} ${what}`);
  return `- ${key}${core ? ' (core)' : ''}: ${told.join('; ')}. Good: ${text}`;
}

function line({ key, way, status, ms }) {
  return `  - ${key}, ${way}: ${status} after ${Math.round(ms)} ms`;
}

function megabytes(number, before = number) {
  if (!Number.isFinite(number)) return 'not known here';
  return `${number.toFixed(0)} MB${number === before ? '' : ` (${(number - before).toFixed(0)} more)`}`;
}
