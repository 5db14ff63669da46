import { quantile } from './figures.mjs';

export const SETTING_COLUMNS = [
  ['setting', 'name'],
  ['q', 'q', 0],
  ['KB', 'kb', 1],
  ['CPU ms', 'cpuMs', 1],
  ['SSIMULACRA2', 'score', 1],
  ['10th percentile', 'low', 1],
  ['worst', 'worst', 1],
];

export const EQUAL_COLUMNS = [
  ['SSIMULACRA2', 'target', 0],
  ['format', 'format'],
  ['setting', 'name'],
  ['q', 'q', 1],
  ['KB', 'kb', 1],
  ['CPU ms', 'cpuMs', 1],
  ['10th percentile', 'low', 1],
  ['worst', 'worst', 1],
];

/** One record per setting, over all pictures; `results` has a list for each picture, in the order of settings. */
export function summarize(settings, results) {
  return settings.map(({ format, name, q }, index) => {
    const mine = results.map((picture) => picture[index]);
    const scores = mine.map(({ score }) => score);
    return {
      format,
      name,
      q,
      kb: mean(mine.map(({ bytes }) => bytes)) / 1024,
      cpuMs: mean(mine.map(({ cpuMs }) => cpuMs)),
      score: mean(scores),
      low: quantile(scores, 0.1),
      worst: Math.min(...scores),
    };
  });
}

/** For each wanted mean score the point of each series that has it, between two measured qualities. */
export function equalPoints(records, targets) {
  const series = groupBy(records, ({ format, name }) => `${format} ${name}`);
  return targets.flatMap((target) => series.map((points) => pointAt(points, target)).filter(Boolean));
}

/** The records as lists, one for each value of a key, in the order of their first. */
export function groupBy(records, keyOf) {
  const groups = new Map();
  for (const record of records) {
    const key = keyOf(record);
    groups.set(key, [...(groups.get(key) ?? []), record]);
  }
  return [...groups.values()];
}

function pointAt(points, target) {
  const after = points.findIndex(({ score }) => score >= target);
  if (after < 1) return undefined;
  const [low, high] = [points[after - 1], points[after]];
  const share = (target - low.score) / (high.score - low.score);
  const between = (key) => low[key] + share * (high[key] - low[key]);
  return {
    target,
    format: low.format,
    name: low.name,
    q: between('q'),
    // Bytes grow by a factor with each step of quality.
    kb: low.kb * (high.kb / low.kb) ** share,
    cpuMs: between('cpuMs'),
    low: between('low'),
    worst: between('worst'),
  };
}

function mean(values) {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
