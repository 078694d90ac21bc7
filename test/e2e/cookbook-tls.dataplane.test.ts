/** The basic cookbook, BC-09 to BC-15: TLS towards clients and members, with references of `octavia certificate add`. */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type IssuedPem, TestAuthority } from '../../packages/controller/test/dataplane/support/test-authority.ts';
import { askHttp2, handshake } from './cookbook/client.ts';
import { Keyring } from './cookbook/keyring.ts';
import type { Served } from './cookbook/served.ts';
import { Site } from './cookbook/site.ts';

vi.setConfig({ maxConcurrency: 20 });

let site: Site;
let root: TestAuthority;
/** References. */
const refs = {} as Record<'www' | 'www2' | 'clientCa' | 'clientCrl' | 'memberCa' | 'memberCrl' | 'balancer', string>;
const clients = {} as Record<'good' | 'expired' | 'revoked' | 'foreign', IssuedPem>;
const members = {} as Record<'good' | 'revoked' | 'foreign', IssuedPem>;
let memberCa: TestAuthority;

const names = (name: string) => ({ subject: { CN: name }, dnsNames: [name] });

beforeAll(async () => {
  const opened = Site.open('tls', 19_932);
  root = await TestAuthority.create('Root CA');
  const intermediate = await TestAuthority.create('Intermediate CA', root);
  const clientCa = await TestAuthority.create('Client CA');
  memberCa = await TestAuthority.create('Member CA');
  const foreignCa = await TestAuthority.create('Foreign CA');
  for (const name of ['good', 'revoked', 'expired'] as const) {
    clients[name] = await clientCa.issue({ subject: { CN: name }, expired: name === 'expired' });
  }
  for (const name of ['good', 'revoked'] as const) members[name] = await memberCa.issue({ subject: { CN: name } });
  clients.foreign = await foreignCa.issue({ subject: { CN: 'foreign' } });
  members.foreign = await foreignCa.issue({ subject: { CN: 'foreign' } });
  const www = await intermediate.issue(names('www.example.com'));
  const www2 = await root.issue(names('www2.example.com'));
  const balancer = await memberCa.issue({ subject: { CN: 'load balancer' } });
  const clientCrl = await clientCa.revocationList([clients.revoked.serial]);
  const memberCrl = await memberCa.revocationList([members.revoked.serial]);
  site = await opened;
  const keyring = new Keyring(site);
  refs.www = await keyring.addPkcs12(www, `${intermediate.certificate}${root.certificate}`);
  [refs.www2, refs.clientCa, refs.clientCrl, refs.memberCa, refs.memberCrl, refs.balancer] = await Promise.all([
    keyring.addPkcs12(www2),
    keyring.add(clientCa.certificate),
    keyring.add(clientCrl),
    keyring.add(memberCa.certificate),
    keyring.add(memberCrl),
    keyring.addPkcs12(balancer),
  ]);
});
afterAll(() => site?.remove());

const as = ({ certificate, privateKey }: IssuedPem) => ({ tls: { cert: certificate, key: privateKey } });
const terminated = (more: object = {}) => ({
  protocol: 'TERMINATED_HTTPS',
  protocol_port: 443,
  default_tls_container_ref: refs.www,
  ...more,
});

/** A TERMINATED_HTTPS listener with a pool of two members. */
async function scene(name: string, more: object = {}) {
  const lb = await site.balancer(name);
  const listener = await lb.listener(terminated(more));
  const [a, b] = [await site.backend('a'), await site.backend('b')];
  const pool = await lb.pool({ listener_id: listener.id }, [a, b]);
  return { lb, listener, pool, a, b };
}

const leaf = async (vip: string, servername: string): Promise<string | undefined> =>
  (await handshake(site.testbed, vip, { servername })).chain[0];

/** An HTTP listener whose pool talks TLS to one member. */
async function encrypted(lb: Served, port: number, member: IssuedPem, more: object = {}, server: object = {}) {
  const tls = { cert: member.certificate, key: member.privateKey, ...server };
  const backend = await site.backend('behind', { port: 443, tls });
  const listener = await lb.listener({ protocol: 'HTTP', protocol_port: port });
  await lb.pool({ listener_id: listener.id, tls_enabled: true, ...more }, [backend]);
  return backend;
}

describe.concurrent('TLS cookbook', () => {
  test('BC-09 FM-LS-25 FM-LS-08 TLS termination: the client validates the chain, the member sees plain HTTP', async () => {
    const { lb, a, b } = await scene('lb9');
    const trusting = { servername: 'www.example.com', ca: root.certificate, rejectUnauthorized: true };
    for (const vip of lb.vips) {
      expect(await lb.outcome({ tls: trusting, headers: { host: 'www.example.com' } }, vip)).toMatch(/^[ab]$/);
      expect((await handshake(site.testbed, vip, trusting)).chain).toEqual([
        'www.example.com',
        'Intermediate CA',
        'Root CA',
      ]);
      expect(await lb.outcome({ port: 443 }, vip)).not.toMatch(/^[ab]$/);
    }
    for (const { httpVersion } of [...a.seen, ...b.seen]) expect(httpVersion).toBe('1.1');
    const wrong = { loadbalancer_id: lb.id, ...terminated({ protocol_port: 444 }) };
    const nobody = { ...wrong, default_tls_container_ref: '11111111-2222-4333-8444-555555555555' };
    expect((await lb.try('POST', 'listeners', nobody)).status).toBe(400);
  });

  test('BC-10 FM-LS-30 SNI: the name chooses the certificate, the default answers the others', async () => {
    const { lb } = await scene('lb10', { sni_container_refs: [refs.www, refs.www2] });
    for (const vip of lb.vips) {
      expect(await leaf(vip, 'www.example.com')).toBe('www.example.com');
      expect(await leaf(vip, 'www2.example.com')).toBe('www2.example.com');
      expect(await leaf(vip, 'unknown.example.org')).toBe('www.example.com');
      expect(await leaf(vip, '')).toBe('www.example.com');
    }
  });

  test('BC-11 FM-LS-04 FM-LS-05 FM-LS-06 TLS client authentication: only certificates that verify get through', async () => {
    const mandatory = { client_authentication: 'MANDATORY', client_ca_tls_container_ref: refs.clientCa };
    const { lb, listener, a, b } = await scene('lb11', { ...mandatory, client_crl_container_ref: refs.clientCrl });
    for (const vip of lb.vips) {
      expect(await lb.outcome({ tls: {} }, vip)).not.toMatch(/^[ab]$/);
      for (const name of ['foreign', 'expired', 'revoked'] as const) {
        expect(await lb.outcome(as(clients[name]), vip), name).not.toMatch(/^[ab]$/);
      }
      expect([...a.seen, ...b.seen]).toEqual([]);
    }
    await lb.expectOutcome(/^[ab]$/, as(clients.good));
    await lb.change('PUT', `listeners/${listener.id}`, { client_crl_container_ref: null });
    await lb.expectOutcome(/^[ab]$/, as(clients.revoked));
  });

  test('BC-12 FM-LS-03 HTTP/2: who can speaks it, streams of one connection are balanced, members get HTTP/1.1', async () => {
    const { lb, a, b } = await scene('lb12', { alpn_protocols: ['h2', 'http/1.1'] });
    for (const vip of lb.vips) {
      const chosen = async (tls: object) => (await handshake(site.testbed, vip, tls)).alpn;
      expect(await chosen({ ALPNProtocols: ['h2', 'http/1.1'] })).toBe('h2');
      expect(await chosen({ ALPNProtocols: ['http/1.1'] })).toBe('http/1.1');
      expect(await chosen({})).toBe(false);
      const bodies = await askHttp2(site.testbed, vip, 6);
      expect(bodies.filter((body) => body === 'a')).toHaveLength(3);
      expect(bodies.filter((body) => body === 'b')).toHaveLength(3);
      expect(await lb.outcome({ tls: {} }, vip)).toMatch(/^[ab]$/);
    }
    for (const { httpVersion } of [...a.seen, ...b.seen]) expect(httpVersion).toBe('1.1');
  });

  test('BC-13 HTTP and HTTPS on one address and pool: members and their state are shared', async () => {
    const { lb, pool, a, b } = await scene('lb13');
    await lb.listener({ protocol: 'HTTP', protocol_port: 80, default_pool_id: pool.id });
    for (const vip of lb.vips) {
      expect((await lb.outcomes(4, {}, vip)).toSorted()).toEqual(['a', 'a', 'b', 'b']);
      expect((await lb.outcomes(4, { tls: {} }, vip)).toSorted()).toEqual(['a', 'a', 'b', 'b']);
    }
    const { body } = await site.call('GET', `lbaas/loadbalancers/${lb.id}/status`);
    const { listeners } = body.statuses.loadbalancer;
    expect(listeners).toHaveLength(2);
    const addresses = [a.address, b.address].toSorted();
    for (const { pools } of listeners) {
      expect(pools.map(({ id }: { id: string }) => id)).toEqual([pool.id]);
      expect(pools[0].members.map(({ address }: { address: string }) => address).toSorted()).toEqual(addresses);
    }
  });

  test('BC-14 FM-PL-27 FM-PL-03 FM-PL-04 re-encryption: members of another CA and revoked ones are not used', async () => {
    const lb = await site.balancer('lb14');
    const verified = { ca_tls_container_ref: refs.memberCa, crl_container_ref: refs.memberCrl };
    await encrypted(lb, 80, members.good, verified);
    await encrypted(lb, 81, members.foreign, verified);
    await encrypted(lb, 82, members.revoked, verified);
    await encrypted(lb, 83, members.foreign);
    const slow = { timeoutMs: 15_000 };
    await Promise.all([
      lb.expectOutcome('behind'),
      lb.expectOutcome('503', { port: 81, ...slow }),
      lb.expectOutcome('503', { port: 82, ...slow }),
      lb.expectOutcome('behind', { port: 83 }),
    ]);
  });

  test('BC-15 FM-PL-26 re-encryption with client authentication: members that demand a certificate get it', async () => {
    const lb = await site.balancer('lb15');
    const demanding = { ca: memberCa.certificate, requestCert: true, rejectUnauthorized: true };
    const verified = { ca_tls_container_ref: refs.memberCa };
    const known = await encrypted(lb, 80, members.good, { ...verified, tls_container_ref: refs.balancer }, demanding);
    await encrypted(lb, 81, members.good, verified, demanding);
    await lb.expectOutcome('behind');
    expect(known.seen.map(({ clientName }) => clientName)).toEqual(['load balancer', 'load balancer']);
    await lb.expectOutcome(/^50[23]$/, { port: 81, timeoutMs: 15_000 });
  });
});
