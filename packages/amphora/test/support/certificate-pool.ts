/** Self-signed certificates with elliptic-curve keys (quick to make), as PEM with their key. */
import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Issued {
  pem: string;
  cert: string;
  /** SHA-256, as TLS clients of Node report it. */
  fingerprint: string;
}

export function selfSigned(folder: string, file: string, names: readonly string[], type: 'ec' | 'rsa' = 'ec'): Issued {
  const [key, cert] = [join(folder, `${file}.key`), join(folder, `${file}.crt`)];
  const algorithm = type === 'ec' ? ['ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'] : ['rsa:2048'];
  const alternatives = `subjectAltName=${names.map((name) => `DNS:${name}`).join(',')}`;
  const subject = ['-subj', `/CN=${names[0]}`, '-addext', alternatives, '-days', '2'];
  execFileSync(
    'openssl',
    ['req', '-x509', '-nodes', '-newkey', ...algorithm, '-keyout', key, '-out', cert, ...subject],
    {
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  const [certificate, privateKey] = [readFileSync(cert, 'utf8'), readFileSync(key, 'utf8')];
  return {
    pem: certificate + privateKey,
    cert: certificate,
    fingerprint: new X509Certificate(certificate).fingerprint256,
  };
}
