/** A reader of DER, and of the BER that Java and Windows write into PKCS#12 (indefinite lengths, strings in pieces). */

export class DerError extends Error {}

export interface Node {
  /** 0 universal, 2 context. */
  readonly class: number;
  readonly tag: number;
  readonly constructed: boolean;
  /** Without tag and length. */
  readonly content: Buffer;
  /** With tag and length, as it stands. */
  readonly raw: Buffer;
}

/** Deeper nesting than any real bundle has. */
const DEEPEST = 32;

interface Head {
  class: number;
  tag: number;
  constructed: boolean;
  start: number;
  /** Null: until the end-of-contents mark. */
  length: number | null;
}

function head(bytes: Buffer, at: number): Head {
  const first = bytes[at];
  const lengthByte = bytes[at + 1];
  if (first === undefined || lengthByte === undefined || (first & 0x1f) === 0x1f) throw new DerError('cut short');
  const known = { class: first >> 6, tag: first & 0x1f, constructed: (first & 0x20) !== 0 };
  if (lengthByte < 0x80) return { ...known, start: at + 2, length: lengthByte };
  const size = lengthByte & 0x7f;
  if (size === 0) return { ...known, start: at + 2, length: null };
  if (size > 4 || at + 2 + size > bytes.length) throw new DerError('bad length');
  return { ...known, start: at + 2 + size, length: bytes.readUIntBE(at + 2, size) };
}

/** Position behind the content that starts at `at` and ends with two zero bytes of its own level. */
function endOfContents(bytes: Buffer, at: number, depth: number): number {
  let position = at;
  while (!(bytes[position] === 0 && bytes[position + 1] === 0)) position = readAt(bytes, position, depth + 1).next;
  return position;
}

function readAt(bytes: Buffer, at: number, depth = 0): { node: Node; next: number } {
  if (depth > DEEPEST) throw new DerError('too deep');
  const { start, length, ...known } = head(bytes, at);
  const end = length === null ? endOfContents(bytes, start, depth) : start + length;
  if (end > bytes.length) throw new DerError('cut short');
  const next = length === null ? end + 2 : end;
  return { node: { ...known, content: bytes.subarray(start, end), raw: bytes.subarray(at, next) }, next };
}

/** The one value that the bytes hold. @throws DerError */
export function parse(bytes: Buffer): Node {
  return readAt(bytes, 0).node;
}

/** @throws DerError */
export function children(node: Node): Node[] {
  const found: Node[] = [];
  for (let at = 0; at < node.content.length; ) {
    const { node: child, next } = readAt(node.content, at);
    found.push(child);
    at = next;
  }
  return found;
}

/** @throws DerError when there is none */
export function child(node: Node, index: number): Node {
  const found = children(node)[index];
  if (found === undefined) throw new DerError('a part is missing');
  return found;
}

/** The bytes of an octet string, whether in one piece or in several. */
export function octets(node: Node): Buffer {
  return node.constructed ? Buffer.concat(children(node).map(octets)) : node.content;
}

/** `1.2.840.113549.1.7.1` */
export function objectId(node: Node): string {
  const numbers: number[] = [];
  let number = 0;
  for (const byte of node.content) {
    number = number * 128 + (byte & 0x7f);
    if (byte < 0x80) {
      numbers.push(number);
      number = 0;
    }
  }
  const [first = 0, ...rest] = numbers;
  const top = Math.min(Math.floor(first / 40), 2);
  return [top, first - top * 40, ...rest].join('.');
}

export function integer(node: Node): number {
  if (node.content.length > 5) throw new DerError('a number is too large');
  return node.content.reduce((sum, byte) => sum * 256 + byte, 0);
}
