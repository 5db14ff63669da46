/**
 * How URLs are written on a site that several people and programs write URLs for. Each of them always writes the same way, and not as the next
 * one does: that, not chance, is why the same picture has many URLs.
 */

/** Kinds of untidiness; a tidy site has none of them. */
export const KINDS = ['spelling', 'encoding', 'junk', 'measured'];

const TIDY = { order: ['w', 'h', 'f', 'q'], multiplies: true, said: {} };

/**
 * `order` of the query; whether `dpr` is multiplied into sides or said; defaults that are said; other names of formats; the share of `f=jpeg`
 * beside which its default quality is said.
 */
const STYLES = {
  // Three pieces of code that write the same cards: the site's component, somebody's widget, templates from before both.
  web: TIDY,
  widget: { order: ['f', 'h', 'w', 'q'], multiplies: true, said: { fit: 'cover' } },
  template: { order: ['w', 'h', 'dpr', 'f', 'q'], multiplies: false, said: {}, saysDpr: true },
  // A list that loads while it is scrolled: a script of its own.
  search: { order: ['h', 'w', 'dpr', 'f', 'q'], multiplies: false, said: { fit: 'cover' }, saysDpr: true },
  // Stored HTML of years.
  cms: { order: ['f', 'q', 'w', 'h'], multiplies: true, said: { enlarge: '1' } },
  app: { order: ['dpr', 'w', 'h', 'f', 'q'], multiplies: false, said: { pos: 'centre' } },
  mail: { order: ['w', 'f', 'h', 'q'], multiplies: true, said: { fit: 'cover', pos: 'centre' }, jpeg: 'jpg', q: '75' },
  partner: { order: ['q', 'f', 'h', 'w'], multiplies: true, said: {}, jpeg: 'jpg', q: '75' },
};

/** How each escapes a path that has to be escaped; by RFC 3986 without need, in small letters, or as `encodeURIComponent` does. */
const ESCAPES = {
  web: encodePath,
  widget: encodePath,
  template: (path) => encodePath(path).replace(/[()']/g, (sign) => `%${sign.charCodeAt(0).toString(16)}`),
  search: encodePath,
  cms: (path) => encodePath(path).replace(/%[0-9A-F]{2}/g, (octet) => octet.toLowerCase()),
  app: (path) => encodePath(path).replace(/[()']/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`),
  mail: encodePath,
  partner: (path) => encodePath(path).replace(/[()']/g, (sign) => `%${sign.charCodeAt(0).toString(16)}`),
};

/** A space in a query, where it is not `+`. */
const SPACES = { widget: '%20', search: '%20', app: '%20' };

function encodePath(path) {
  return path.split('/').map(encodeURIComponent).join('/');
}

/**
 * The target of a picture: `{ key, version, w, h, pos, dpr, f, q }`, sides in CSS pixels; `h`, `pos` and `q` may be undefined. `visit` has the
 * channel, what stands in the address of its page, and a clock. `kinds` is what is untidy.
 */
export function targetOf(picture, visit, kinds) {
  const style = kinds.spelling ? STYLES[visit.channel] : TIDY;
  const escaped = kinds.encoding ? ESCAPES[visit.channel] : encodePath;
  const options = optionsOf(picture, style, kinds.encoding ? SPACES[visit.channel] : undefined);
  const junk = kinds.junk ? junkOf(picture, visit) : [];
  const query = [...options, ...junk].map(([name, value]) => `${name}=${value}`).join('&');
  return `/${escaped(picture.key)}?${query}`;
}

function optionsOf({ w, h, pos, dpr, f, q }, style, space = '+') {
  const times = style.multiplies ? dpr : 1;
  const values = {
    w: Math.round(w * times),
    h: h === undefined ? undefined : Math.round(h * times),
    dpr: style.multiplies || (dpr === 1 && !style.saysDpr) ? undefined : dpr,
    f: f === 'jpeg' ? (style.jpeg ?? f) : f,
    q: q ?? (f === 'jpeg' ? style.q : undefined),
  };
  const named = style.order.map((name) => [name, values[name]]).filter(([, value]) => value !== undefined);
  const said = { ...style.said, ...(h !== undefined && pos !== undefined && { pos: pos.replace(' ', space) }) };
  return [...named, ...Object.entries(said)];
}

/** Shares of `_` and of click identifiers on pictures are assumed: scripts that append the time, and that copy the page's address. */
const CACHE_BUSTED = 0.02;

function junkOf({ version }, { channel, campaign, click, time, junkRandom }) {
  if (channel === 'mail') {
    return [
      ['utm_source', 'newsletter'],
      ['utm_medium', 'email'],
      ['utm_campaign', campaign],
    ];
  }
  if (channel === 'cms') return [['v', version]];
  if (channel === 'search' && junkRandom() < CACHE_BUSTED) return [['_', Math.round(time * 1000)]];
  return click === undefined ? [] : [click];
}
