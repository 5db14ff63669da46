/** No URL is longer: CloudFront refuses above 8 KB, and a log line has a few hundred bytes besides. */
const MAX_LINE_LENGTH = 65_536;

/** The lines of a text that comes in chunks, without their ends. Of one that is too long the beginning alone. */
export async function* linesOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of chunks) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() as string;
    for (const line of lines) yield bounded(line);
    // The end of it may never come: what is kept must not grow with it.
    rest = rest.slice(0, MAX_LINE_LENGTH);
  }
  if (rest !== '') yield bounded(rest);
}

function bounded(line: string): string {
  return (line.endsWith('\r') ? line.slice(0, -1) : line).slice(0, MAX_LINE_LENGTH);
}
