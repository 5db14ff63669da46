/**
 * A progressive JPEG usually has 6 to 13. It may have 2,647 without breaking a rule, each of some bytes, and its decoder goes over
 * all blocks for each: 529 KB of 49 MP held a worker for 21 s. With 100 it is 1 s.
 */
export const MAX_SCANS = 100;

const END_OF_IMAGE = 0xd9;
const START_OF_SCAN = 0xda;

/**
 * Scans of a JPEG, up to `most` and one more (ITU-T T.81, B.1.1). Each byte is looked at once: 25 MB take some 25 ms, whatever
 * is in them.
 */
export function countScans(bytes: Uint8Array, most: number): number {
  let scans = 0;
  for (const at of markersIn(bytes)) {
    if (bytes[at] === END_OF_IMAGE || scans > most) break;
    if (bytes[at] === START_OF_SCAN) scans++;
  }
  return scans;
}

/** Frame headers, of which a file has one: all but tables and what is reserved among them. */
function beginsFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
}

/** By the first frame header of a JPEG, as libjpeg reads it (B.2.2); none where there is none ahead of the scans. */
export function pixelsByFrame(bytes: Uint8Array): number {
  for (const at of markersIn(bytes)) {
    if (bytes[at] === START_OF_SCAN) break;
    if (beginsFrame(bytes[at] as number)) return lengthAt(bytes, at + 4) * lengthAt(bytes, at + 6);
  }
  return 0;
}

/** Where the names of markers are that begin a segment; what stands in a segment is passed over. */
function* markersIn(bytes: Uint8Array): Generator<number> {
  let at = nextMarker(bytes, 2);
  while (at < bytes.length) {
    yield at;
    at = nextMarker(bytes, at + 1 + lengthAt(bytes, at + 1));
  }
}

/** Of a segment, which counts itself; sides are written like that, too. */
function lengthAt(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}

/** Where the name of the next marker is that begins a segment, behind whatever there is before it; the end without one. */
function nextMarker(bytes: Uint8Array, from: number): number {
  for (let at = from + 1; at < bytes.length; at++) {
    if (bytes[at - 1] === 0xff && beginsSegment(bytes[at] as number)) return at;
  }
  return bytes.length;
}

/** Not what stands within a scan: a stuffed zero, fill bytes, restarts. */
function beginsSegment(marker: number): boolean {
  return marker !== 0xff && marker > 0x01 && (marker < 0xd0 || marker > 0xd7);
}
