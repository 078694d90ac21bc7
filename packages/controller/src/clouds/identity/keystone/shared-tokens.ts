/**
 * Validated tokens in memcached, for all processes that have the same servers and secret: keys, signatures and encryption are those
 * of keystonemiddleware, so services in Python read what is written here, and the other way round.
 */
import { createCipheriv, createDecipheriv, createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Memcached } from './memcached.ts';

export interface Protection {
  strategy: 'MAC' | 'ENCRYPT';
  secret: string;
}

/** Of SHA-384 in Base64. */
const SIGNATURE_LENGTH = 64;
const THIRD = 16;
const IV_BYTES = 16;

interface Keys {
  name: Buffer;
  signature: Buffer;
  encryption: Buffer;
}

function keysOf(token: string, { strategy, secret }: Protection): Keys {
  const digest = createHmac('sha384', secret).update(token).update(strategy).digest();
  const third = (index: number): Buffer => digest.subarray(index * THIRD, (index + 1) * THIRD);
  return { name: third(0), signature: third(1), encryption: third(2) };
}

const signed = (key: Buffer, text: string): string => createHmac('sha384', key).update(text).digest('base64');

/** Where the description of a token stands. */
export function cacheKey(token: string, protection: Protection | null): string {
  if (protection === null) return `tokens/${createHash('sha256').update(token).digest('hex')}`;
  // Python writes bytes into a text as it writes them into a program.
  return `tokens/b'${keysOf(token, protection).name.toString('base64')}'`;
}

export function protect(token: string, text: string, protection: Protection | null): string {
  if (protection === null) return text;
  const { signature, encryption } = keysOf(token, protection);
  let data = Buffer.from(text);
  if (protection.strategy === 'ENCRYPT') {
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv('aes-128-cbc', encryption, iv);
    data = Buffer.concat([iv, cipher.update(data), cipher.final()]);
  }
  const encoded = data.toString('base64');
  return signed(signature, encoded) + encoded;
}

/** @returns null when somebody without the secret has written it, or it is damaged */
export function unprotect(token: string, value: string, protection: Protection | null): string | null {
  if (protection === null) return value;
  const { signature, encryption } = keysOf(token, protection);
  const [given, encoded] = [value.slice(0, SIGNATURE_LENGTH), value.slice(SIGNATURE_LENGTH)];
  const right = Buffer.from(signed(signature, encoded));
  if (given.length !== right.length || !timingSafeEqual(Buffer.from(given, 'latin1'), right)) return null;
  const data = Buffer.from(encoded, 'base64');
  if (protection.strategy === 'MAC') return data.toString();
  try {
    const decipher = createDecipheriv('aes-128-cbc', encryption, data.subarray(0, IV_BYTES));
    return Buffer.concat([decipher.update(data.subarray(IV_BYTES)), decipher.final()]).toString();
  } catch {
    return null;
  }
}

export class SharedTokens {
  readonly #memcached: Memcached;
  readonly #protection: Protection | null;
  readonly #seconds: number;

  constructor(memcached: Memcached, { protection, seconds }: { protection: Protection | null; seconds: number }) {
    this.#memcached = memcached;
    this.#protection = protection;
    this.#seconds = seconds;
  }

  /** As Keystone described it; undefined: it is not there, or not to be trusted. */
  async get(token: string): Promise<unknown> {
    const value = await this.#memcached.get(cacheKey(token, this.#protection));
    const text = value === null ? null : unprotect(token, value, this.#protection);
    try {
      return text === null ? undefined : (JSON.parse(text) as unknown);
    } catch {
      return undefined;
    }
  }

  /** Never throws. */
  async set(token: string, description: unknown): Promise<void> {
    const value = protect(token, JSON.stringify(description), this.#protection);
    await this.#memcached.set(cacheKey(token, this.#protection), value, this.#seconds);
  }

  close(): Promise<void> {
    return this.#memcached.close();
  }
}
