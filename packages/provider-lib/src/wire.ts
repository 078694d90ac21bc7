/**
 * How driver library and driver agent speak over a unix socket: a decimal length in ASCII, a newline, and so many bytes of JSON; one
 * request and one answer per connection. Source: octavia-lib, driver_lib; driver agent of OpenStack Octavia.
 */

/** Longer than any length that a request or an answer may have. */
const LENGTH_DIGITS = 12;
const NEWLINE = 0x0a;

export const frame = (value: unknown): Uint8Array => {
  const json = Buffer.from(JSON.stringify(value));
  return Buffer.concat([Buffer.from(`${json.length}\n`), json]);
};

/** Bytes that are no message. */
export class MalformedMessage extends Error {
  override name = 'MalformedMessage';
}

/** Puts one message together from pieces of any size. */
export class FrameReader {
  readonly #limit: number;
  #pieces: Uint8Array[] = [];
  #received = 0;
  #length: number | null = null;

  /** @param limit bytes of a message's body that are taken */
  constructor(limit = Number.POSITIVE_INFINITY) {
    this.#limit = limit;
  }

  /** Whether the length has been read: the rest is the body. */
  get hasHeader(): boolean {
    return this.#length !== null;
  }

  /** @returns the message once it is complete. @throws MalformedMessage */
  push(piece: Uint8Array): { value: unknown } | null {
    this.#pieces.push(piece);
    this.#received += piece.length;
    if (this.#length === null && !this.#readHeader()) return null;
    const length = this.#length ?? 0;
    if (this.#received < length) return null;
    if (this.#received > length) throw new MalformedMessage('There are bytes behind the end of the message.');
    return { value: parse(Buffer.concat(this.#pieces)) };
  }

  #readHeader(): boolean {
    const bytes = Buffer.concat(this.#pieces);
    const end = bytes.indexOf(NEWLINE);
    if (end < 0 ? bytes.length > LENGTH_DIGITS : end > LENGTH_DIGITS) {
      throw new MalformedMessage('The message does not begin with its length and a newline.');
    }
    if (end < 0) {
      this.#pieces = [bytes];
      return false;
    }
    const digits = bytes.subarray(0, end).toString('latin1');
    if (!/^\d+$/.test(digits)) {
      throw new MalformedMessage(`The length of the message is not a number: ${JSON.stringify(digits)}.`);
    }
    this.#length = Number(digits);
    if (this.#length > this.#limit) {
      throw new MalformedMessage(
        `A message of ${this.#length} bytes is longer than the ${this.#limit} that are taken.`,
      );
    }
    const body = bytes.subarray(end + 1);
    this.#pieces = [body];
    this.#received = body.length;
    return true;
  }
}

const UTF8 = new TextDecoder('utf-8', { fatal: true });

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(UTF8.decode(bytes));
  } catch (error) {
    throw new MalformedMessage('The message is not JSON in UTF-8.', { cause: error });
  }
}
