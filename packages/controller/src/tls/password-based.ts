/** Decryption with keys made from passphrases, as PKCS#12 names them: PBES2, and the older schemes of PKCS#12 itself. */
import { createDecipheriv, createHash, pbkdf2Sync } from 'node:crypto';
import { child, children, DerError, integer, type Node, objectId, octets } from './der.ts';
import { decryptRc2Cbc } from './rc2.ts';

/** A bundle comes from a tenant: what it asks for must not keep the process busy. Real ones have up to 100,000. */
const MOST_ITERATIONS = 600_000;
const MOST_SLOW_ITERATIONS = 50_000;

const PBES2 = '1.2.840.113549.1.5.13';
const DIGESTS: Record<string, string> = {
  '1.2.840.113549.2.7': 'sha1',
  '1.2.840.113549.2.8': 'sha224',
  '1.2.840.113549.2.9': 'sha256',
  '1.2.840.113549.2.10': 'sha384',
  '1.2.840.113549.2.11': 'sha512',
};
const CIPHERS: Record<string, { name: string; keyLength: number }> = {
  '2.16.840.1.101.3.4.1.2': { name: 'aes-128-cbc', keyLength: 16 },
  '2.16.840.1.101.3.4.1.22': { name: 'aes-192-cbc', keyLength: 24 },
  '2.16.840.1.101.3.4.1.42': { name: 'aes-256-cbc', keyLength: 32 },
  '1.2.840.113549.3.7': { name: 'des-ede3-cbc', keyLength: 24 },
};

const PKCS12_SCHEMES: Record<string, { cipher: 'des-ede3-cbc' | 'rc2'; keyLength: number }> = {
  '1.2.840.113549.1.12.1.3': { cipher: 'des-ede3-cbc', keyLength: 24 },
  '1.2.840.113549.1.12.1.5': { cipher: 'rc2', keyLength: 16 },
  '1.2.840.113549.1.12.1.6': { cipher: 'rc2', keyLength: 5 },
};

function requireIterations(iterations: number, most: number): number {
  if (iterations < 1 || iterations > most) throw new DerError('more iterations than any real bundle has');
  return iterations;
}

function decipher(name: string, key: Buffer, iv: Buffer, encrypted: Buffer): Buffer | null {
  try {
    const stream = createDecipheriv(name, key, iv);
    return Buffer.concat([stream.update(encrypted), stream.final()]);
  } catch {
    return null;
  }
}

function decryptPbes2(parameters: Node, encrypted: Buffer, passphrase: string): Buffer | null {
  const derivation = child(child(parameters, 0), 1);
  const scheme = child(parameters, 1);
  const [salt, iterations, ...more] = children(derivation);
  const prf = more.find(({ class: kind, tag }) => kind === 0 && tag === 16);
  const digest = prf === undefined ? 'sha1' : DIGESTS[objectId(child(prf, 0))];
  const cipher = CIPHERS[objectId(child(scheme, 0))];
  if (salt === undefined || iterations === undefined || digest === undefined || cipher === undefined) {
    throw new DerError('an unknown way of encryption');
  }
  const count = requireIterations(integer(iterations), MOST_ITERATIONS);
  const key = pbkdf2Sync(passphrase, octets(salt), count, cipher.keyLength, digest);
  return decipher(cipher.name, key, octets(child(scheme, 1)), encrypted);
}

/** UTF-16 with two zero bytes behind it. RFC 7292, B.1. */
function bmpString(passphrase: string): Buffer {
  return Buffer.concat([Buffer.from(passphrase, 'utf16le').swap16(), Buffer.alloc(2)]);
}

const SHA1_BLOCK = 64;

function repeated(bytes: Buffer): Buffer {
  if (bytes.length === 0) return bytes;
  return Buffer.alloc(Math.ceil(bytes.length / SHA1_BLOCK) * SHA1_BLOCK, bytes);
}

/** `block + addend + 1`, as numbers of 64 bytes. */
function add(block: Buffer, addend: Buffer): void {
  let carry = 1;
  for (let i = SHA1_BLOCK - 1; i >= 0; i--) {
    const sum = block[i]! + addend[i]! + carry;
    block[i] = sum & 0xff;
    carry = sum >> 8;
  }
}

/** RFC 7292, B.2 with SHA-1. @param purpose 1 key, 2 IV */
function derive(password: Buffer, salt: Buffer, iterations: number, purpose: 1 | 2, length: number): Buffer {
  const material = Buffer.concat([repeated(salt), repeated(password)]);
  const parts: Buffer[] = [];
  for (let made = 0; made < length; made += 20) {
    let digest = createHash('sha1').update(Buffer.alloc(SHA1_BLOCK, purpose)).update(material).digest();
    for (let i = 1; i < iterations; i++) digest = createHash('sha1').update(digest).digest();
    parts.push(digest);
    const addend = Buffer.alloc(SHA1_BLOCK, digest);
    for (let at = 0; at < material.length; at += SHA1_BLOCK) add(material.subarray(at, at + SHA1_BLOCK), addend);
  }
  return Buffer.concat(parts).subarray(0, length);
}

function decryptPkcs12(scheme: string, parameters: Node, encrypted: Buffer, password: Buffer): Buffer | null {
  const known = PKCS12_SCHEMES[scheme];
  if (known === undefined) throw new DerError('an unknown way of encryption');
  const salt = octets(child(parameters, 0));
  const iterations = requireIterations(integer(child(parameters, 1)), MOST_SLOW_ITERATIONS);
  const key = derive(password, salt, iterations, 1, known.keyLength);
  const iv = derive(password, salt, iterations, 2, 8);
  return known.cipher === 'rc2' ? decryptRc2Cbc(encrypted, key, iv) : decipher(known.cipher, key, iv, encrypted);
}

/**
 * @param algorithm AlgorithmIdentifier
 * @returns null when the passphrase is wrong (as far as padding tells)
 * @throws DerError for a scheme that is not known
 */
export function decrypt(algorithm: Node, encrypted: Buffer, passphrase: string): Buffer | null {
  const scheme = objectId(child(algorithm, 0));
  const parameters = child(algorithm, 1);
  if (scheme === PBES2) return decryptPbes2(parameters, encrypted, passphrase);
  const plain = decryptPkcs12(scheme, parameters, encrypted, bmpString(passphrase));
  // Without a passphrase some programs leave the two zero bytes out.
  return plain === null && passphrase === '' ? decryptPkcs12(scheme, parameters, encrypted, Buffer.alloc(0)) : plain;
}
