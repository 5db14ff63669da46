/** The middle value; between the two middle ones of an even number. */
export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return (sorted[Math.ceil(middle) - 1] + sorted[Math.floor(middle)]) / 2;
}

/** The smallest value that the given share of values does not exceed. */
export function quantile(values, share) {
  return values.toSorted((a, b) => a - b)[Math.ceil(values.length * share) - 1];
}

/** Slope of the straight line nearest to the points, in y per x. */
export function slope(points) {
  const mean = (pick) => points.reduce((sum, point) => sum + pick(point), 0) / points.length;
  const [meanX, meanY] = [mean(([x]) => x), mean(([, y]) => y)];
  const covariance = mean(([x, y]) => (x - meanX) * (y - meanY));
  return covariance / mean(([x]) => (x - meanX) ** 2);
}

/** Records as a Markdown table; a column is `[title, key, digits]`, and numbers that could not be had are dashes. */
export function table(columns, records) {
  const rows = records.map((record) => columns.map(([, key, digits]) => cell(record[key], digits)));
  const titles = columns.map(([title]) => title);
  const widths = titles.map((title, index) => Math.max(3, title.length, ...rows.map((row) => row[index].length)));
  const isNumber = (index) => columns[index][2] !== undefined;
  const line = (cells) =>
    `| ${cells.map((text, index) => (isNumber(index) ? text.padStart(widths[index]) : text.padEnd(widths[index]))).join(' | ')} |`;
  const rule = widths.map((width, index) => (isNumber(index) ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width)));
  return [titles, rule, ...rows].map(line).join('\n');
}

function cell(value, digits) {
  if (digits === undefined) return String(value);
  return Number.isFinite(value) ? value.toFixed(digits) : '–';
}
