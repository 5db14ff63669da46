import fc from 'fast-check';

/** What HTML is made of, and what it should not be. */
const SRC = fc.constantFrom(
  ...[
    '/a.jpg',
    '/b.jpg?h=1&w=2',
    '/b.jpg?h=300',
    "/a'b.jpg",
    '/&quot;><script>alert(1)</script>',
    '/ü.jpg?pos=0.3,0.5&w=9',
  ],
  ...[
    'javascript:alert(1)',
    '/a.jpg?w=1&dl=%22%3E%3Cscript%3E',
    '/\n.jpg',
    '/a.jpg?sig=x',
    '//h/a.jpg',
    '/..',
    '/&lt;b&gt;&amp;amp.jpg',
  ],
);
const IMAGE = fc
  .tuple(
    fc.constantFrom('img', 'IMG', 'image', 'img/'),
    SRC,
    fc.constantFrom('"', "'", ''),
    fc.constantFrom('', ' alt=">"', ' srcset', ' width=5', '/', ' src=/c'),
  )
  .map(([name, src, quote, rest]) => `<${name} src=${quote}${src}${quote}${rest}>`);
const NAMES = [
  'p',
  'b',
  'a',
  'table',
  'td',
  'tr',
  'svg',
  'math',
  'mi',
  'title',
  'select',
  'option',
  'template',
  'textarea',
  'script',
  'style',
  'noscript',
];
const MORE = [
  'picture',
  'figure',
  'form',
  'button',
  'li',
  'xmp',
  'iframe',
  'foreignObject',
  'desc',
  'body',
  'html',
  'head',
  'col',
  'caption',
  'nobr',
  'object',
];
const TAG = fc
  .tuple(
    fc.constantFrom('<', '</'),
    fc.constantFrom(...NAMES, ...MORE),
    fc.constantFrom('', ' style="width:50%"', " x='\">'", ' <', '/'),
  )
  .map(([start, name, rest]) => `${start}${name}${rest}>`);
const JUNK = fc.constantFrom(
  ...[
    '<!--',
    '-->',
    '<![CDATA[',
    ']]>',
    '<!doctype html>',
    '<',
    '>',
    '"',
    "'",
    '&',
    '&amp;',
    '&notin;',
    '=',
    ' ',
    '\r\n',
    '\r',
    '\0',
    '\ufeff',
    '😀',
    '\ud83d',
  ],
  ...['text', '<?x>', '</', '<img src="/a.jpg', '<a title="', '<!', '<plaintext>', '\u0085'],
);
/** HTML as nobody should write it, with images in it that are ours, and some that pretend to be. */
export const GARBAGE_HTML = fc
  .array(fc.oneof({ weight: 3, arbitrary: IMAGE }, { weight: 3, arbitrary: TAG }, JUNK), { maxLength: 24 })
  .map((parts) => parts.join(''));
