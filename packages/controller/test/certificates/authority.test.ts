import { createPrivateKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { readAuthority } from '../../src/clouds/certificates/local/authority.ts';
import type { CertificateContext } from '../../src/clouds/certificates/local/certificate.ts';
import type { KeyKind } from '../../src/clouds/certificates/local/keys.ts';
import { newAuthority } from './support.ts';

const context: CertificateContext = {
  now: () => new Date('2026-01-01T00:00:00.500Z'),
  randomBytes: (size) => new Uint8Array(size).fill(0xff),
};

describe.each<KeyKind>(['EC', 'RSA'])('a new authority with an %s key', (keyKind) => {
  it('is a self-signed CA', async () => {
    const authority = await newAuthority({ keyKind });
    const certificate = new X509Certificate(authority.certificatePem);
    expect(certificate.ca).toBe(true);
    expect(certificate.subject).toBe('CN=Octavia server CA');
    expect(certificate.verify(certificate.publicKey)).toBe(true);
    expect(certificate.checkPrivateKey(createPrivateKey(authority.privateKeyPem))).toBe(true);
  });
});

describe('validity and serial number', () => {
  it('come from the given clock and random', async () => {
    const authority = await newAuthority({ context });
    const certificate = new X509Certificate(authority.certificatePem);
    expect(certificate.validFromDate).toEqual(new Date('2025-12-31T23:55:00Z'));
    expect(certificate.validToDate).toEqual(new Date('2045-12-27T00:00:00Z'));
    expect(certificate.serialNumber).toBe('7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF');
  });
});

describe('reading an authority', () => {
  let authority: Awaited<ReturnType<typeof newAuthority>>;
  beforeAll(async () => {
    authority = await newAuthority({ keyKind: 'RSA' });
  });
  const files = () => ({ ...authority, passphrase: null, digest: 'sha256' as const });
  const encrypted = (pem: string, type: 'pkcs1' | 'pkcs8'): string =>
    createPrivateKey(pem).export({ type, format: 'pem', cipher: 'aes-128-cbc', passphrase: 'secret' }).toString();

  it.each([
    ['pkcs1', 'RSA PRIVATE KEY'],
    ['pkcs8', 'ENCRYPTED PRIVATE KEY'],
  ] as const)('opens an encrypted %s key with its passphrase', async (type, label) => {
    const plain = files();
    const privateKeyPem = encrypted(plain.privateKeyPem, type);
    expect(privateKeyPem).toContain(`BEGIN ${label}`);
    const read = await readAuthority({ ...plain, privateKeyPem, passphrase: 'secret' }, 'ca');
    expect(read.certificate.subject).toBe('CN=Octavia server CA');
  });

  it.each(['wrong', null])('says so when the passphrase is %j', async (passphrase) => {
    const plain = files();
    const locked = { ...plain, privateKeyPem: encrypted(plain.privateKeyPem, 'pkcs8'), passphrase };
    await expect(readAuthority(locked, '/x/ca.pem')).rejects.toThrow('Certificate authority /x/ca.pem cannot be used');
  });

  it('refuses a key of another certificate', async () => {
    const other = await newAuthority();
    const mixed = { ...files(), privateKeyPem: other.privateKeyPem };
    await expect(readAuthority(mixed, 'ca')).rejects.toThrow('the key does not belong to the certificate');
  });

  it('refuses a key that cannot sign certificates', async () => {
    const { privateKey } = generateKeyPairSync('x25519');
    const privateKeyPem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    await expect(readAuthority({ ...files(), privateKeyPem }, 'ca')).rejects.toThrow('must be RSA or EC');
  });

  it('refuses a file that holds no certificate', async () => {
    await expect(readAuthority({ ...files(), certificatePem: 'x' }, 'ca')).rejects.toMatchObject({
      code: 'AUTHORITY_UNUSABLE',
    });
  });
});
