import { parseArgs } from 'node:util';

export const USAGE = `npm run bench -- [part …] [options]

Parts, all of them when none is named:
  cold      distinct variants, each format, against a bare loop of sharp
  ipx       the same beside IPX (npm install --prefix bench/ipx)
  hits      one variant from memory, against a bare Fastify route and nginx
  stampede  one cold key asked for by 200 clients at once
  large     variants of 12 to 24 megapixels, 16 at once, with memory over time

  bombs     small files that claim much: milliseconds and memory until they are refused
  worst     the dearest that may be asked for: milliseconds and memory of each
  edge      a CDN's cache by five keys, with and without the edge function: a model, no CDN

Options:
  --rounds N      rounds of each comparison, 5 by default; stampede has four times as many
  --seconds N     seconds of a round for its slowest side, 2 by default
  --count N       variants of large, 2000 by default
  --photos DIR    originals of large, instead of generated ones
  --corpus DIR    files of bombs besides the generated ones: those whose names say so
  --only TEXT     cases of worst whose original and options contain it
  --json FILE     the figures of all tables as JSON`;

/** The command line as `{ parts, rounds, seconds, count, photos, corpus, only, json, help }`; throws with a text for a person. */
export function readOptions(argv, knownParts) {
  const { values, positionals } = parseArgs({
    args: argv,
    allowPositionals: true,
    options: {
      rounds: { type: 'string', default: '5' },
      seconds: { type: 'string', default: '2' },
      count: { type: 'string', default: '2000' },
      photos: { type: 'string' },
      corpus: { type: 'string' },
      only: { type: 'string' },
      json: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  const unknown = positionals.find((part) => !knownParts.includes(part));
  if (unknown) throw new Error(`"${unknown}" is none of ${knownParts.join(', ')}.`);
  return {
    ...values,
    parts: positionals.length > 0 ? positionals : knownParts,
    rounds: Math.ceil(positive('rounds', values.rounds)),
    seconds: positive('seconds', values.seconds),
    count: Math.ceil(positive('count', values.count)),
  };
}

function positive(name, text) {
  const number = Number(text);
  if (!(number > 0 && number < Infinity)) throw new Error(`--${name} is "${text}"; expected a number above 0.`);
  return number;
}
