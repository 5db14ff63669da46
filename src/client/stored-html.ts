import {
  type DefaultTreeAdapterMap,
  type DefaultTreeAdapterTypes,
  defaultTreeAdapter,
  parse,
  type Token,
} from 'parse5';

type Node = DefaultTreeAdapterTypes.Node;
type Element = DefaultTreeAdapterTypes.Element;
type ParentNode = DefaultTreeAdapterTypes.ParentNode;

/** An attribute of a start tag; of several with one name the first, as in a browser. */
export interface StoredAttribute {
  readonly value: string;
  /** Where it stands in the text, from its name to the end of its value. */
  readonly start: number;
  readonly end: number;
}

/** An image that a text shows by itself: not in a `picture`, and not in what is text to a browser, or a template. */
export interface StoredImage {
  readonly attributes: ReadonlyMap<string, StoredAttribute>;
  /** The `style` of the innermost `figure` that it is in, empty for none. */
  readonly figure: string;
}

/** The images of a text in its order; `undefined` where it would become many more elements than it has tags. */
export function storedImages(text: string): readonly StoredImage[] | undefined {
  const images: Element[] = [];
  let left = ELEMENTS_AT_LEAST + text.length / CHARACTERS_OF_AN_ELEMENT;
  const treeAdapter: typeof defaultTreeAdapter = {
    ...UPWARDS,
    createElement(name, namespace, attributes) {
      left--;
      if (left < 0) throw TOO_MANY;
      const element = defaultTreeAdapter.createElement(name, namespace, attributes);
      // A drawing ends where an image begins, so it is none of SVG (HTML, 13.2.6.5).
      if (name === 'img') images.push(element);
      return element;
    },
  };
  try {
    // A text that is no whole document is one's body.
    parse<DefaultTreeAdapterMap>(text, { treeAdapter, sourceCodeLocationInfo: true });
  } catch {
    // Nothing else is thrown there; a text that cannot be read would be left alone as well.
    return undefined;
  }
  const placeOf = places();
  return images.flatMap((image) => {
    const place = placeOf(image);
    return place === NOWHERE ? [] : [{ attributes: attributesOf(image), figure: place }];
  });
}

/**
 * Formatting that is not closed is opened again in every paragraph that follows (HTML, 13.2.4.3): a few hundred KB can become more elements than
 * there is memory for. What comes nearest by itself is `<table><td>`, which has two more between them.
 */
const CHARACTERS_OF_AN_ELEMENT = 2;
const ELEMENTS_AT_LEAST = 1_000;
const TOO_MANY = new Error('There are more elements than tags.');

/**
 * A tree in which everything knows where it is in, and nothing what is in it: without lists of children, in which a place has to be found each time
 * that something is moved, or put before a table.
 */
const UPWARDS: typeof defaultTreeAdapter = {
  ...defaultTreeAdapter,
  appendChild: putIn,
  insertBefore: putIn,
  detachNode() {},
  insertText() {},
  insertTextBefore() {},
  // Of texts, which are not there.
  getNodeSourceCodeLocation: (node?: Node) => node?.sourceCodeLocation,
  setNodeSourceCodeLocation(node: Node | undefined, location) {
    if (node !== undefined) node.sourceCodeLocation = location;
  },
};

function putIn(parent: ParentNode, child: DefaultTreeAdapterTypes.ChildNode): void {
  child.parentNode = parent;
}

/** In what is shown by other rules, or not at all. */
const NOWHERE = null;
/** The style of the innermost figure. */
type Place = string | typeof NOWHERE;

/** Finds where an element is; whatever it is in is looked at once, however many images are in there. */
function places(): (image: Element) => Place {
  const known = new Map<ParentNode, Place>();
  return (image) => {
    const path: ParentNode[] = [];
    let parent = parentOf(image);
    while (parent !== null && !known.has(parent)) {
      path.push(parent);
      parent = parentOf(parent);
    }
    const outside = parent === null ? '' : (known.get(parent) ?? NOWHERE);
    return path.reduceRight<Place>((place, node) => {
      const inside = placeIn(node, place);
      known.set(node, inside);
      return inside;
    }, outside);
  };
}

function parentOf(node: ParentNode): ParentNode | null {
  return 'parentNode' in node ? node.parentNode : null;
}

function placeIn(node: ParentNode, outside: Place): Place {
  // The content of a template is a fragment of its own.
  if (outside === NOWHERE || node.nodeName === 'picture' || node.nodeName === '#document-fragment') return NOWHERE;
  if (node.nodeName !== 'figure' || !('attrs' in node)) return outside;
  return node.attrs.find(({ name }) => name === 'style')?.value ?? '';
}

function attributesOf({ attrs, sourceCodeLocation }: Element): StoredImage['attributes'] {
  const places = sourceCodeLocation?.attrs ?? {};
  return new Map(
    attrs.map(({ name, value }) => {
      const { startOffset: start, endOffset: end } = places[name] as Token.Location;
      return [name, { value, start, end }];
    }),
  );
}
