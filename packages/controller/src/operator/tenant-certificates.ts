/** What operators do with the files of `local_cert_manager`. */
import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { CertificateStorage, type StoredSecret } from '../clouds/certificates/local/storage.ts';
import { OctaviaError } from '../errors.ts';
import { readBundle } from '../tls/bundle.ts';
import { certificateNames } from '../tls/names.ts';
import { pemBlocks } from '../tls/pem.ts';
import { readAuthorities, readRevocationLists, requireCurrent } from '../tls/trust.ts';
import { requireShort, requireUsable } from '../tls/usable.ts';

export interface AddOptions {
  /** PEM (certificate, key and intermediates; or a CA bundle; or a revocation list) or PKCS#12. */
  file: string;
  passphrase?: string;
  /** The only project that may use it; all may when left out. */
  project?: string;
}

async function readInput(file: string): Promise<Buffer> {
  try {
    return await readFile(file === '-' ? '/dev/stdin' : file);
  } catch (cause) {
    const { message: reason } = cause as Error;
    throw new OctaviaError('INPUT_UNREADABLE', { file, reason }, { cause });
  }
}

/** A text without a key is for `client_ca_tls_container_ref`, `ca_tls_container_ref` and the two CRL references. */
function trustText(bytes: Buffer): string | null {
  const text = bytes.toString('utf8');
  const labels = pemBlocks(text).map(({ label }) => label);
  if (labels.length === 0 || labels.some((label) => label.endsWith('PRIVATE KEY'))) return null;
  try {
    if (labels.includes('X509 CRL')) requireCurrent(readRevocationLists(text));
    else readAuthorities(text);
    requireShort(text);
  } catch (cause) {
    throw new OctaviaError('CERTIFICATE_UNUSABLE', { detail: `${(cause as Error).message}.` }, { cause });
  }
  return text;
}

/** @returns the reference. @throws OctaviaError PKCS12_UNREADABLE, CERTIFICATE_UNUSABLE */
export async function addCertificate(folder: string, { file, passphrase, project }: AddOptions): Promise<string> {
  const bytes = await readInput(file);
  const storage = new CertificateStorage(folder);
  const owner = project ?? null;
  const trust = trustText(bytes);
  if (trust !== null) return storage.add({ certificate: trust, key: null, intermediates: null, project: owner });
  const bundle = readBundle(bytes, passphrase);
  requireUsable(bundle);
  const { certificate, privateKey, intermediates } = bundle;
  return storage.add({ certificate, key: privateKey, intermediates: intermediates.join('') || null, project: owner });
}

export async function removeCertificate(folder: string, ref: string): Promise<void> {
  if (await new CertificateStorage(folder).remove(ref)) return;
  throw new OctaviaError('CERTIFICATE_UNREADABLE', { refs: ref });
}

function described({ certificate, key }: StoredSecret): string[] {
  const kind = key !== null ? 'certificate' : certificate.includes('X509 CRL') ? 'crl' : 'ca';
  if (kind === 'crl') return [kind, '-', '-'];
  try {
    const { commonNames, dnsNames } = certificateNames(certificate);
    const until = new X509Certificate(certificate).validToDate.toISOString().slice(0, 10);
    return [kind, until, [...new Set([...commonNames, ...dnsNames])].join(',') || '-'];
  } catch {
    return [kind, '-', 'unreadable'];
  }
}

/** Reference, kind, last day of validity, names, project: one line each. */
export async function listCertificates(folder: string): Promise<string[]> {
  const storage = new CertificateStorage(folder);
  const lines: string[] = [];
  for (const ref of await storage.list()) {
    const stored = await storage.read(ref);
    if (stored !== null) lines.push([ref, ...described(stored), stored.project ?? '*'].join('  '));
  }
  return lines;
}
