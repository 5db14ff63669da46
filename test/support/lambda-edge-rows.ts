/** One request, what comes of it there and here, in the words of docs/from-lambda-edge.md. Every original is 60 × 40. */
export interface Row {
  readonly target: string;
  readonly theirs: string;
  readonly ours: string;
  readonly note: string;
}

const same = (target: string, outcome: string, note: string): Row => ({ target, theirs: outcome, ours: outcome, note });
const differs = (target: string, theirs: string, ours: string, note: string): Row => ({ target, theirs, ours, note });

export const LAMBDA_EDGE_ROWS: readonly Row[] = [
  same('photo.jpg', 'original', 'nothing is asked for'),
  same('photo.jpg?f=webp&q=50', 'original', 'neither `w` nor `h`: untouched, also with `f` or `q`'),
  same('photo.jpg?w=30', 'jpeg 30 × 20', 'one side: the other in proportion'),
  same('photo.jpg?h=30', 'jpeg 45 × 30', ''),
  same('photo.jpg?w=30&h=30', 'jpeg 30 × 30', 'both sides: filled, and cut around the centre'),
  same('photo.jpg?w=120', 'jpeg 120 × 80', 'enlarges'),
  same('photo.jpg?w=30px', 'jpeg 30 × 20', 'integers as `parseInt` reads them'),
  same('photo.jpg?w=%2030', 'jpeg 30 × 20', ''),
  same('photo.jpg?w=%C2%A030', 'jpeg 30 × 20', 'white space of any kind before them'),
  same('photo.jpg?w=3e1', 'jpeg 3 × 2', ''),
  same('photo.jpg?w=12.9', 'jpeg 12 × 8', ''),
  same('photo.jpg?w=30%', 'jpeg 30 × 20', 'an escape that is none stays as it is'),
  same('photo.jpg?w=0&h=30', 'jpeg 45 × 30', 'zero is absent'),
  same('photo.jpg?w=&h=30', 'jpeg 45 × 30', 'so is nothing'),
  same('photo.jpg?w=undefined&h=30', 'jpeg 45 × 30', 'and what is no number'),
  same('photo.jpg?w=auto&h=30', 'jpeg 45 × 30', ''),
  differs('photo.jpg?w=auto&f=webp', 'webp 60 × 40', 'original', 'no side that is a size'),
  differs('photo.jpg?w=-5&h=30', 'fails', 'jpeg 45 × 30', 'a negative number'),
  differs('photo.jpg?w=900', 'jpeg 900 × 600', 'jpeg 640 × 427', 'a side above the limit, which is 640 in this table'),
  differs('photo.jpg?w=99999', 'fails', 'jpeg 640 × 427', ''),
  same('photo.jpg?w=30&q=0', 'jpeg 30 × 20', "quality absent or zero: the encoder's default"),
  differs('photo.jpg?w=30&q=101', 'fails', 'jpeg 30 × 20', 'a quality above 100'),
  same('photo.jpg?w=30&w=50', 'jpeg 30 × 20', 'the first of several'),
  same('photo.jpg?w=30&f=jpg', 'jpeg 30 × 20', '`jpg` is `jpeg`'),
  same('photo.jpg?w=30&f=WEBP', 'webp 30 × 20', 'in any case'),
  same('logo.png?w=30&f=jpeg', 'jpeg 30 × 20', 'what is transparent becomes white; black there'),
  same('photo.jpg?w=30&f=tiff', 'tiff 30 × 20', ''),
  differs('photo.jpg?w=30&f=jxl', 'fails', 'jpeg 30 × 20', 'an unknown `f`'),
  differs('photo.jpg?w=30&f=webp&f=png', 'fails', 'webp 30 × 20', '`f` given twice'),
  same('photo.jpg?w=30&fit=contain&preset=x&sig=y', 'jpeg 30 × 20', 'other names change nothing'),
  same('PHOTO.JPG?w=30', 'jpeg 30 × 20', 'the extension in any case'),
  same('logo.png?w=30&q=50', 'png 30 × 20', 'here with all its colours, whatever `q` says: see below'),
  same('photo.webp?w=30', 'webp 30 × 20', ''),
  same('photo.avif?w=30', 'avif 30 × 20', ''),
  same('scan.tif?w=30', 'tiff 30 × 20', 'TIFF stays TIFF'),
  same('anim.gif?w=30', 'original', 'GIF without `f`: untouched'),
  same('anim.gif?w=30&f=webp', 'webp 30 × 20', 'GIF with `f`: its first frame'),
  same('anim.webp?w=30', 'webp 30 × 20', 'so is that of an animated WebP'),
  same('drawing.svg?w=30', 'original', 'SVG without `f`: it scales by itself'),
  same('drawing.svg?w=120&f=png', 'png 120 × 80', 'SVG with `f`: drawn at the size it is wanted in'),
  differs('phone.jpg?w=30', 'jpeg 30 × 20', 'jpeg 30 × 45', 'a picture that lies on its side'),
  differs('huge.png?w=600&q=100', 'original', 'png 600 × 563', 'an answer of more than a megabyte'),
  differs('photo?w=30', 'fails', 'jpeg 30 × 20', 'no extension'),
  differs('renamed.png?w=30', 'png 30 × 20', 'jpeg 30 × 20', 'a JPEG under the name of a PNG'),
  same('photo.jpg?w=30&h=%zz', 'jpeg 30 × 20', 'a bad escape is no number, and absent'),
  same('notes.txt', 'original', ''),
];
