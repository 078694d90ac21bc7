/** TLS towards clients: what rows of the feature matrix (`FM-LS-…`) do to real connections. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:http2';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { ConnectionOptions } from 'node:tls';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../../../../test/kit/free-port.ts';
import type { Listener } from '../../src/domain/resources.ts';
import { RunningHaproxy } from './support/running-haproxy.ts';
import { TestSecrets } from './support/secrets.ts';
import { type IssuedPem, TestAuthority } from './support/test-authority.ts';
import { getHttp2, getTls, handshake } from './support/tls-client.ts';
import { makeTree, poolId } from './support/tree.ts';
import { WebServer } from './support/web-server.ts';

const LOCAL = '127.0.0.1';
const DEFAULT_CIPHERS =
  'TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256';

const folder = mkdtempSync(join(tmpdir(), 'tls-listener-test-'));
const secrets = new TestSecrets();
let haproxy: RunningHaproxy;
let port = 0;
let main: WebServer;
let root: TestAuthority;
/** Certificates of clients. */
const clients: Record<'finance' | 'revoked' | 'expired' | 'foreign', IssuedPem> = {} as never;

beforeAll(async () => {
  root = await TestAuthority.create('Root CA');
  const intermediate = await TestAuthority.create('Intermediate CA', root);
  const clientCa = await TestAuthority.create('Client CA');
  const foreignCa = await TestAuthority.create('Foreign CA');
  const chain = `${root.certificate}${intermediate.certificate}`;
  const www = { subject: { CN: 'www.example.com' }, dnsNames: ['www.example.com'] };
  secrets.pair('www', await intermediate.issue(www), chain);
  secrets.pair(
    'www2',
    await root.issue({ subject: { CN: 'www2.example.com' }, dnsNames: ['www2.example.com', '*.wild.example.com'] }),
  );
  clients.finance = await clientCa.issue({ subject: { C: 'DE', OU: 'finance', CN: 'Ada Lovelace' } });
  clients.revoked = await clientCa.issue({ subject: { CN: 'revoked' } });
  clients.expired = await clientCa.issue({ subject: { CN: 'expired' }, expired: true });
  clients.foreign = await foreignCa.issue({ subject: { CN: 'foreign' } });
  const second = await TestAuthority.create('Second client CA');
  secrets
    .text('ca', `${clientCa.certificate}${second.certificate}`)
    .text('crl', await clientCa.revocationList([clients.revoked.serial]));
  haproxy = new RunningHaproxy();
  port = await freePort();
  main = await new WebServer('main').listen();
});
afterAll(async () => {
  await haproxy.close();
  await main.close();
  rmSync(folder, { recursive: true });
});

const TLS: Partial<Listener> = {
  protocol: 'TERMINATED_HTTPS',
  defaultTlsContainerRef: 'www',
  tlsCiphers: DEFAULT_CIPHERS,
  tlsVersions: ['TLSv1.2', 'TLSv1.3'],
  alpnProtocols: ['h2', 'http/1.1', 'http/1.0'],
};

async function serve(listener: Partial<Listener> = {}): Promise<void> {
  const tree = makeTree({
    loadBalancer: { vip: { address: LOCAL } },
    listeners: [{ ...TLS, protocolPort: port, defaultPoolId: poolId(1), ...listener }],
    pools: [{}],
    members: [{ address: LOCAL, protocolPort: main.port }],
  });
  await haproxy.serve(tree, secrets);
}

const as = ({ certificate, privateKey }: IssuedPem): ConnectionOptions => ({ cert: certificate, key: privateKey });
const authenticated = (clientAuthentication: Listener['clientAuthentication'], more: Partial<Listener> = {}) => ({
  clientAuthentication,
  clientCaTlsContainerRef: 'ca',
  ...more,
});
const status = (options: ConnectionOptions = {}): Promise<number | 'refused'> =>
  getTls(port, '/', options).then(
    (reply) => reply.status,
    () => 'refused' as const,
  );

describe('certificates', () => {
  it('FM-LS-25 FM-LS-08 the full chain is presented, verifies, and the member sees plain HTTP', async () => {
    await serve({ insertHeaders: { 'X-Forwarded-Proto': 'true' } });
    const reply = await getTls(port, '/x', {
      servername: 'www.example.com',
      ca: root.certificate,
      rejectUnauthorized: true,
    });
    expect(reply).toMatchObject({ status: 200, body: 'main' });
    expect((await handshake(port, { servername: 'www.example.com' })).chain).toEqual([
      'www.example.com',
      'Intermediate CA',
      'Root CA',
    ]);
    expect(main.seen.at(-1)).toMatchObject({ url: '/x', httpVersion: '1.1' });
    // FM-LS-12
    expect(main.seen.at(-1)?.headers['x-forwarded-proto']).toBe('https');
    await expect(fetch(`http://${LOCAL}:${port}/`)).rejects.toThrow();
  });

  it('FM-LS-08 curl accepts the certificate', async () => {
    await serve();
    const file = join(folder, 'ca.pem');
    writeFileSync(file, root.certificate);
    const name = `www.example.com:${port}`;
    const words = ['-sS', '--cacert', file, '--resolve', `${name}:${LOCAL}`, `https://${name}/`];
    // Not the synchronous way: the member lives in this process.
    const curl = await promisify(execFile)('curl', words);
    expect(curl.stderr).toBe('');
    expect(curl.stdout).toBe('main');
  });

  it('FM-LS-30 the name that the client asks for chooses, the default answers all others', async () => {
    await serve({ sniContainerRefs: ['www2'] });
    const leaf = async (servername: string): Promise<string | undefined> =>
      (await handshake(port, { servername })).chain[0];
    expect(await leaf('www2.example.com')).toBe('www2.example.com');
    expect(await leaf('a.wild.example.com')).toBe('www2.example.com');
    expect(await leaf('www.example.com')).toBe('www.example.com');
    expect(await leaf('unknown.example.org')).toBe('www.example.com');
    expect(await leaf('')).toBe('www.example.com');
  });

  it('FM-LS-30 a listener with SNI references alone presents the first of them by default', async () => {
    await serve({ defaultTlsContainerRef: null, sniContainerRefs: ['www2', 'www'] });
    expect((await handshake(port, { servername: 'none.example.org' })).chain[0]).toBe('www2.example.com');
  });
});

describe('settings of TLS', () => {
  it('FM-LS-37 a client with other ciphers fails', async () => {
    await serve({ tlsCiphers: 'ECDHE-ECDSA-AES256-GCM-SHA384:TLS_AES_128_GCM_SHA256' });
    const old = { maxVersion: 'TLSv1.2' } as const;
    await expect(handshake(port, { ...old, ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256' })).rejects.toThrow();
    expect((await handshake(port, old)).cipher).toBe('TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384');
    expect((await handshake(port)).cipher).toBe('TLS_AES_128_GCM_SHA256');
    await expect(handshake(port, { minVersion: 'TLSv1.3', ciphers: 'TLS_AES_256_GCM_SHA384' })).rejects.toThrow();
  });

  it('FM-LS-37 ciphers with Diffie-Hellman over numbers let clients in', async () => {
    const subject = ['-subj', '/CN=rsa.example.com', '-days', '2', '-keyout', join(folder, 'rsa.key')];
    const { stdout } = await promisify(execFile)('openssl', [
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      ...subject,
    ]);
    const privateKey = readFileSync(join(folder, 'rsa.key'), 'utf8');
    secrets.pair('rsa', { certificate: stdout, privateKey, serial: '' });
    await serve({ defaultTlsContainerRef: 'rsa', tlsVersions: ['TLSv1.2'], tlsCiphers: 'DHE-RSA-AES128-GCM-SHA256' });
    expect((await handshake(port)).cipher).toBe('TLS_DHE_RSA_WITH_AES_128_GCM_SHA256');
  });

  it('FM-LS-38 a client with other versions fails', async () => {
    await serve({ tlsVersions: ['TLSv1.3'] });
    await expect(handshake(port, { maxVersion: 'TLSv1.2' })).rejects.toThrow();
    expect((await handshake(port)).version).toBe('TLSv1.3');
    await serve({ tlsVersions: ['TLSv1.2'] });
    await expect(handshake(port, { minVersion: 'TLSv1.3' })).rejects.toThrow();
    expect((await handshake(port)).version).toBe('TLSv1.2');
  });

  it('FM-LS-38 old clients come in where TLS 1.0 and 1.1 are asked for, and with a certificate and encryption alone', async () => {
    const sClient = async (...words: string[]): Promise<string> => {
      const child = execFile('openssl', ['s_client', '-connect', `${LOCAL}:${port}`, ...words]);
      child.stdin?.end('GET / HTTP/1.0\r\n\r\n');
      const [output = ''] = await Promise.all([text(child.stdout!), once(child, 'close')]);
      return /^New, .*$/m.exec(output)?.[0] ?? output;
    };
    const old = (version: string, ciphers = 'ALL') => sClient(version, '-cipher', `${ciphers}:@SECLEVEL=0`);
    await serve({
      tlsVersions: ['TLSv1', 'TLSv1.1', 'TLSv1.2'],
      tlsCiphers: `${DEFAULT_CIPHERS}:ECDHE-ECDSA-AES128-SHA`,
    });
    expect(await old('-tls1')).toBe('New, TLSv1.0, Cipher is ECDHE-ECDSA-AES128-SHA');
    expect(await old('-tls1_1')).toBe('New, TLSv1.0, Cipher is ECDHE-ECDSA-AES128-SHA');
    expect(await old('-tls1_2', 'ECDHE-ECDSA-AES256-GCM-SHA384')).toBe(
      'New, TLSv1.2, Cipher is ECDHE-ECDSA-AES256-GCM-SHA384',
    );
    await serve({ tlsVersions: ['TLSv1', 'TLSv1.1'], tlsCiphers: 'ALL:COMPLEMENTOFALL' });
    expect(await old('-tls1')).toMatch(/^New, TLSv1\.0, Cipher is ECDHE-ECDSA-/);
    const none = /Cipher is \(NONE\)/;
    expect(await old('-tls1', 'aNULL')).toMatch(none);
    expect(await old('-tls1', 'eNULL')).toMatch(none);
    await serve({ tlsVersions: ['TLSv1.2'], tlsCiphers: DEFAULT_CIPHERS });
    expect(await old('-tls1')).toMatch(none);
  });

  it('FM-LS-03 negotiation follows the list; streams of one HTTP/2 connection are served', async () => {
    await serve();
    const chosen = async (ALPNProtocols?: string[]) =>
      (await handshake(port, ALPNProtocols ? { ALPNProtocols } : {})).alpn;
    expect(await chosen(['h2', 'http/1.1'])).toBe('h2');
    expect(await chosen(['http/1.1'])).toBe('http/1.1');
    expect(await chosen()).toBe(false);
    expect(await getHttp2(connect(`https://127.0.0.1:${port}`, { rejectUnauthorized: false }), 5)).toEqual(
      Array(5).fill('main'),
    );
    expect(main.seen.at(-1)?.httpVersion).toBe('1.1');
    expect((await getTls(port)).body).toBe('main');
    await serve({ alpnProtocols: ['http/1.1'] });
    expect(await chosen(['h2', 'http/1.1'])).toBe('http/1.1');
  });

  it('HSTS is in every answer, also in those of the load balancer itself', async () => {
    await serve({ hstsMaxAge: 31_536_000, hstsIncludeSubdomains: true, hstsPreload: true });
    const policy = 'max-age=31536000; includeSubDomains; preload';
    expect((await getTls(port)).headers['strict-transport-security']).toBe(policy);
    await serve({ hstsMaxAge: 0, defaultPoolId: null });
    expect(await getTls(port)).toMatchObject({ status: 503, headers: { 'strict-transport-security': 'max-age=0' } });
    await serve();
    expect((await getTls(port)).headers['strict-transport-security']).toBeUndefined();
  });
});

describe('client authentication', () => {
  it('FM-LS-04 MANDATORY FM-LS-05 FM-LS-06 refuses none, foreign, expired and revoked certificates', async () => {
    await serve(authenticated('MANDATORY', { clientCrlContainerRef: 'crl' }));
    const before = main.seen.length;
    expect(await status()).toBe('refused');
    for (const name of ['foreign', 'expired', 'revoked'] as const)
      expect(await status(as(clients[name])), name).toBe('refused');
    expect(main.seen.length).toBe(before);
    expect(await status(as(clients.finance))).toBe(200);
  });

  it('FM-LS-06 without the list the revoked certificate is good', async () => {
    await serve(authenticated('MANDATORY'));
    expect(await status(as(clients.revoked))).toBe(200);
  });

  it('FM-LS-04 OPTIONAL lets clients without a certificate in, and refuses bad ones', async () => {
    await serve(authenticated('OPTIONAL', { clientCrlContainerRef: 'crl' }));
    expect(await status()).toBe(200);
    expect(await status(as(clients.finance))).toBe(200);
    for (const name of ['foreign', 'expired', 'revoked'] as const)
      expect(await status(as(clients[name])), name).toBe('refused');
  });

  it('FM-LS-04 NONE does not ask', async () => {
    await serve(authenticated('NONE'));
    expect(await status(as(clients.foreign))).toBe(200);
  });
});

describe('headers about the client certificate', () => {
  const HEADERS = ['Verify', 'Has-Cert', 'DN', 'CN', 'SHA1', 'Not-Before', 'Not-After'].map(
    (name) => `X-SSL-Client-${name}`,
  );
  const insertHeaders = Object.fromEntries([...HEADERS, 'X-SSL-Issuer'].map((name) => [name, 'true']));
  const sent = () => main.seen.at(-1)!.headers;

  it('FM-LS-13 FM-LS-14 FM-LS-15 FM-LS-16 FM-LS-17 FM-LS-18 FM-LS-19 FM-LS-20 describe it', async () => {
    await serve(authenticated('MANDATORY', { insertHeaders }));
    await getTls(port, '/', { ...as(clients.finance), headers: { 'X-SSL-Client-CN': 'forged' } });
    expect(sent()).toMatchObject({
      'x-ssl-client-verify': '0',
      'x-ssl-client-has-cert': 'true',
      'x-ssl-client-dn': '"/C=DE/OU=finance/CN=Ada Lovelace"',
      'x-ssl-client-cn': '"Ada Lovelace"',
      'x-ssl-issuer': '"/CN=Client CA"',
    });
    expect(sent()['x-ssl-client-sha1']).toMatch(/^[0-9A-F]{40}$/);
    expect(sent()['x-ssl-client-not-before']).toMatch(/^\d{12}Z$/);
    expect(sent()['x-ssl-client-not-after']).toMatch(/^\d{12}Z$/);
  });

  it('FM-LS-13 FM-LS-14 tell when there is none, and when it does not verify', async () => {
    await serve(authenticated('OPTIONAL', { insertHeaders }));
    await getTls(port);
    expect(sent()).toMatchObject({
      'x-ssl-client-has-cert': 'false',
      'x-ssl-client-verify': '0',
      'x-ssl-client-cn': '""',
    });
    await getTls(port, '/', as(clients.foreign));
    expect(sent()).toMatchObject({ 'x-ssl-client-has-cert': 'true', 'x-ssl-client-cn': '"foreign"' });
    expect(Number(sent()['x-ssl-client-verify'])).toBeGreaterThan(0);
  });
});
