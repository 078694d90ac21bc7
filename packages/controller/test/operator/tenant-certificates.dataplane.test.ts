import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { MOST_CERTIFICATE_BYTES } from '@octavia/protocol/agent-api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LocalCertificateManager } from '../../src/clouds/certificates/local/manager.ts';
import { addCertificate, listCertificates, removeCertificate } from '../../src/operator/tenant-certificates.ts';
import { combinedPem } from '../../src/tls/bundle.ts';
import { certificateNames } from '../../src/tls/names.ts';
import { TestAuthority } from '../dataplane/support/test-authority.ts';

/** Words for `openssl genpkey` and `openssl x509`. */
interface Signed {
  key?: string[];
  sign?: string[];
}

const RSA_1024 = ['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:1024'];
const RSA_2048 = ['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048'];
const PSS = ['-sigopt', 'rsa_padding_mode:pss'];

const work = mkdtempSync(join(tmpdir(), 'octavia-certificates-'));
const folder = join(work, 'store');
const manager = new LocalCertificateManager(folder);
const reader = { projectId: 'p' };
const file = (name: string): string => join(work, name);
const openssl = (...words: string[]): void =>
  void execFileSync('openssl', words, { stdio: ['ignore', 'ignore', 'pipe'] });

afterAll(() => rmSync(work, { recursive: true }));

beforeAll(async () => {
  const root = await TestAuthority.create('Root');
  const inter = await TestAuthority.create('Inter', root);
  const leaf = await inter.issue({ subject: { CN: 'leaf' }, dnsNames: ['leaf.example.com'] });
  writeFileSync(file('leaf.pem'), leaf.certificate);
  writeFileSync(file('key.pem'), leaf.privateKey);
  writeFileSync(file('chain.pem'), `${root.certificate}${inter.certificate}`);
  writeFileSync(file('crl.pem'), await root.revocationList());
  writeFileSync(file('expired-crl.pem'), await root.revocationList([], true));
  writeFileSync(file('all.pem'), `${leaf.privateKey}${root.certificate}${inter.certificate}${leaf.certificate}`);
  const base = [
    'pkcs12',
    '-export',
    '-in',
    file('leaf.pem'),
    '-inkey',
    file('key.pem'),
    '-certfile',
    file('chain.pem'),
  ];
  openssl(...base, '-passout', 'pass:', '-out', file('modern.p12'));
  openssl(...base, '-passout', 'pass:', '-out', file('rc2.p12'), '-legacy');
  openssl(...base, '-passout', 'pass:', '-out', file('des.p12'), '-legacy', '-descert');
  openssl(...base, '-passout', 'pass:', '-out', file('plain.p12'), '-keypbe', 'NONE', '-certpbe', 'NONE', '-nomac');
  openssl(...base, '-passout', 'pass:secret', '-out', file('locked.p12'));
  const p7 = ['crl2pkcs7', '-nocrl', '-certfile', file('chain.pem')];
  openssl(...p7, '-out', file('chain.p7.pem'));
  const p7pem = readFileSync(file('chain.p7.pem'), 'utf8');
  writeFileSync(file('pkcs7.pem'), `${leaf.certificate}${leaf.privateKey}${p7pem}`);
});

const namesOf = async (ref: string): Promise<string[]> => {
  const bundle = await manager.getCertificate(ref, reader);
  return [bundle.certificate, ...bundle.intermediates].map((pem) => certificateNames(pem).commonNames[0] ?? '');
};

describe('octavia certificate', () => {
  it.each(['all.pem', 'pkcs7.pem', 'modern.p12', 'rc2.p12', 'des.p12', 'plain.p12'])(
    'add %s: leaf first, then the chain in its order',
    async (name) => {
      expect(await namesOf(await addCertificate(folder, { file: file(name) }))).toEqual(['leaf', 'Inter', 'Root']);
    },
  );

  it('adds a bundle with a pass phrase only when told it', async () => {
    await expect(addCertificate(folder, { file: file('locked.p12') })).rejects.toThrow(
      'does not require a pass phrase',
    );
    const ref = await addCertificate(folder, { file: file('locked.p12'), passphrase: 'secret' });
    expect(await namesOf(ref)).toEqual(['leaf', 'Inter', 'Root']);
  });

  it.each([
    ['leaf.pem', 'ca'],
    ['chain.pem', 'ca'],
    ['crl.pem', 'crl'],
  ])('adds %s as %s, without a key', async (name, kind) => {
    const ref = await addCertificate(folder, { file: file(name) });
    expect((await listCertificates(folder)).find((line) => line.startsWith(ref))).toContain(`  ${kind}  `);
    await expect(manager.getCertificate(ref, reader)).rejects.toThrow('no private key');
  });

  it.each(['secp256k1', 'brainpoolP256r1', 'secp521r1'])('adds and lists a certificate on curve %s', async (curve) => {
    const [key, certificate] = [file(`${curve}.key`), file(`${curve}.crt`)];
    openssl('ecparam', '-name', curve, '-genkey', '-noout', '-out', key);
    const subject = ['-subj', '/O=Shop/CN=ümlaut, "\\\\"+CN=second', '-utf8', '-multivalue-rdn'];
    openssl(
      'req',
      '-x509',
      '-new',
      '-key',
      key,
      ...subject,
      '-addext',
      'subjectAltName=DNS:a.example',
      '-out',
      certificate,
    );
    writeFileSync(file(`${curve}.pem`), readFileSync(key, 'utf8') + readFileSync(certificate, 'utf8'));
    const ref = await addCertificate(folder, { file: file(`${curve}.pem`) });
    const { commonNames, dnsNames } = certificateNames((await manager.getCertificate(ref, reader)).certificate);
    expect([commonNames.sort(), dnsNames]).toEqual([['second', 'ümlaut, "\\"'], ['a.example']]);
    expect((await listCertificates(folder)).find((line) => line.startsWith(ref))).toContain('a.example');
  });

  /** A chain of an authority, perhaps one below it, and a leaf; what HAProxy says of it decides. */
  const chains: [
    title: string,
    options: { leaf?: Signed; middle?: Signed; root?: string[] },
    refusal: string | null,
  ][] = [
    ['RSA of 2048 bits and SHA-256', { leaf: {}, middle: {} }, null],
    ['RSA of 1024 bits', { leaf: { key: RSA_1024 } }, 'Its private key is too short'],
    [
      'a curve of 192 bits',
      { leaf: { key: ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-192'] } },
      'too short',
    ],
    ['a curve of 224 bits', { leaf: { key: ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-224'] } }, null],
    ['a leaf signed with SHA-1', { leaf: { sign: ['-sha1'] } }, 'Its certificate is signed with SHA-1 or MD5'],
    ['a leaf signed with MD5', { leaf: { sign: ['-md5'] } }, 'Its certificate is signed with SHA-1 or MD5'],
    ['a leaf signed with PSS of SHA-1', { leaf: { sign: ['-sha1', ...PSS] } }, 'signed with SHA-1'],
    ['a leaf signed with PSS of SHA-256', { leaf: { sign: ['-sha256', ...PSS] } }, null],
    ['an intermediate signed with SHA-1', { leaf: {}, middle: { sign: ['-sha1'] } }, 'An intermediate certificate'],
    ['an intermediate of 1024 bits', { leaf: {}, middle: { key: RSA_1024 } }, 'The key of an intermediate'],
    ['a root that signs itself with SHA-1', { leaf: {}, root: ['-sha1'] }, null],
  ];

  it.each(chains)('takes %s as HAProxy does', async (_title, { leaf, middle, root = ['-sha256'] }, refusal) => {
    const make = (name: string, { key = RSA_2048, sign = ['-sha256'] }: Signed, issuer: string): string => {
      openssl('genpkey', ...key, '-out', file(`${name}.key`));
      openssl('req', '-new', '-key', file(`${name}.key`), '-subj', `/CN=${name}`, '-out', file(`${name}.csr`));
      writeFileSync(file(`${name}.ext`), `basicConstraints=CA:${name === 'weak-leaf' ? 'FALSE' : 'TRUE'}`);
      const by = ['-CA', file(`${issuer}.crt`), '-CAkey', file(`${issuer}.key`), '-CAcreateserial'];
      const more = ['-extfile', file(`${name}.ext`), '-out', file(`${name}.crt`)];
      openssl('x509', '-req', '-in', file(`${name}.csr`), ...by, ...sign, ...more);
      return readFileSync(file(`${name}.crt`), 'utf8');
    };
    openssl('genpkey', ...RSA_2048, '-out', file('weak-root.key'));
    const self = ['req', '-x509', '-new', '-key', file('weak-root.key'), '-subj', '/CN=root', ...root];
    openssl(...self, '-out', file('weak-root.crt'));
    const above = middle ? make('weak-middle', middle, 'weak-root') : readFileSync(file('weak-root.crt'), 'utf8');
    const below = make('weak-leaf', leaf ?? {}, middle ? 'weak-middle' : 'weak-root');
    writeFileSync(file('weak.pem'), below + readFileSync(file('weak-leaf.key'), 'utf8') + above);
    writeFileSync(file('weak.cfg'), `frontend f\n bind 127.0.0.1:1 ssl crt ${file('weak.pem')}\n`);
    const verdict = spawnSync('haproxy', ['-c', '-f', file('weak.cfg')], { encoding: 'utf8' });
    expect(/unable to load .* certificate/.test(verdict.stderr)).toBe(refusal !== null);
    const added = addCertificate(folder, { file: file('weak.pem') });
    if (refusal === null) expect(await added).toMatch(/^[0-9a-f-]{36}$/);
    else await expect(added).rejects.toThrow(refusal);
  });

  it.each([
    ['a bundle', 'all.pem', 'With its key and intermediates '],
    ['authorities', 'chain.pem', ''],
  ])('refuses %s longer than an amphora takes', async (_title, name, words) => {
    const chain = readFileSync(file('chain.pem'), 'utf8');
    writeFileSync(
      file('long.pem'),
      readFileSync(file(name), 'utf8') + chain.repeat(MOST_CERTIFICATE_BYTES / chain.length + 1),
    );
    await expect(addCertificate(folder, { file: file('long.pem') })).rejects.toThrow(
      new RegExp(`cannot be used: ${words}\\d+ bytes are more than the 262144`),
    );
  });

  it('refuses a revocation list that has expired', async () => {
    await expect(addCertificate(folder, { file: file('expired-crl.pem') })).rejects.toThrow(
      /list expired on \d{4}-\d\d-\d\d,/,
    );
  });

  it('keeps files private, and a certificate of a project from the others', async () => {
    const ref = await addCertificate(folder, { file: file('all.pem'), project: 'p' });
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(statSync(join(folder, `${ref}.key`)).mode & 0o777).toBe(0o600);
    expect(await namesOf(ref)).toContain('leaf');
    await expect(manager.getCertificate(ref, { projectId: 'q' })).rejects.toThrow(
      `Could not retrieve certificate: ${ref}`,
    );
  });

  it('removes what is there, once', async () => {
    const ref = await addCertificate(folder, { file: file('all.pem') });
    await removeCertificate(folder, ref);
    await expect(removeCertificate(folder, ref)).rejects.toThrow('Could not retrieve certificate');
    expect((await listCertificates(folder)).join('\n')).not.toContain(ref);
  });

  it('never shows a key, however a bundle is printed', async () => {
    const bundle = await manager.getCertificate(await addCertificate(folder, { file: file('all.pem') }), reader);
    const pem = combinedPem(bundle);
    for (const text of [
      inspect(bundle),
      JSON.stringify(bundle),
      `${bundle.privateKey}`,
      inspect(pem),
      JSON.stringify({ pem }),
    ]) {
      expect(text).not.toContain('PRIVATE KEY');
    }
    expect(pem.reveal().match(/-----BEGIN [A-Z ]+-----/g)).toEqual([
      '-----BEGIN CERTIFICATE-----',
      '-----BEGIN PRIVATE KEY-----',
      '-----BEGIN CERTIFICATE-----',
      '-----BEGIN CERTIFICATE-----',
    ]);
  });
});
