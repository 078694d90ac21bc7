/** What OpenSSL, the other reader of our certificates, makes of them. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ensureAuthorities } from '../../src/clouds/certificates/local/ensure-authorities.ts';
import { LocalCertificateGenerator } from '../../src/clouds/certificates/local/generator.ts';
import type { KeyKind } from '../../src/clouds/certificates/local/keys.ts';
import { AMPHORA_ID, temporaryFolder } from './support.ts';

const openssl = (...args: string[]): string => execFileSync('openssl', args, { encoding: 'utf8', stdio: 'pipe' });

describe.each<KeyKind>(['EC', 'RSA'])('with %s authorities', (keyKind) => {
  const folder = temporaryFolder();

  it('openssl verifies server and client certificates for their purpose and name', async () => {
    const paths = await ensureAuthorities(join(folder, 'certs'), { keyKind });
    const generator = new LocalCertificateGenerator({
      caCertificate: paths.serverCaCertificate,
      caPrivateKey: paths.serverCaKey,
      clientCa: paths.clientCaCertificate,
      validitySeconds: 3600,
      digest: 'sha384',
    });
    const server = join(folder, 'server.pem');
    writeFileSync(server, (await generator.issueServerCertificate(AMPHORA_ID)).certificate);
    const serverArgs = ['-x509_strict', '-purpose', 'sslserver', '-verify_hostname', AMPHORA_ID];
    expect(openssl('verify', ...serverArgs, '-CAfile', paths.serverCaCertificate, server)).toContain('OK');
    const client = join(folder, 'client.pem');
    writeFileSync(client, readFileSync(paths.clientCertificateAndKey, 'utf8').replace(/^.*(?=-----BEGIN CERT)/s, ''));
    const clientArgs = ['-x509_strict', '-purpose', 'sslclient'];
    expect(openssl('verify', ...clientArgs, '-CAfile', paths.clientCaCertificate, client)).toContain('OK');
    // The authorities are separate: an amphora cannot pass for a controller.
    expect(() => openssl('verify', '-CAfile', paths.clientCaCertificate, server)).toThrow('verify');
    expect(() => openssl('verify', ...clientArgs, '-CAfile', paths.serverCaCertificate, server)).toThrow('verify');
  });

  it('the extensions are those of the profiles', async () => {
    const { serverCaCertificate, clientCertificateAndKey } = await ensureAuthorities(join(folder, 'certs'));
    const text = (path: string): string => openssl('x509', '-in', path, '-noout', '-text');
    const ca = text(serverCaCertificate);
    expect(ca).toMatch(/Basic Constraints: critical\s+CA:TRUE/);
    expect(ca).toMatch(/Key Usage: critical\s+Digital Signature, Certificate Sign, CRL Sign/);
    const client = text(clientCertificateAndKey);
    expect(client).toMatch(/Key Usage: critical\s+Digital Signature, Non Repudiation, Key Encipherment/);
    expect(client).toMatch(/TLS Web Client Authentication, E-mail Protection/);
  });
});
