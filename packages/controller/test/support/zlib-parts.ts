/**
 * zlib streams put together by hand, for senders that play thousands of agents: a compressor for each message would take the
 * processor from what is measured. Source of the format: RFC 1950 and 1951.
 */
import { deflateRawSync } from 'node:zlib';

const MODULUS = 65_521;

/** One block or more, and the checksum of what is in it as if it stood alone. */
export interface Part {
  block: Buffer;
  length: number;
  low: number;
  high: number;
}

function part(text: Buffer, block: Buffer): Part {
  let [low, high] = [1, 0];
  for (const byte of text) {
    low = (low + byte) % MODULUS;
    high = (high + low) % MODULUS;
  }
  return { block, length: text.length, low, high };
}

/** @param text at most 65,535 bytes */
export function stored(text: Buffer, isLast: boolean): Part {
  const block = Buffer.allocUnsafe(text.length + 5);
  block[0] = isLast ? 1 : 0;
  block.writeUInt16LE(text.length, 1);
  block.writeUInt16LE(text.length ^ 0xffff, 3);
  block.set(text, 5);
  return part(text, block);
}

/** Comes last. */
export const compressed = (text: Buffer): Part => part(text, deflateRawSync(text));

const HEADER = Buffer.from([0x78, 0x01]);

export function joined(parts: readonly Part[]): Buffer {
  let [low, high] = [1, 0];
  for (const one of parts) {
    high = (high + one.high + one.length * (low - 1)) % MODULUS;
    low = (low + one.low - 1) % MODULUS;
  }
  const checksum = Buffer.allocUnsafe(4);
  checksum.writeUInt16BE(high, 0);
  checksum.writeUInt16BE(low, 2);
  return Buffer.concat([HEADER, ...parts.map(({ block }) => block), checksum]);
}
