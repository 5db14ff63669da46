import { readFileSync } from 'node:fs';

const CSS = readFileSync(new URL('page.css', import.meta.url), 'utf8');

/** The page: a section per picture with a row per option, or by option the other way round. */
export function renderPage(cells, { title, notes, byOption }) {
  const [outer, inner] = byOption ? ['option', 'key'] : ['key', 'option'];
  const sections = groups(cells, outer).map(([name, own]) => section(name, groups(own, inner)));
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>${escapeHtml(title)}</title>
<style>
${CSS}</style>
<h1>${escapeHtml(title)}</h1>
${notes.map((note) => `<p>${escapeHtml(note)}</p>`).join('\n')}
${sections.join('\n')}
</html>
`;
}

/** `[value, cells]` for each value of a property, in the order of their first cells. */
function groups(cells, property) {
  const found = new Map();
  for (const cell of cells) found.set(cell[property], [...(found.get(cell[property]) ?? []), cell]);
  return [...found];
}

/** What has the original and one row beside it, or a row alone, needs no heading of its own. */
function section(name, rows) {
  if (rows.length <= 2 && rows[0][0] === 'original') return row(name, [...rows.flatMap(([, cells]) => cells)]);
  return `<section>
<h2>${escapeHtml(name)}</h2>
${rows.map(([label, cells]) => row(label, cells)).join('\n')}
</section>`;
}

function row(label, cells) {
  return `<div class="row"><h3>${escapeHtml(label)}</h3><div class="cells">
${cells.map(figure).join('\n')}
</div></div>`;
}

function figure(cell) {
  const { answer, query } = cell;
  const broken = answer.status === 0 || answer.status >= 500;
  return `<figure class="cell${broken ? ' server-error' : ''}">${picture(cell)}<figcaption><code>${breakable(query || '(no options)')}</code>
<span class="facts">${facts(cell)}</span></figcaption></figure>`;
}

function picture({ answer: { status, type, body }, message, embedded }) {
  if (message) return `<div class="message">${status} ${escapeHtml(message)}</div>`;
  if (!embedded) return '<div class="message">not embedded</div>';
  return `<img tabindex="0" loading="lazy" alt="not shown by this browser" src="data:${escapeHtml(type)};base64,${body.toString('base64')}">`;
}

function facts({ answer, sides }) {
  const { status, type, disposition, body, ms } = answer;
  const frames = sides && sides.frames > 1 ? ` × ${sides.frames}` : '';
  const size = sides ? `${sides.width} × ${sides.height}${frames}` : '';
  const what = status === 200 ? [type.replace('image/', ''), size, bytes(body.length), disposition] : [];
  return [status, ...what, `${Math.round(ms)} ms`]
    .filter(Boolean)
    .map((text) => `<span>${escapeHtml(text)}</span>`)
    .join(' · ');
}

function bytes(count) {
  return count < 1000 ? `${count} B` : `${(count / 1000).toFixed(count < 10_000 ? 1 : 0)} kB`;
}

function breakable(query) {
  return escapeHtml(query).replaceAll('&#38;', '<wbr>&amp;');
}

function escapeHtml(text) {
  return String(text).replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
