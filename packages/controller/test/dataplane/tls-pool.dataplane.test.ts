/** TLS towards members: what rows of the feature matrix (`FM-PL-…`, `FM-HM-…`) do to real connections. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../../../../test/kit/free-port.ts';
import type { HealthMonitor, Listener } from '../../src/domain/resources.ts';
import { RunningHaproxy } from './support/running-haproxy.ts';
import { TestSecrets } from './support/secrets.ts';
import { type IssuedPem, TestAuthority } from './support/test-authority.ts';
import { getTls, TlsMember, versionMember } from './support/tls-client.ts';
import { makeTree, memberId, poolId, type TreeInput } from './support/tree.ts';
import { get, WebServer } from './support/web-server.ts';

const LOCAL = '127.0.0.1';
const CIPHERS =
  'TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256';

const secrets = new TestSecrets();
const members: TlsMember[] = [];
let haproxy: RunningHaproxy;
let port = 0;
let authority: TestAuthority;
let good: IssuedPem;
let member: TlsMember;
let demanding: TlsMember;

async function tlsMember(name: string, { certificate, privateKey }: IssuedPem, more: object = {}): Promise<TlsMember> {
  const made = await new TlsMember(name, { cert: certificate, key: privateKey, ...more }).listen();
  members.push(made);
  return made;
}

beforeAll(async () => {
  authority = await TestAuthority.create('Member CA');
  const foreign = await TestAuthority.create('Foreign CA');
  good = await authority.issue({ subject: { CN: 'www.example.com' }, dnsNames: ['www.example.com'] });
  const revoked = await authority.issue({ subject: { CN: 'member' } });
  member = await tlsMember('good', good);
  await tlsMember('foreign', await foreign.issue({ subject: { CN: 'member' } }));
  await tlsMember('revoked', revoked);
  demanding = await tlsMember('demanding', good, {
    ca: authority.certificate,
    requestCert: true,
    rejectUnauthorized: true,
  });
  secrets.text('ca', authority.certificate).text('crl', await authority.revocationList([revoked.serial]));
  secrets.pair('client', await authority.issue({ subject: { CN: 'load balancer' } }));
  secrets.pair('www', good);
  haproxy = new RunningHaproxy();
  port = await freePort();
});
afterAll(async () => {
  await haproxy.close();
  for (const each of members) await each.close();
});

interface Scene {
  listener?: Partial<Listener>;
  pool?: NonNullable<TreeInput['pools']>[number];
  monitor?: Partial<HealthMonitor>;
}

/** One pool that talks TLS to one member. */
async function serve(to: { port: number }, { listener, pool, monitor }: Scene = {}): Promise<void> {
  const tree = makeTree({
    loadBalancer: { vip: { address: LOCAL } },
    listeners: [{ protocolPort: port, defaultPoolId: poolId(1), ...listener }],
    pools: [{ tlsEnabled: true, tlsCiphers: CIPHERS, tlsVersions: ['TLSv1.2', 'TLSv1.3'], ...pool }],
    members: [{ address: LOCAL, protocolPort: to.port }],
    healthMonitors: monitor ? [{ delay: 1, timeout: 1, maxRetries: 1, maxRetriesDown: 1, ...monitor }] : [],
  });
  await haproxy.serve(tree, secrets);
}

const answer = async (): Promise<string> => {
  const { status, body } = await get(port);
  return status === 200 ? body : String(status);
};
const foreignMember = (): TlsMember => members[1]!;
const revokedMember = (): TlsMember => members[2]!;

describe('re-encryption', () => {
  it('FM-PL-27 members are talked to over TLS, without a CA whoever they are', async () => {
    await serve(foreignMember());
    expect(await answer()).toBe('foreign');
    await serve(member);
    expect(await answer()).toBe('good');
    // Without TLS the member cannot be talked to.
    await serve(member, { pool: { tlsEnabled: false } });
    expect(await answer()).not.toBe('good');
  });

  it('FM-PL-03 with a CA only its members are good', async () => {
    const pool = { caTlsContainerRef: 'ca' };
    await serve(member, { pool });
    expect(await answer()).toBe('good');
    await serve(revokedMember(), { pool });
    expect(await answer()).toBe('revoked');
    await serve(foreignMember(), { pool });
    expect(await answer()).toBe('503');
  });

  it('FM-PL-04 a revoked member is refused', async () => {
    const pool = { caTlsContainerRef: 'ca', crlContainerRef: 'crl' };
    await serve(revokedMember(), { pool });
    expect(await answer()).toBe('503');
    await serve(member, { pool });
    expect(await answer()).toBe('good');
  });

  it('FM-PL-26 a member that demands a certificate gets it', async () => {
    await serve(demanding);
    expect(await answer()).not.toBe('demanding');
    await serve(demanding, { pool: { tlsContainerRef: 'client' } });
    expect(await answer()).toBe('demanding');
    expect(demanding.seen.at(-1)?.clientName).toBe('load balancer');
  });

  it('FM-PL-25 FM-PL-28 ciphers and versions are those of the pool', async () => {
    await serve(member, { pool: { tlsVersions: ['TLSv1.2'], tlsCiphers: 'ECDHE-ECDSA-AES128-GCM-SHA256' } });
    await answer();
    expect(member.seen.at(-1)).toMatchObject({ version: 'TLSv1.2', cipher: 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256' });
    await serve(member, { pool: { tlsVersions: ['TLSv1.3'], tlsCiphers: 'TLS_AES_128_GCM_SHA256' } });
    await answer();
    expect(member.seen.at(-1)).toMatchObject({ version: 'TLSv1.3', cipher: 'TLS_AES_128_GCM_SHA256' });
  });

  it.each(['TLSv1', 'TLSv1.1'] as const)('FM-PL-28 a member that speaks %s alone is reached', async (version) => {
    const old = { minVersion: version, maxVersion: version, ciphers: 'ALL:@SECLEVEL=0' };
    const only = await tlsMember(version, good, old);
    const tlsCiphers = 'ECDHE-ECDSA-AES128-SHA';
    await serve(only, { pool: { tlsVersions: ['TLSv1', 'TLSv1.1'], tlsCiphers } });
    await answer();
    expect(only.seen.at(-1)).toMatchObject({ version, cipher: 'TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA' });
  });

  it('FM-PL-02 HTTP/2 to members', async () => {
    const alpnProtocols = ['h2', 'http/1.1'];
    const both = await versionMember(good);
    await serve(both, { pool: { alpnProtocols } });
    expect(await answer()).toBe('2.0');
    await serve(both, { pool: { alpnProtocols: ['http/1.1'] } });
    expect(await answer()).toBe('1.1');
    both.close();
  });

  it('a member behind a TLS listener is told the host name, and its certificate must name it', async () => {
    const tls = { protocol: 'TERMINATED_HTTPS', defaultTlsContainerRef: 'www' } as const;
    await serve(member, { listener: tls, pool: { caTlsContainerRef: 'ca' } });
    expect((await getTls(port, '/', { servername: 'www.example.com' })).body).toBe('good');
    expect(member.seen.at(-1)?.serverName).toBe('www.example.com');
    expect((await getTls(port, '/', { servername: 'other.example.com' })).status).toBe(503);
  });
});

describe('health monitors of members with TLS', () => {
  const becomes = (word: string): Promise<void> =>
    haproxy.eventually(async () => (await haproxy.serverStatus())[memberId(1)]?.startsWith(word) ?? false);

  it.each<[string, Partial<HealthMonitor>]>([
    ['FM-HM-16 TLS-HELLO', { type: 'TLS-HELLO' }],
    ['FM-HM-15 TCP', { type: 'TCP' }],
    ['FM-HM-12 HTTP', { type: 'HTTP', httpMethod: 'GET', urlPath: '/', expectedCodes: '200' }],
    ['FM-HM-13 HTTPS', { type: 'HTTPS', httpMethod: 'GET', urlPath: '/', expectedCodes: '200' }],
  ])('%s finds the member up, with and without TLS of the pool', async (_title, monitor) => {
    await serve(member, { monitor, pool: { caTlsContainerRef: 'ca' } });
    await becomes('UP');
    if (monitor.type === 'HTTP') return;
    await serve(member, { monitor, pool: { tlsEnabled: false, protocol: 'HTTPS' }, listener: { protocol: 'TCP' } });
    await becomes('UP');
  });

  it.each([{ minVersion: 'TLSv1.3' }, { maxVersion: 'TLSv1.2' }] as const)(
    'FM-HM-16 TLS-HELLO is answered by servers with %j, also when they demand certificates',
    async (versions) => {
      const more = { ...versions, ca: authority.certificate, requestCert: true, rejectUnauthorized: true };
      const strict = await tlsMember('strict', good, more);
      const scene = {
        monitor: { type: 'TLS-HELLO' },
        pool: { tlsEnabled: false, protocol: 'HTTPS' },
        listener: { protocol: 'TCP' },
      } as const;
      await serve(strict, scene);
      await becomes('UP');
    },
  );

  it('FM-HM-16 TLS-HELLO takes a server without TLS for down', async () => {
    const plain = await new WebServer('plain').listen();
    // A member's port never changes; in these tests it does, and the saved state would bring the former one back.
    await haproxy.close();
    haproxy = new RunningHaproxy();
    await serve(plain, {
      monitor: { type: 'TLS-HELLO' },
      pool: { tlsEnabled: false, protocol: 'HTTPS' },
      listener: { protocol: 'TCP' },
    });
    await becomes('DOWN');
    await plain.close();
  });
});
