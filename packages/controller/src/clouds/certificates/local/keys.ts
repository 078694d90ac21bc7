/** Private keys: made by Web Crypto, read by OpenSSL (which knows every encrypted PEM form), written as PKCS#8. */
import { createPrivateKey, createPublicKey, type KeyObject, webcrypto } from 'node:crypto';

export type CryptoKey = webcrypto.CryptoKey;

export type KeyKind = 'EC' | 'RSA';

/** Names as in `[certificates] signing_digest`. */
export type SigningDigest = 'sha256' | 'sha384' | 'sha512';

const WEB_DIGEST: Record<SigningDigest, string> = { sha256: 'SHA-256', sha384: 'SHA-384', sha512: 'SHA-512' };

const CURVES: Record<string, string> = { prime256v1: 'P-256', secp384r1: 'P-384', secp521r1: 'P-521' };

/** CAs of 4096 bits are common, but each amphora certificate would then cost half a second. */
const RSA_BITS = 3072;

export interface KeyPair {
  privateKey: CryptoKey;
  publicKey: CryptoKey;
}

export interface SigningKey extends KeyPair {
  /** What the X.509 library wants to be told beside the key. */
  algorithm: { name: string; hash: string };
}

export async function generateKeys(kind: KeyKind): Promise<KeyPair> {
  if (kind === 'EC') {
    return webcrypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify']);
  }
  const rsa = { name: 'RSASSA-PKCS1-v1_5', modulusLength: RSA_BITS, publicExponent: new Uint8Array([1, 0, 1]) };
  return webcrypto.subtle.generateKey({ ...rsa, hash: 'SHA-256' }, true, ['sign', 'verify']);
}

export async function privateKeyPem(key: CryptoKey): Promise<string> {
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', key));
  const object = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  return object.export({ format: 'pem', type: 'pkcs8' }).toString();
}

function signingAlgorithm(key: CryptoKey, digest: SigningDigest): SigningKey['algorithm'] {
  return { name: key.algorithm.name, hash: WEB_DIGEST[digest] };
}

function importParameters(
  key: KeyObject,
  digest: SigningDigest,
): webcrypto.EcKeyImportParams | webcrypto.RsaHashedImportParams {
  if (key.asymmetricKeyType === 'rsa') return { name: 'RSASSA-PKCS1-v1_5', hash: WEB_DIGEST[digest] };
  const curve = CURVES[key.asymmetricKeyDetails?.namedCurve ?? ''];
  if (key.asymmetricKeyType === 'ec' && curve !== undefined) return { name: 'ECDSA', namedCurve: curve };
  throw new Error(`a CA key must be RSA or EC (P-256, P-384, P-521), not ${key.asymmetricKeyType}`);
}

/**
 * Reads a CA key: PKCS#8 or traditional, plain or encrypted.
 *
 * @throws Error with OpenSSL's words when the text is no key or the passphrase is wrong
 */
export async function readSigningKey(
  pem: string,
  passphrase: string | null,
  digest: SigningDigest,
): Promise<SigningKey> {
  const key = createPrivateKey(passphrase === null ? pem : { key: pem, passphrase });
  const parameters = importParameters(key, digest);
  const pkcs8 = key.export({ format: 'der', type: 'pkcs8' });
  const spki = createPublicKey(key).export({ format: 'der', type: 'spki' });
  const privateKey = await webcrypto.subtle.importKey('pkcs8', pkcs8, parameters, true, ['sign']);
  const publicKey = await webcrypto.subtle.importKey('spki', spki, parameters, true, ['verify']);
  return { privateKey, publicKey, algorithm: signingAlgorithm(privateKey, digest) };
}
