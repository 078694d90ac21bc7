/** Throw-away certificate authorities and certificates, made with the openssl command. */
import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface KeyPair {
  cert: string;
  key: string;
}

/** Making an RSA key takes many seconds on an emulated processor, one on a curve does not. */
export type KeyKind = 'rsa' | 'ec';
const NEW_KEY: Record<KeyKind, string[]> = {
  rsa: ['-newkey', 'rsa:2048'],
  ec: ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'],
};

function openssl(...args: string[]): void {
  execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] });
}

function read(folder: string, name: string): KeyPair {
  return {
    cert: readFileSync(join(folder, `${name}.pem`), 'utf8'),
    key: readFileSync(join(folder, `${name}.key`), 'utf8'),
  };
}

function selfSign(folder: string, name: string, kind: KeyKind, subject: string[]): KeyPair {
  const files = ['-nodes', '-keyout', join(folder, `${name}.key`), '-out', join(folder, `${name}.pem`)];
  openssl('req', '-x509', ...NEW_KEY[kind], ...files, '-days', '2', ...subject);
  return read(folder, name);
}

export const makeCa = (folder: string, name: string, kind: KeyKind = 'rsa'): KeyPair =>
  selfSign(folder, name, kind, ['-subj', `/CN=${name}`]);

export interface Issued {
  /** Certificate and key. */
  pem: string;
  cert: string;
  /** SHA-256, as TLS clients of Node report it. */
  fingerprint: string;
}

export function selfSigned(folder: string, name: string, hosts: readonly string[], kind: KeyKind = 'ec'): Issued {
  const alternatives = `subjectAltName=${hosts.map((host) => `DNS:${host}`).join(',')}`;
  const { cert, key } = selfSign(folder, name, kind, ['-subj', `/CN=${hosts[0]}`, '-addext', alternatives]);
  return { pem: cert + key, cert, fingerprint: new X509Certificate(cert).fingerprint256 };
}

/** @param usage `serverAuth` or `clientAuth` */
export function makeCertificate(
  folder: string,
  ca: string,
  name: string,
  usage: string,
  { days = 2, kind = 'rsa' }: { days?: number; kind?: KeyKind } = {},
): KeyPair {
  const path = (suffix: string): string => join(folder, `${name}.${suffix}`);
  const files = ['-nodes', '-keyout', path('key'), '-out', path('csr')];
  openssl('req', ...NEW_KEY[kind], ...files, '-subj', `/CN=${name}`);
  writeFileSync(path('ext'), `extendedKeyUsage=${usage}\nsubjectAltName=DNS:${name}\n`);
  const signer = ['-CA', join(folder, `${ca}.pem`), '-CAkey', join(folder, `${ca}.key`), '-CAcreateserial'];
  const out = ['-out', path('pem'), '-days', String(days), '-extfile', path('ext')];
  openssl('x509', '-req', '-in', path('csr'), ...signer, ...out);
  return read(folder, name);
}
