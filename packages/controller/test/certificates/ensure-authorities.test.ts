import { createPrivateKey, X509Certificate } from 'node:crypto';
import { chmod, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { type AuthorityPaths, ensureAuthorities } from '../../src/clouds/certificates/local/ensure-authorities.ts';
import { newAuthority, temporaryFolder } from './support.ts';

const root = temporaryFolder();
let count = 0;
let directory = '';
beforeEach(() => {
  count += 1;
  directory = join(root, String(count), 'certs');
});

const FILES = [
  'client.cert-and-key.pem',
  'client_ca.cert.pem',
  'client_ca.key.pem',
  'server_ca.cert.pem',
  'server_ca.key.pem',
];

async function contents(): Promise<Record<string, string>> {
  const names = (await readdir(directory)).sort();
  return Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await readFile(join(directory, name), 'utf8')])),
  );
}

async function expectToBelongTogether(paths: AuthorityPaths): Promise<void> {
  const read = (path: string) => readFile(path, 'utf8');
  const clientPem = await read(paths.clientCertificateAndKey);
  const client = new X509Certificate(clientPem);
  const clientCa = new X509Certificate(await read(paths.clientCaCertificate));
  const serverCa = new X509Certificate(await read(paths.serverCaCertificate));
  expect(client.verify(clientCa.publicKey)).toBe(true);
  expect(client.checkPrivateKey(createPrivateKey(clientPem))).toBe(true);
  expect(clientCa.checkPrivateKey(createPrivateKey(await read(paths.clientCaKey)))).toBe(true);
  expect(serverCa.checkPrivateKey(createPrivateKey(await read(paths.serverCaKey)))).toBe(true);
  expect(serverCa.publicKey.equals(clientCa.publicKey)).toBe(false);
}

describe('an empty folder', () => {
  it('gets both authorities and the client certificate, for the owner alone', async () => {
    const paths = await ensureAuthorities(directory);
    expect(Object.keys(await contents())).toEqual(FILES);
    await expectToBelongTogether(paths);
    expect((await stat(directory)).mode & 0o777).toBe(0o700);
    for (const name of FILES) expect((await stat(join(directory, name))).mode & 0o777).toBe(0o600);
  });

  it('holds the key before the certificate in the client file', async () => {
    const paths = await ensureAuthorities(directory);
    const text = await readFile(paths.clientCertificateAndKey, 'utf8');
    expect(text.match(/BEGIN [A-Z ]+/g)).toEqual(['BEGIN PRIVATE KEY', 'BEGIN CERTIFICATE']);
  });

  it('is filled once when several processes start together', async () => {
    const all = await Promise.all([1, 2, 3, 4].map(() => ensureAuthorities(directory)));
    expect(Object.keys(await contents())).toEqual(FILES);
    await expectToBelongTogether(all[0]!);
  });
});

describe('an existing folder', () => {
  it('is left as it is', async () => {
    await ensureAuthorities(directory);
    const before = await contents();
    await ensureAuthorities(directory);
    expect(await contents()).toEqual(before);
  });

  it('is locked up again when it was open', async () => {
    await ensureAuthorities(directory);
    await chmod(directory, 0o755);
    await ensureAuthorities(directory);
    expect((await stat(directory)).mode & 0o777).toBe(0o700);
  });

  it.each(FILES.filter((name) => name !== 'server_ca.key.pem' && name !== 'client_ca.cert.pem'))(
    'gets %s again when only that is missing',
    async (name) => {
      const paths = await ensureAuthorities(directory);
      await rm(join(directory, name));
      await ensureAuthorities(directory);
      if (name !== 'client_ca.key.pem') await expectToBelongTogether(paths);
      // The client CA's key may live elsewhere once the client certificate is made.
      else expect(await readdir(directory)).not.toContain(name);
    },
  );

  it('with an encrypted key is adopted with the passphrase', async () => {
    const paths = await ensureAuthorities(directory, { keyKind: 'RSA' });
    const key = createPrivateKey(await readFile(paths.serverCaKey, 'utf8'));
    const locked = { type: 'pkcs1', format: 'pem', cipher: 'aes-128-cbc', passphrase: 'secret' } as const;
    await writeFile(paths.serverCaKey, key.export(locked));
    await expect(ensureAuthorities(directory)).rejects.toMatchObject({ code: 'AUTHORITY_UNUSABLE' });
    await expect(ensureAuthorities(directory, { passphrase: 'secret' })).resolves.toEqual(paths);
  });
});

describe('files that do not belong together', () => {
  it.each<[keyof AuthorityPaths, string]>([
    ['serverCaKey', 'server_ca.key.pem, which belongs to it, is not'],
    ['clientCaCertificate', 'client_ca.cert.pem, which belongs to it, is not'],
  ])('%s missing is reported', async (file, message) => {
    const paths = await ensureAuthorities(directory);
    await rm(paths[file]);
    await expect(ensureAuthorities(directory)).rejects.toThrow(message);
  });

  it('a client certificate of another CA is reported', async () => {
    const paths = await ensureAuthorities(directory);
    const other = await newAuthority();
    await writeFile(paths.clientCaCertificate, other.certificatePem);
    await expect(ensureAuthorities(directory)).rejects.toThrow('is not signed by');
  });

  it('a certificate with another key is reported', async () => {
    const paths = await ensureAuthorities(directory);
    const other = await newAuthority();
    await writeFile(paths.serverCaKey, other.privateKeyPem);
    await expect(ensureAuthorities(directory)).rejects.toThrow('does not belong');
  });
});
