import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { CertificateContext } from '../../src/clouds/certificates/local/certificate.ts';
import { type AuthorityPaths, ensureAuthorities } from '../../src/clouds/certificates/local/ensure-authorities.ts';
import { LocalCertificateGenerator } from '../../src/clouds/certificates/local/generator.ts';
import { NoopCertificateGenerator } from '../../src/clouds/certificates/noop/generator.ts';
import { AMPHORA_ID, newAuthority, temporaryFolder } from './support.ts';

const MONTH = 2_592_000;
const folder = temporaryFolder();
let paths: AuthorityPaths;
beforeAll(async () => {
  paths = await ensureAuthorities(folder);
});

function generator(
  options: { validitySeconds?: number; context?: CertificateContext } = {},
): LocalCertificateGenerator {
  return new LocalCertificateGenerator({
    caCertificate: paths.serverCaCertificate,
    caPrivateKey: paths.serverCaKey,
    clientCa: paths.clientCaCertificate,
    validitySeconds: MONTH,
    ...options,
  });
}

describe('the certificate of an amphora', () => {
  it('names the amphora, for servers, signed by the server CA', async () => {
    const issued = await generator().issueServerCertificate(AMPHORA_ID);
    const certificate = new X509Certificate(issued.certificate);
    expect(certificate.subject).toBe(`CN=${AMPHORA_ID}`);
    expect(certificate.subjectAltName).toBe(`DNS:${AMPHORA_ID}`);
    expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
    expect(certificate.ca).toBe(false);
    expect(certificate.verify(new X509Certificate(await readFile(paths.serverCaCertificate)).publicKey)).toBe(true);
    expect(certificate.checkPrivateKey(createPrivateKey(issued.privateKey))).toBe(true);
    expect(issued.certificate.match(/BEGIN/g)).toHaveLength(1);
  });

  it('is valid from a little before now, as long as configured', async () => {
    const now = new Date();
    now.setUTCMilliseconds(0);
    const context = { now: () => now, randomBytes: (size: number) => new Uint8Array(size) };
    const issued = await generator({ validitySeconds: 60, context }).issueServerCertificate(AMPHORA_ID);
    const certificate = new X509Certificate(issued.certificate);
    expect(certificate.validFromDate.getTime()).toBe(now.getTime() - 300_000);
    expect(issued.expiresAt.getTime()).toBe(now.getTime() + 60_000);
    expect(certificate.validToDate).toEqual(issued.expiresAt);
  });

  it('does not outlive its CA', async () => {
    const issued = await generator({ validitySeconds: 100 * 365 * 86_400 }).issueServerCertificate(AMPHORA_ID);
    const ca = new X509Certificate(await readFile(paths.serverCaCertificate));
    expect(issued.expiresAt).toEqual(ca.validToDate);
  });

  it('has a key and a serial number of its own each time', async () => {
    const both = [
      await generator().issueServerCertificate(AMPHORA_ID),
      await generator().issueServerCertificate(AMPHORA_ID),
    ];
    expect(both[0]!.privateKey).not.toBe(both[1]!.privateKey);
    const [first, second] = both.map((issued) => new X509Certificate(issued.certificate).serialNumber);
    expect(first).not.toBe(second);
  });
});

it('hands out the client CA', async () => {
  expect(await generator().clientCa()).toBe(await readFile(paths.clientCaCertificate, 'utf8'));
});

it('works again once an unusable CA file is corrected', async () => {
  const caPrivateKey = join(folder, 'other.key.pem');
  await writeFile(caPrivateKey, (await newAuthority()).privateKeyPem);
  const options = { caCertificate: paths.serverCaCertificate, caPrivateKey, clientCa: '', validitySeconds: MONTH };
  const corrected = new LocalCertificateGenerator(options);
  await expect(corrected.issueServerCertificate(AMPHORA_ID)).rejects.toMatchObject({ code: 'AUTHORITY_UNUSABLE' });
  await writeFile(caPrivateKey, await readFile(paths.serverCaKey));
  await expect(corrected.issueServerCertificate(AMPHORA_ID)).resolves.toHaveProperty('certificate');
});

it('noop records what it was asked for', async () => {
  const noop = new NoopCertificateGenerator({ validitySeconds: 10, now: () => new Date(0) });
  expect((await noop.issueServerCertificate(AMPHORA_ID)).expiresAt).toEqual(new Date(10_000));
  expect(noop.issued).toEqual([AMPHORA_ID]);
  expect(await noop.clientCa()).toContain('BEGIN CERTIFICATE');
});
