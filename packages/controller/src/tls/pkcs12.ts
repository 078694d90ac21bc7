/**
 * Keys and certificates of a PKCS#12 bundle. RFC 7292. The checksum is not verified: nobody keeps its key a secret.
 *
 * @peculiar/asn1-pfx knows the structure alone: what decrypts (PBES2, and RC2 and 3DES of older files) and the reader of DER,
 * which certificates and revocation lists need too, would stay, and each API process would grow by 10 MB.
 */
import { child, children, DerError, type Node, objectId, octets, parse } from './der.ts';
import { decrypt } from './password-based.ts';

const DATA = '1.2.840.113549.1.7.1';
const ENCRYPTED_DATA = '1.2.840.113549.1.7.6';
const SIGNED_DATA = '1.2.840.113549.1.7.2';
const KEY_BAG = '1.2.840.113549.1.12.10.1.1';
const SHROUDED_KEY_BAG = '1.2.840.113549.1.12.10.1.2';
const CERTIFICATE_BAG = '1.2.840.113549.1.12.10.1.3';
const NESTED_BAG = '1.2.840.113549.1.12.10.1.6';
const X509_CERTIFICATE = '1.2.840.113549.1.9.22.1';

/** DER of each. Keys are PKCS#8, decrypted. */
export interface Pkcs12Content {
  keys: Buffer[];
  certificates: Buffer[];
}

/** The bundle needs another passphrase than was given. */
export class WrongPassphrase extends Error {}

function plainOf(algorithm: Node, encrypted: Buffer, passphrase: string): Node {
  const plain = decrypt(algorithm, encrypted, passphrase);
  if (plain === null) throw new WrongPassphrase();
  try {
    return parse(plain);
  } catch (error) {
    // Padding fits by chance once in 256 times.
    throw error instanceof DerError ? new WrongPassphrase() : error;
  }
}

/** `[0] EXPLICIT` of a ContentInfo or bag. */
const inner = (node: Node): Node => child(child(node, 1), 0);

function collectBags(bags: Node, passphrase: string, content: Pkcs12Content): void {
  for (const bag of children(bags)) {
    const value = inner(bag);
    switch (objectId(child(bag, 0))) {
      case KEY_BAG:
        content.keys.push(value.raw);
        break;
      case SHROUDED_KEY_BAG:
        content.keys.push(plainOf(child(value, 0), octets(child(value, 1)), passphrase).raw);
        break;
      case CERTIFICATE_BAG:
        if (objectId(child(value, 0)) === X509_CERTIFICATE) content.certificates.push(octets(inner(value)));
        break;
      case NESTED_BAG:
        collectBags(value, passphrase, content);
        break;
    }
  }
}

function collectSafe(info: Node, passphrase: string, content: Pkcs12Content): void {
  const type = objectId(child(info, 0));
  if (type === DATA) {
    collectBags(parse(octets(inner(info))), passphrase, content);
    return;
  }
  if (type !== ENCRYPTED_DATA) throw new DerError('a part is encrypted for a public key');
  const [, algorithm, encrypted] = children(child(inner(info), 1));
  if (algorithm === undefined || encrypted === undefined) throw new DerError('a part is missing');
  collectBags(plainOf(algorithm, octets(encrypted), passphrase), passphrase, content);
}

/**
 * @throws DerError when the bytes are no bundle or use what is not known
 * @throws WrongPassphrase
 */
export function readPkcs12(bytes: Buffer, passphrase = ''): Pkcs12Content {
  const content: Pkcs12Content = { keys: [], certificates: [] };
  const authenticated = child(parse(bytes), 1);
  if (objectId(child(authenticated, 0)) !== DATA) throw new DerError('a signed bundle');
  for (const info of children(parse(octets(inner(authenticated))))) collectSafe(info, passphrase, content);
  return content;
}

/** Certificates that PKCS#7 carries (`.p7b`). @throws DerError */
export function readPkcs7(bytes: Buffer): Buffer[] {
  const info = parse(bytes);
  if (objectId(child(info, 0)) !== SIGNED_DATA) throw new DerError('no signed data');
  const set = children(inner(info)).find(({ class: kind, tag }) => kind === 2 && tag === 0);
  return set === undefined ? [] : children(set).map(({ raw }) => raw);
}
