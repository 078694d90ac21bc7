/** Members as they are set up in the world: nginx that speaks HTTP/2, servers that insist on a host or on a name. */
import { Agent, request } from 'undici';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { freePort } from '../../../../test/kit/free-port.ts';
import type { HealthMonitor, Listener, Member } from '../../src/domain/resources.ts';
import { Nginx, type NginxRequest } from './support/nginx.ts';
import { RunningHaproxy } from './support/running-haproxy.ts';
import { TestSecrets } from './support/secrets.ts';
import { TestAuthority } from './support/test-authority.ts';
import { getTls } from './support/tls-client.ts';
import { makeTree, memberId, poolId, type TreeInput } from './support/tree.ts';
import { WebServer } from './support/web-server.ts';

const LOCAL = '127.0.0.1';
const NAME = 'www.example.com';
/** As a pool has them that names no others. */
const ALPN = ['h2', 'http/1.1', 'http/1.0'];
const HTTP = { type: 'HTTP', httpMethod: 'GET', urlPath: '/check', expectedCodes: '200' } as const;
const NAMED = { httpVersion: '1.1', domainName: NAME } as const;

const secrets = new TestSecrets();
const nginx = new Nginx();
let haproxy: RunningHaproxy;
let port = 0;
let [h2, h1, namedH2, namedH1, plain] = [0, 0, 0, 0, 0] as [number, number, number, number, number];

beforeAll(async () => {
  const authority = await TestAuthority.create('Member CA');
  const certificate = await authority.issue({ subject: { CN: NAME }, dnsNames: [NAME] });
  secrets.pair('www', certificate).text('ca', authority.certificate);
  const ports = await nginx.serve(certificate, [
    { http2: true },
    {},
    { http2: true, onlyName: NAME },
    { onlyName: NAME },
    { plain: true, ipv6: true },
  ]);
  [h2, h1, namedH2, namedH1, plain] = ports as [number, number, number, number, number];
});
// A member's port never changes; in these tests it does, and the saved state would bring the former one back.
beforeEach(async () => {
  await haproxy?.close();
  haproxy = new RunningHaproxy();
  port = await freePort();
});
afterAll(async () => {
  await haproxy?.close();
  await nginx.close();
});

interface Scene {
  listener?: Partial<Listener>;
  pool?: NonNullable<TreeInput['pools']>[number];
  member?: Partial<Member>;
  monitor?: Partial<HealthMonitor>;
}

async function serve(to: number, { listener, pool, member, monitor }: Scene = {}): Promise<void> {
  const tree = makeTree({
    loadBalancer: { vip: { address: LOCAL } },
    listeners: [{ protocolPort: port, defaultPoolId: poolId(1), ...listener }],
    pools: [{ tlsEnabled: true, tlsVersions: ['TLSv1.2', 'TLSv1.3'], alpnProtocols: ALPN, ...pool }],
    members: [{ address: LOCAL, protocolPort: to, ...member }],
    healthMonitors: monitor ? [{ delay: 1, timeout: 1, maxRetries: 1, maxRetriesDown: 1, ...monitor }] : [],
  });
  await haproxy.serve(tree, secrets);
}

/** Nothing is known of a member before its first check; HAProxy takes it for up then. */
const checked = (word: string): Promise<void> =>
  haproxy.eventually(async () => {
    const row = (await haproxy.ask('show stat -1 4 -1')).split('\n').find((text) => text.includes(memberId(1)));
    const fields = row?.split(',') ?? [];
    return /^(\* )?L\d/.test(fields[36] ?? '') && (fields[17] ?? '').startsWith(word);
  });

let asked = 0;
async function ask(host: string, dispatcher?: Agent): Promise<string> {
  asked += 1;
  const { statusCode, body } = await request(`http://${LOCAL}:${port}/traffic-${asked}`, {
    headers: { host },
    ...(dispatcher ? { dispatcher } : { reset: true }),
  });
  const text = await body.text();
  return statusCode === 200 ? text : String(statusCode);
}

/** nginx writes its log after it has answered. @param uri that of the last request of traffic, if no other is given */
async function seenBy(uri = `/traffic-${asked}`): Promise<NginxRequest> {
  const find = () => nginx.seen.find((request) => request.uri === uri);
  await haproxy.eventually(async () => find() !== undefined);
  return find()!;
}

describe('health monitors of members that speak HTTP/2', () => {
  it.each<[string, Partial<HealthMonitor>, 'elsewhere' | 'there']>([
    ['HTTP', HTTP, 'there'],
    ['HTTP in version 1.1', { ...HTTP, httpVersion: '1.1' }, 'there'],
    ['HTTP with a domain name', { ...HTTP, ...NAMED }, 'there'],
    ['HTTPS', { ...HTTP, type: 'HTTPS' }, 'there'],
    ['HTTPS with a domain name', { ...HTTP, ...NAMED, type: 'HTTPS' }, 'there'],
    ['HTTPS at another port', { ...HTTP, type: 'HTTPS' }, 'elsewhere'],
    ['HTTPS at another port with a domain name', { ...HTTP, ...NAMED, type: 'HTTPS' }, 'elsewhere'],
    ['TCP', { type: 'TCP' }, 'there'],
    ['TLS-HELLO', { type: 'TLS-HELLO' }, 'there'],
  ])('FM-HM-12 FM-HM-13 %s finds nginx up, and traffic reaches it', async (_title, monitor, where) => {
    const urlPath = `/check-${port}`;
    const asked = monitor.urlPath ? { ...monitor, urlPath } : monitor;
    await serve(h2, { monitor: asked, member: where === 'elsewhere' ? { monitorPort: namedOr(h2, monitor) } : {} });
    await checked('UP');
    expect(await ask(NAME)).toBe('nginx');
    expect((await seenBy()).protocol).toBe('HTTP/2.0');
    if (!monitor.urlPath) return;
    const { domainName } = monitor;
    const host = domainName ?? `${LOCAL}:${h2}`;
    expect(await seenBy(urlPath)).toMatchObject({ protocol: 'HTTP/2.0', serverName: domainName ?? '', host });
  });

  it.each([
    ['h2', ['h2']],
    ['http/1.1', ['http/1.1']],
  ])('speaks what the pool speaks: %s', async (_title, alpnProtocols) => {
    const urlPath = `/check-${port}`;
    await serve(h2, { pool: { alpnProtocols }, monitor: { ...HTTP, urlPath, httpVersion: '1.1' } });
    await checked('UP');
    expect((await seenBy(urlPath)).protocol).toBe(alpnProtocols[0] === 'h2' ? 'HTTP/2.0' : 'HTTP/1.1');
  });
});

/** A monitor that tells a name may go where it is demanded. */
const namedOr = (otherwise: number, { domainName }: Partial<HealthMonitor>): number =>
  domainName ? namedH2 : otherwise;

describe('health monitors name a host', () => {
  it.each(['1.0', '1.1'] as const)(
    'in HTTP/%s the member, address and port, in brackets when it is IPv6',
    async (httpVersion) => {
      const strict = await new WebServer('strict').listen();
      const monitor = { ...HTTP, httpVersion };
      await serve(strict.port, { pool: { tlsEnabled: false }, monitor });
      await checked('UP');
      expect(strict.seen.at(-1)?.headers.host).toBe(`${LOCAL}:${strict.port}`);
      await strict.close();
      await haproxy.close();
      haproxy = new RunningHaproxy();
      const urlPath = `/check-${port}`;
      await serve(plain, { pool: { tlsEnabled: false }, monitor: { ...monitor, urlPath }, member: { address: '::1' } });
      await checked('UP');
      expect(await seenBy(urlPath)).toMatchObject({ protocol: `HTTP/${httpVersion}`, host: `[::1]:${plain}` });
    },
  );

  it('the monitor address and port where the checks go there', async () => {
    const urlPath = `/check-${port}`;
    const server = await new WebServer('server').listen();
    const member = { monitorAddress: '::1', monitorPort: plain };
    await serve(server.port, {
      pool: { tlsEnabled: false },
      monitor: { ...HTTP, urlPath, httpVersion: '1.1' },
      member,
    });
    await checked('UP');
    expect((await seenBy(urlPath)).host).toBe(`[::1]:${plain}`);
    expect(server.seen).toEqual([]);
    await server.close();
  });
});

describe('members that insist on a name', () => {
  it.each<[string, Partial<HealthMonitor>, string]>([
    ['HTTP', { ...HTTP, ...NAMED }, 'UP'],
    ['HTTPS', { ...HTTP, ...NAMED, type: 'HTTPS' }, 'UP'],
    ['TCP', { type: 'TCP', ...NAMED }, 'UP'],
    ['TLS-HELLO', { type: 'TLS-HELLO', ...NAMED }, 'UP'],
    ['TLS-HELLO without a domain name', { type: 'TLS-HELLO' }, 'DOWN'],
    ['HTTP without a domain name', { ...HTTP }, 'DOWN'],
  ])('are checked by name: %s', async (_title, monitor, word) => {
    for (const to of [namedH2, namedH1]) {
      await haproxy.close();
      haproxy = new RunningHaproxy();
      await serve(to, { monitor });
      await checked(word);
    }
  });

  it('are told the host of the request, whatever its spelling', async () => {
    for (const to of [namedH2, namedH1]) {
      await haproxy.close();
      haproxy = new RunningHaproxy();
      await serve(to);
      for (const host of [NAME, `${NAME}:${port}`, 'WWW.Example.com', `${NAME}.`, `${NAME}.:${port}`]) {
        expect(await ask(host), host).toBe('nginx');
        expect((await seenBy()).serverName, host).toBe(NAME);
      }
      expect(await ask('other.example.com')).toBe('503');
    }
  });

  it.each(['10.0.0.1', '10.0.0.1:80', '[2001:db8::1]', '[2001:db8::1]:8080'])(
    'are told no address such as %s, but the domain name of the monitor where there is one',
    async (host) => {
      await serve(h1);
      expect(await ask(host)).toBe('nginx');
      expect((await seenBy()).serverName).toBe('');
      await haproxy.close();
      haproxy = new RunningHaproxy();
      await serve(namedH1, { monitor: { type: 'TCP', ...NAMED } });
      expect(await ask(host)).toBe('nginx');
    },
  );

  it('behind a TLS listener are told the name of the client, or the host of a client that told none', async () => {
    const listener = { protocol: 'TERMINATED_HTTPS', defaultTlsContainerRef: 'www' } as const;
    await serve(namedH2, { listener });
    expect((await getTls(port, '/', { servername: NAME, headers: { host: 'other.example.com' } })).body).toBe('nginx');
    expect((await getTls(port, '/', { servername: '', headers: { host: NAME } })).body).toBe('nginx');
    expect((await getTls(port, '/', { servername: 'other.example.com', headers: { host: NAME } })).status).toBe(503);
  });

  it('behind a TCP listener are told the domain name of the monitor', async () => {
    const pool = { protocol: 'TCP', alpnProtocols: [] as string[] } as const;
    const scene = { listener: { protocol: 'TCP' }, pool } as const;
    await serve(namedH1, { ...scene, monitor: { type: 'TCP', ...NAMED } });
    expect(await ask('any.example.com')).toBe('nginx');
  });

  it('behind a TCP listener, where no host is refused, are told what stands before the first colon', async () => {
    await serve(h1, { listener: { protocol: 'TCP' } });
    // nginx takes such a header for the name, too.
    await ask(`${NAME}:80:80`);
    await ask(`${NAME}:${port}`);
    expect((await seenBy()).serverName).toBe(NAME);
    expect((await seenBy(`/traffic-${asked - 1}`)).serverName).toBe(NAME);
  });

  it('with a CA must have the name of the monitor, never the one that a request happens to ask for', async () => {
    const pool = { caTlsContainerRef: 'ca' };
    await serve(h2, { pool });
    expect(await ask('other.example.com')).toBe('nginx');
    expect((await seenBy()).serverName).toBe('');
    await serve(h2, { pool, monitor: { type: 'TCP', ...NAMED } });
    expect(await ask('other.example.com')).toBe('nginx');
    await serve(h2, { pool, monitor: { type: 'TCP', httpVersion: '1.1', domainName: 'other.example.com' } });
    await checked('DOWN');
  });
});

it.each(['h1', 'h2'])('connections to a member with TLS are kept and used again (%s)', async (which) => {
  await serve(which === 'h1' ? h1 : h2);
  const client = new Agent({ connections: 1 });
  const first = asked + 1;
  for (let n = 0; n < 30; n++) expect(await ask(n % 2 ? NAME : `${NAME}:${port}`, client)).toBe('nginx');
  await client.close();
  await seenBy();
  const numbers = Array.from({ length: asked + 1 - first }, (_, n) => `/traffic-${first + n}`);
  const used = new Set(nginx.seen.filter(({ uri }) => numbers.includes(uri)).map(({ connection }) => connection));
  expect(used.size).toBeLessThanOrEqual(2);
});
