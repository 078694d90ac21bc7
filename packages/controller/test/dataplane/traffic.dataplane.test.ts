/** What the rendered configuration does: a real HAProxy between real clients and members on loopback. */
import { Agent, request } from 'undici';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freePort } from '../../../../test/kit/free-port.ts';
import type { HealthMonitor, Listener, LoadBalancerTree, Member } from '../../src/domain/resources.ts';
import { RunningHaproxy } from './support/running-haproxy.ts';
import { makeTree, memberId, poolId, type TreeInput } from './support/tree.ts';
import { get, WebServer } from './support/web-server.ts';

const LOCAL = '127.0.0.1';

let haproxy: RunningHaproxy;
let port = 0;
let a: WebServer;
let b: WebServer;
beforeEach(async () => {
  haproxy = new RunningHaproxy();
  port = await freePort();
  a = await new WebServer('a').listen();
  b = await new WebServer('b').listen();
});
afterEach(async () => {
  await haproxy.close();
  await a.close();
  await b.close();
});

interface Scene {
  listener?: Partial<Listener>;
  pool?: NonNullable<TreeInput['pools']>[number];
  /** Of members a and b. */
  members?: Partial<Member>[];
  monitor?: Partial<HealthMonitor>;
}

/** One listener, one pool, members a and b. */
function scene({ listener, pool, members = [{}, {}], monitor }: Scene = {}): LoadBalancerTree {
  const ports = [a.port, b.port];
  return makeTree({
    loadBalancer: { vip: { address: LOCAL } },
    listeners: [{ protocolPort: port, defaultPoolId: poolId(1), ...listener }],
    pools: [pool ?? {}],
    members: members.map((given, index) => ({ address: LOCAL, protocolPort: ports[index]!, ...given })),
    healthMonitors:
      monitor === undefined ? [] : [{ delay: 1, timeout: 1, maxRetries: 1, maxRetriesDown: 1, ...monitor }],
  });
}

async function bodies(count: number, headers?: Record<string, string>): Promise<string[]> {
  const all: string[] = [];
  for (let n = 0; n < count; n++) all.push((await get(port, headers)).body);
  return all;
}

describe('balancing', () => {
  it('FM-PL-06 FM-LS-22 FM-PL-11 goes round', async () => {
    await haproxy.serve(scene());
    const seen = await bodies(4);
    expect(seen.filter((name) => name === 'a')).toHaveLength(2);
  });

  it('FM-MB-01 FM-MB-03 FM-MB-11 leaves out disabled and drained members, and backup members while others serve', async () => {
    for (const given of [{ adminStateUp: false }, { weight: 0 }, { backup: true }]) {
      await haproxy.serve(scene({ members: [given, {}] }));
      expect(await bodies(3)).toEqual(['b', 'b', 'b']);
    }
    await haproxy.serve(scene({ members: [{ backup: true }, { adminStateUp: false }] }));
    expect(await bodies(2)).toEqual(['a', 'a']);
  });

  it('LG-07 answers 503 without a pool and without a member', async () => {
    await haproxy.serve(scene({ listener: { defaultPoolId: null } }));
    expect((await get(port)).status).toBe(503);
    await haproxy.serve(scene({ members: [] }));
    expect((await get(port)).status).toBe(503);
  });

  it('FM-PL-07 sends each client to one member with SOURCE_IP, and clients to all', async () => {
    await haproxy.serve(scene({ pool: { lbAlgorithm: 'SOURCE_IP' } }));
    expect(new Set(await bodies(4)).size).toBe(1);
    const members: string[] = [];
    for (let n = 2; n < 22; n++) {
      const client = new Agent({ localAddress: `127.0.0.${n}` });
      const ask = async (): Promise<string> =>
        (await request(`http://${LOCAL}:${port}/`, { dispatcher: client })).body.text();
      members.push(await ask());
      expect(await ask()).toBe(members.at(-1));
      await client.close();
    }
    expect([...new Set(members)].toSorted()).toEqual(['a', 'b']);
  });
});

describe('session persistence', () => {
  const cookieOf = (setCookie: string | undefined): string => setCookie?.split(';')[0] ?? '';

  it.each<Listener['protocol']>(['HTTP', 'TCP'])('FM-PL-20 HTTP_COOKIE on a %s listener', async (protocol) => {
    await haproxy.serve(scene({ listener: { protocol }, pool: { sessionPersistence: { type: 'HTTP_COOKIE' } } }));
    const first = await get(port);
    const cookie = cookieOf(first.setCookie);
    expect(cookie).toBe(`SRV=${memberId(first.body === 'a' ? 1 : 2)}`);
    expect(await bodies(3, { cookie })).toEqual([first.body, first.body, first.body]);
  });

  it.each(['JSESSIONID', "a'b#c$d%e&f*g+h|i~j^k`l!m"])('FM-PL-18 FM-PL-19 APP_COOKIE named %s', async (cookieName) => {
    a.setCookie = `${cookieName}=from-a; Path=/`;
    b.setCookie = `${cookieName}=from-b; Path=/`;
    await haproxy.serve(scene({ pool: { sessionPersistence: { type: 'APP_COOKIE', cookieName } } }));
    const first = await get(port);
    const cookie = cookieOf(first.setCookie);
    expect(await bodies(4, { cookie })).toEqual(Array(4).fill(first.body));
  });

  it('FM-PL-23 SOURCE_IP', async () => {
    await haproxy.serve(scene({ pool: { sessionPersistence: { type: 'SOURCE_IP' } } }));
    expect(new Set(await bodies(4)).size).toBe(1);
  });
});

describe('listener settings', () => {
  it('FM-LS-10 FM-LS-11 FM-LS-12 insert headers', async () => {
    const insertHeaders = { 'X-Forwarded-For': 'true', 'X-Forwarded-Port': 'True', 'X-Forwarded-Proto': 'TRUE' };
    await haproxy.serve(scene({ listener: { insertHeaders }, members: [{}] }));
    await get(port);
    expect(a.seen[0]?.headers).toMatchObject({
      'x-forwarded-for': LOCAL,
      'x-forwarded-port': String(port),
      'x-forwarded-proto': 'http',
    });
  });

  it.each([
    { allowedCidrs: ['127.0.0.0/8'], served: true },
    { allowedCidrs: ['10.0.0.0/8', '2001:db8::/32'], served: false },
    { allowedCidrs: ['2001:db8::/32', '127.0.0.1/32'], served: true },
  ])('FM-LS-02 allow $allowedCidrs: $served', async ({ allowedCidrs, served }) => {
    await haproxy.serve(scene({ listener: { allowedCidrs } }));
    const status = await get(port).then(
      (reply) => reply.status,
      () => 'refused',
    );
    expect(status).toBe(served ? 200 : 'refused');
  });
});

describe('health monitors', () => {
  const statusOf = async (n: number): Promise<string | undefined> => (await haproxy.serverStatus())[memberId(n)];

  it('FM-HM-03 FM-HM-04 FM-HM-05 FM-HM-06 FM-HM-12 FM-HM-19 ask for exactly the path and host that were given', async () => {
    const urlPath = '/a\'b"c$d#e%20f\\g';
    const domainName = 'odd%name.example.com';
    const monitor = {
      type: 'HTTP',
      httpMethod: 'PUT',
      urlPath,
      expectedCodes: '201-203',
      httpVersion: '1.1',
      domainName,
    } as const;
    a.status = 202;
    await haproxy.serve(scene({ monitor }));
    await haproxy.eventually(async () => (await statusOf(1)) === 'UP' && (await statusOf(2)) === 'DOWN');
    expect(a.seen[0]).toMatchObject({ url: urlPath, method: 'PUT', httpVersion: '1.1', headers: { host: domainName } });
    expect(await bodies(2)).toEqual(['a', 'a']);
  });

  it('FM-HM-15 FM-MB-05 FM-MB-06 check another port, over a plain connection', async () => {
    await haproxy.serve(scene({ monitor: { type: 'TCP' }, members: [{ monitorAddress: LOCAL, monitorPort: b.port }] }));
    await b.close();
    await haproxy.eventually(async () => (await statusOf(1)) === 'DOWN');
    b = await new WebServer('b').listen();
  });

  it('FM-MB-05 FM-MB-06 come back to the member when address and port of the check are cleared', async () => {
    const monitor = { type: 'TCP' } as const;
    const closed = await freePort();
    await haproxy.serve(scene({ monitor, members: [{ monitorAddress: LOCAL, monitorPort: closed }, {}] }));
    await haproxy.eventually(async () => (await statusOf(1))?.startsWith('DOWN') ?? false);
    await haproxy.serve(scene({ monitor }));
    await haproxy.eventually(async () => (await statusOf(1))?.startsWith('UP') ?? false);
  });

  it('FM-HM-01 that go away leave no member down for ever', async () => {
    const monitor = { type: 'HTTP' } as const;
    a.status = 500;
    await haproxy.serve(scene({ monitor, members: [{}, { adminStateUp: false }] }));
    await haproxy.eventually(async () => (await statusOf(1))?.startsWith('DOWN') ?? false);
    await haproxy.serve(scene());
    expect(await haproxy.serverStatus()).toMatchObject({ [memberId(1)]: 'no check', [memberId(2)]: 'no check' });
    expect((await bodies(2)).sort()).toEqual(['a', 'b']);
  });

  it('let the state of members live through a reload', async () => {
    b.status = 500;
    const monitor = { type: 'HTTP', delay: 1 } as const;
    await haproxy.serve(scene({ monitor, members: [{ adminStateUp: false, weight: 5 }, {}] }));
    await haproxy.eventually(async () => (await statusOf(2))?.startsWith('DOWN') ?? false);
    expect(await statusOf(1)).toBe('MAINT');
    // A new HAProxy takes members for up until a check fails; with the saved state this one knows better at once.
    await haproxy.serve(scene({ monitor: { ...monitor, delay: 600 }, members: [{ weight: 7 }, {}] }));
    expect(await statusOf(2)).toMatch(/^DOWN/);
    // What the tenant changed counts more than the saved state.
    await haproxy.eventually(async () => (await statusOf(1))?.startsWith('UP') ?? false);
    expect(await haproxy.ask(`get weight ${poolId(1)}:20000000-0000-4000-8000-000000000001/${memberId(1)}`)).toContain(
      '7 ',
    );
    await haproxy.serve(scene({ monitor, members: [{ adminStateUp: false }, {}] }));
    expect(await statusOf(1)).toBe('MAINT');
  });
});
