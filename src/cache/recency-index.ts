/** An entry of a folder as its index knows it. */
interface Known {
  readonly name: string;
  bytes: number;
  usedAt: number;
  /** Which of two that were used in the same millisecond was used last. */
  order: number;
  /** The last scan that saw it, or during which it was noted. */
  scan: number;
  /** Its place in the heap. */
  at: number;
}

export interface RecencyIndex {
  readonly bytes: number;
  readonly entries: number;
  /** Known from now on, with so many bytes and used at least as lately as that (milliseconds since the epoch). */
  note(name: string, bytes: number, usedAt: number): void;
  forget(name: string): void;
  has(name: string): boolean;
  /** What is neither seen nor noted until `endScan` is forgotten then. */
  beginScan(): void;
  see(name: string): void;
  endScan(): void;
  /** Takes out the one used longest ago, as long as there are more bytes or entries than may be. */
  takeExcess(): { readonly name: string; readonly usedAt: number } | undefined;
}

/**
 * The entries of a folder by when they were used. A binary heap, over a list in order of use: a scan finds entries in any order,
 * and sorting a million of them would hold up every request for a second.
 */
export function createRecencyIndex(limits: { readonly maxBytes: number; readonly maxEntries: number }): RecencyIndex {
  const byName = new Map<string, Known>();
  const heap = createHeap();
  let bytes = 0;
  let order = 0;
  let scan = 0;

  function known(name: string): Known {
    const entry = byName.get(name) ?? { name, bytes: 0, usedAt: 0, order, scan, at: heap.size };
    if (!byName.has(name)) {
      byName.set(name, entry);
      heap.add(entry);
    }
    return entry;
  }

  function drop(entry: Known): void {
    byName.delete(entry.name);
    heap.remove(entry);
    bytes -= entry.bytes;
  }

  return {
    get bytes() {
      return bytes;
    },
    get entries() {
      return byName.size;
    },
    note(name, size, usedAt) {
      const entry = known(name);
      bytes += size - entry.bytes;
      entry.bytes = size;
      entry.usedAt = Math.max(entry.usedAt, usedAt);
      entry.order = ++order;
      entry.scan = scan;
      heap.moved(entry);
    },
    forget(name) {
      const entry = byName.get(name);
      if (entry) drop(entry);
    },
    has: (name) => byName.has(name),
    beginScan() {
      scan++;
    },
    see(name) {
      const entry = byName.get(name);
      if (entry) entry.scan = scan;
    },
    endScan() {
      for (const entry of byName.values()) if (entry.scan !== scan) drop(entry);
    },
    takeExcess() {
      const oldest = heap.first();
      if (!oldest || (bytes <= limits.maxBytes && byName.size <= limits.maxEntries)) return undefined;
      drop(oldest);
      return oldest;
    },
  };
}

/** Least recently used first; each entry knows its place, so that any can move or leave in as many steps as the heap is high. */
function createHeap() {
  const places: Known[] = [];

  function put(entry: Known, at: number): void {
    places[at] = entry;
    entry.at = at;
  }

  function up(entry: Known): void {
    for (let at = entry.at; at > 0; ) {
      const above = (at - 1) >> 1;
      const parent = places[above];
      if (!parent || !isOlder(entry, parent)) return;
      put(parent, at);
      put(entry, above);
      at = above;
    }
  }

  function down(entry: Known): void {
    for (let child = oldestBelow(entry.at); child && isOlder(child, entry); child = oldestBelow(entry.at)) {
      const { at } = child;
      put(child, entry.at);
      put(entry, at);
    }
  }

  function oldestBelow(at: number): Known | undefined {
    const [left, right] = [places[2 * at + 1], places[2 * at + 2]];
    return left && right && isOlder(right, left) ? right : left;
  }

  function moved(entry: Known): void {
    up(entry);
    down(entry);
  }

  return {
    get size() {
      return places.length;
    },
    first: () => places[0],
    add: (entry: Known) => void places.push(entry),
    moved,
    remove(entry: Known) {
      const last = places.pop();
      if (!last || last === entry) return;
      put(last, entry.at);
      moved(last);
    },
  };
}

function isOlder(one: Known, other: Known): boolean {
  return one.usedAt < other.usedAt || (one.usedAt === other.usedAt && one.order < other.order);
}
