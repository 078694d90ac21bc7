/** The certificate folder of a control plane: made at the first start, adopted at every other. */
import { randomUUID, X509Certificate } from 'node:crypto';
import { chmod, link, mkdir, open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { OctaviaError } from '../../../errors.ts';
import { readTextIfPresent } from '../../../files/optional.ts';
import { type CertificateAuthority, readAuthority } from './authority.ts';
import { type CertificateContext, makeCaCertificate, makeClientCertificate, systemContext } from './certificate.ts';
import { generateKeys, type KeyKind, privateKeyPem, readSigningKey, type SigningDigest } from './keys.ts';

/* Files that are written once, completely or not at all, whoever else tries at the same time. */

/**
 * Puts the content at the path unless a file is there already; returns what the file then holds. `link` does both at once,
 * so of two processes one wins and both go on with the winner's content.
 */
async function createOnce(path: string, content: string, mode: number): Promise<string> {
  const temporary = `${path}.${randomUUID()}.tmp`;
  const file = await open(temporary, 'wx', mode);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  try {
    await link(temporary, path);
    return content;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return readFile(path, 'utf8');
  } finally {
    await rm(temporary, { force: true });
  }
}

/** 7300 days, as the operators' guide makes its CAs. */
const AUTHORITY_VALIDITY_SECONDS = 7300 * 86_400;

export interface AuthorityPaths {
  serverCaCertificate: string;
  serverCaKey: string;
  clientCaCertificate: string;
  clientCaKey: string;
  /** Key followed by certificate: what the controller presents to agents. */
  clientCertificateAndKey: string;
}

/** Names as in the operators' guide. */
function authorityPaths(directory: string): AuthorityPaths {
  return {
    serverCaCertificate: join(directory, 'server_ca.cert.pem'),
    serverCaKey: join(directory, 'server_ca.key.pem'),
    clientCaCertificate: join(directory, 'client_ca.cert.pem'),
    clientCaKey: join(directory, 'client_ca.key.pem'),
    clientCertificateAndKey: join(directory, 'client.cert-and-key.pem'),
  };
}

export interface EnsureOptions {
  keyKind?: KeyKind;
  digest?: SigningDigest;
  /** Opens CA keys that are encrypted; plain ones do not need it. */
  passphrase?: string | null;
  context?: CertificateContext;
}

interface Place {
  name: string;
  certificate: string;
  key: string;
}

const SECRET = 0o600;

/**
 * The key comes first and the certificate is made from the key that is on disk, so a pair always belongs together,
 * also when the process before died between the two or another process does the same now.
 */
async function ensureAuthority(place: Place, options: Required<EnsureOptions>): Promise<CertificateAuthority> {
  const { passphrase, digest, keyKind, context } = options;
  const existing = await readTextIfPresent(place.certificate);
  let keyPem = await readTextIfPresent(place.key);
  if (existing !== null && keyPem === null) {
    throw new OctaviaError('AUTHORITY_INCOMPLETE', { file: place.certificate, other: place.key });
  }
  keyPem ??= await createOnce(place.key, await privateKeyPem((await generateKeys(keyKind)).privateKey), SECRET);
  let certificatePem = existing ?? (await readTextIfPresent(place.certificate));
  if (certificatePem === null) {
    const key = await readSigningKey(keyPem, passphrase, digest);
    const certificate = await makeCaCertificate(place.name, key, AUTHORITY_VALIDITY_SECONDS, context);
    certificatePem = await createOnce(place.certificate, `${certificate.toString('pem')}\n`, SECRET);
  }
  const files = { certificatePem, privateKeyPem: keyPem, passphrase, digest };
  return readAuthority(files, `${place.certificate} with ${place.key}`);
}

async function makeClientFile(authority: CertificateAuthority, context: CertificateContext): Promise<string> {
  const keys = await generateKeys('EC');
  const certificate = await makeClientCertificate(
    'octavia-controller',
    keys,
    AUTHORITY_VALIDITY_SECONDS,
    authority,
    context,
  );
  return `${await privateKeyPem(keys.privateKey)}${certificate.toString('pem')}\n`;
}

function requireSignedBy(clientPem: string, caPem: string, paths: AuthorityPaths): void {
  const client = new X509Certificate(clientPem);
  if (!client.verify(new X509Certificate(caPem).publicKey)) {
    throw new OctaviaError('CLIENT_CERTIFICATE_FOREIGN', {
      file: paths.clientCertificateAndKey,
      authority: paths.clientCaCertificate,
    });
  }
}

/** An operator may keep the client CA's key elsewhere, once the client certificate is there. */
async function ensureClient(paths: AuthorityPaths, options: Required<EnsureOptions>): Promise<void> {
  const existing = await readTextIfPresent(paths.clientCertificateAndKey);
  const existingCa = await readTextIfPresent(paths.clientCaCertificate);
  if (existing !== null) {
    if (existingCa === null) {
      throw new OctaviaError('AUTHORITY_INCOMPLETE', {
        file: paths.clientCertificateAndKey,
        other: paths.clientCaCertificate,
      });
    }
    return requireSignedBy(existing, existingCa, paths);
  }
  const place = { name: 'Octavia client CA', certificate: paths.clientCaCertificate, key: paths.clientCaKey };
  const authority = await ensureAuthority(place, options);
  const content = await makeClientFile(authority, options.context);
  const written = await createOnce(paths.clientCertificateAndKey, content, SECRET);
  requireSignedBy(written, authority.certificatePem, paths);
}

/**
 * Makes what is missing of the server CA, the client CA and the controller's client certificate, and checks what is
 * there. The folder gets mode 0700, new files 0600. Safe to run at any time and by several processes at once.
 *
 * @throws OctaviaError when files of the folder do not belong together or cannot be opened
 */
export async function ensureAuthorities(directory: string, options: EnsureOptions = {}): Promise<AuthorityPaths> {
  const { keyKind = 'EC', digest = 'sha256', passphrase = null, context = systemContext } = options;
  const all = { keyKind, digest, passphrase, context };
  const paths = authorityPaths(directory);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await chmod(directory, 0o700);
  const serverPlace = { name: 'Octavia server CA', certificate: paths.serverCaCertificate, key: paths.serverCaKey };
  await ensureAuthority(serverPlace, all);
  await ensureClient(paths, all);
  return paths;
}
