/** The basic cookbook, BC-01 to BC-08 and BC-16: each scenario through the API, with real amphorae, over IPv4 and IPv6. */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { TestAuthority } from '../../packages/controller/test/dataplane/support/test-authority.ts';
import { untilEqual } from '../kit/until.ts';
import { exchange, handshake } from './cookbook/client.ts';
import type { Served } from './cookbook/served.ts';
import { Site } from './cookbook/site.ts';

vi.setConfig({ maxConcurrency: 20 });

/** As the cookbook prints it: 3 failures (the default) take a member down, 4 successes bring it back. */
const MONITOR = { delay: 5, max_retries: 4, timeout: 10, type: 'HTTP', url_path: '/healthcheck' };
const DETECTED_MS = 40_000;

let site: Site;
beforeAll(async () => {
  site = await Site.open('basic', 19_931);
});
afterAll(() => site?.remove());

const pair = (names: [string, string], port = 80) =>
  Promise.all(names.map((name) => site.backend(name, { port }))) as Promise<
    [Awaited<ReturnType<Site['backend']>>, Awaited<ReturnType<Site['backend']>>]
  >;

/** No answer is from the same as the one before. */
function expectAlternating(bodies: string[], names: readonly string[]): void {
  expect([...new Set(bodies)].toSorted()).toEqual(names);
  for (const [index, body] of bodies.entries()) if (index > 0) expect(body).not.toBe(bodies[index - 1]);
}

/** Two members of a pool with the monitor of the cookbook, ONLINE. */
async function monitored(name: string) {
  const lb = await site.balancer(name);
  const { id: listener } = await lb.listener({ protocol: 'HTTP', protocol_port: 80 });
  const [a, b] = await pair(['a', 'b']);
  const { id: pool } = await lb.pool({ listener_id: listener });
  await lb.create('healthmonitors', { pool_id: pool, ...MONITOR });
  for (const backend of [a, b]) await lb.member(pool, backend);
  await lb.become({ [a.address]: 'ONLINE', [b.address]: 'ONLINE', pool: 'ONLINE', loadbalancer: 'ONLINE' });
  return { lb, a, b };
}

describe.concurrent('basic cookbook', () => {
  test('BC-01 FM-LS-22 FM-PL-11 FM-PL-06 HTTP: requests alternate; without a monitor nobody is taken out', async () => {
    const { status, body } = await site.call('POST', 'lbaas/loadbalancers', {
      loadbalancer: { name: 'lb1', project_id: 'e2e', vip_subnet_id: site.subnets.public.id },
    });
    expect(status).toBe(201);
    const early = { name: 'early', protocol: 'HTTP', protocol_port: 8080, loadbalancer_id: body.loadbalancer.id };
    expect((await site.call('POST', 'lbaas/listeners', { listener: early })).status).toBe(409);
    await untilEqual('status without a listener', async () => {
      const { loadbalancer } = (await site.call('GET', `lbaas/loadbalancers/${body.loadbalancer.id}`)).body;
      return [loadbalancer.provisioning_status, loadbalancer.operating_status];
    }, ['ACTIVE', 'ONLINE']);

    const lb = await site.balancer('lb1-both');
    const { id: listener } = await lb.listener({ name: 'listener1', protocol: 'HTTP', protocol_port: 80 });
    await lb.expectOutcome('503');
    const [a, b] = await pair(['a', 'b']);
    await lb.pool({ name: 'pool1', listener_id: listener }, [a, b]);
    for (const vip of lb.vips) expectAlternating(await lb.outcomes(20, {}, vip), ['a', 'b']);
    await lb.become({ [a.address]: 'NO_MONITOR', [b.address]: 'NO_MONITOR' });
    a.status = 500;
    expect((await lb.outcomes(10)).filter((answer) => answer === '500')).toHaveLength(5);
    a.status = 200;
    await a.close();
    const slow = { timeoutMs: 10_000 };
    expect(await Promise.all([lb.outcome(slow), lb.outcome(slow)])).toEqual(['b', 'b']);
    await lb.change('DELETE', `listeners/${listener}`);
    // The port filter of the network drops what no listener wants; where there is none, the connection is refused.
    await lb.expectOutcome(/^(ECONNREFUSED|ETIMEDOUT)$/);
  });

  test('BC-02 FM-HM-02 FM-HM-12 HTTP with a health monitor: out and back in without a command', async () => {
    const [{ lb, a }, other] = await Promise.all([monitored('lb2'), monitored('lb2-down')]);
    for (const backend of [other.a, other.b]) await backend.close();

    a.health = 500;
    await lb.become({ [a.address]: 'ERROR', pool: 'DEGRADED', loadbalancer: 'DEGRADED' }, DETECTED_MS);
    for (const vip of lb.vips) expect(new Set(await lb.outcomes(20, {}, vip))).toEqual(new Set(['b']));
    a.health = null;
    await lb.become({ [a.address]: 'ONLINE', pool: 'ONLINE', loadbalancer: 'ONLINE' }, DETECTED_MS);
    expectAlternating(await lb.outcomes(10), ['a', 'b']);

    const probes = a.seen.filter(({ url }) => url === '/healthcheck');
    expect(new Set(probes.map(({ method }) => method))).toEqual(new Set(['GET']));
    // The last of them: before, HAProxy was replaced by every change, and each begins anew.
    const times = probes.slice(-5).map(({ at }) => at);
    // Their mean: a busy machine notices one of them late.
    const gap = (times.at(-1)! - times[0]!) / (times.length - 1);
    expect(Math.abs(gap - 5_000)).toBeLessThan(1_000);

    await other.lb.become(
      { [other.a.address]: 'ERROR', [other.b.address]: 'ERROR', pool: 'ERROR', loadbalancer: 'ERROR' },
      DETECTED_MS,
    );
    await other.lb.expectOutcome('503');
  });

  test('BC-03 floating IP: it follows the VIP port, stays over a failover, and moves to another load balancer', async () => {
    const floating = '203.0.113.5';
    const served = async (name: string): Promise<Served> => {
      const lb = await site.balancer(name, { vip_subnet_id: site.subnets.private.id, additional_vips: [] });
      const { id: listener } = await lb.listener({ protocol: 'HTTP', protocol_port: 80 });
      await lb.pool({ listener_id: listener }, [await site.backend(name)]);
      return lb;
    };
    // What a router does with an address that points to a port.
    const point = async (lb: Served): Promise<void> => {
      const rules = `add table ip floating\nflush table ip floating\ntable ip floating {\n chain out {\n type nat hook output priority -100\n ip daddr ${floating} dnat to ${lb.vips[0]}\n }\n}\n`;
      await site.bench.inside('sh', '-c', 'printf %s "$1" | nft -f -', 'sh', rules);
    };
    await site.bench.inside('ip', 'route', 'add', `${floating}/32`, 'dev', await site.deviceOf(site.subnets.public));
    const [one, two] = await Promise.all([served('floating-1'), served('floating-2')]);
    await point(one);
    expect(await one.outcome({}, floating)).toBe('floating-1');
    const before = await one.active();
    expect((await one.try('PUT', `loadbalancers/${one.id}/failover`)).status).toBe(202);
    expect(await one.active()).toMatchObject({ vip_address: before.vip_address, vip_port_id: before.vip_port_id });
    await untilEqual('the floating address', () => one.outcome({}, floating), 'floating-1', 10_000);
    await point(two);
    expect(await two.outcome({}, floating)).toBe('floating-2');
  });

  test('BC-04 FM-PL-18 FM-PL-19 session persistence by a cookie of the application', async () => {
    const lb = await site.balancer('lb4');
    const { id: listener } = await lb.listener({ protocol: 'HTTP', protocol_port: 80 });
    const [a, b] = await pair(['a', 'b']);
    for (const backend of [a, b]) backend.setCookie = `PHPSESSIONID=of-${backend.name}`;
    const { id: pool } = await lb.pool({
      listener_id: listener,
      session_persistence: { type: 'APP_COOKIE', cookie_name: 'PHPSESSIONID' },
    });
    await lb.create('healthmonitors', { pool_id: pool, ...MONITOR });
    for (const backend of [a, b]) await lb.member(pool, backend);
    expectAlternating(await lb.outcomes(4), ['a', 'b']);
    const mine = { headers: { cookie: 'PHPSESSIONID=of-a' } };
    for (const vip of lb.vips) expect(await lb.outcomes(5, mine, vip)).toEqual(Array(5).fill('a'));
    await lb.become({ [a.address]: 'ONLINE' });
    a.status = 500;
    await lb.become({ [a.address]: 'ERROR' }, DETECTED_MS);
    expect(await lb.outcomes(3, mine)).toEqual(['b', 'b', 'b']);
  });

  test('BC-05 FM-LS-24 FM-PL-15 FM-HM-15 TCP: bytes pass unchanged, connections alternate, the monitor only opens and closes', async () => {
    const lb = await site.balancer('lb5');
    const { id: listener } = await lb.listener({ protocol: 'TCP', protocol_port: 23_456 });
    // As printed, and as the text says.
    const echoes = [await site.echo(80), await site.echo(23_456)];
    const { id: pool } = await lb.pool({ listener_id: listener, protocol: 'TCP' });
    await lb.create('healthmonitors', { pool_id: pool, delay: 5, max_retries: 4, timeout: 10, type: 'TCP' });
    for (const echo of echoes) await lb.member(pool, echo);
    await lb.become({ [echoes[0]!.address]: 'ONLINE', [echoes[1]!.address]: 'ONLINE' });
    const bytes = Array.from({ length: 256 }, (_, byte) => String.fromCharCode(byte)).join('');
    for (const vip of lb.vips) {
      for (let n = 0; n < 4; n++) expect(await exchange(site.testbed, vip, 23_456, bytes)).toBe(bytes);
    }
    for (const { received } of echoes) {
      expect(received.filter((text) => text === bytes)).toHaveLength(4);
      expect(received.filter((text) => text !== bytes).every((text) => text === '')).toBe(true);
    }
  });

  test('BC-06 QoS: a cloud without the extension refuses a policy', async () => {
    const { status, body } = await site.call('POST', 'lbaas/loadbalancers', {
      loadbalancer: {
        project_id: 'e2e',
        vip_subnet_id: site.subnets.public.id,
        vip_qos_policy_id: '0b1a7c9e-5a0e-4d0e-8a53-5b1f4d0c1e11',
      },
    });
    expect([status, body.faultstring]).toEqual([400, expect.stringMatching(/qos/i)]);
  });

  test('BC-07 FM-LS-02 access control list: other sources do not get through, other listeners are not touched', async () => {
    const [listed, shortened, stranger] = ['192.0.2.7', '198.51.100.9', '203.0.113.77'];
    const listedIpv6 = '2001:db8:1::7';
    const device = await site.deviceOf(site.subnets.public);
    await site.testbed.addAddresses(device, [listed!, shortened!, stranger!, listedIpv6]);
    const lb = await site.balancer('lb7');
    const allowed = ['192.0.2.0/24', '198.51.100/24', '2001:db8:1::/48'];
    const closed = await lb.listener({ protocol: 'TCP', protocol_port: 23_456, allowed_cidrs: allowed });
    const open = await lb.listener({ protocol: 'TCP', protocol_port: 23_457 });
    const [echo, other] = [await site.echo(23_456), await site.echo(23_457)];
    await lb.pool({ listener_id: closed.id, protocol: 'TCP' }, [echo]);
    await lb.pool({ listener_id: open.id, protocol: 'TCP' }, [other]);
    const [four, six] = lb.vips as [string, string];
    const reach = (vip: string, from: string | undefined, port = 23_456): Promise<string> =>
      exchange(site.testbed, vip, port, 'hello', from).catch((error: Error) => error.message);
    expect(await Promise.all([reach(four, listed), reach(four, shortened), reach(six, listedIpv6)])).toEqual(
      Array(3).fill('hello'),
    );
    const refused = /ECONNREFUSED|ETIMEDOUT|closed|ECONNRESET/;
    for (const answer of await Promise.all([reach(four, stranger), reach(six, undefined)])) {
      expect(answer).toMatch(refused);
    }
    expect(echo.received).toHaveLength(3);
    expect(await reach(four, stranger, 23_457)).toBe('hello');
    await lb.change('PUT', `listeners/${closed.id}`, { allowed_cidrs: null });
    expect(await reach(four, stranger)).toBe('hello');
    const four_only = await site.balancer('lb7-ipv4', { additional_vips: [] });
    const wrong = {
      loadbalancer_id: four_only.id,
      protocol: 'TCP',
      protocol_port: 1,
      allowed_cidrs: ['2001:db8::/32'],
    };
    expect((await four_only.try('POST', 'listeners', wrong)).status).toBe(400);
  });

  test('BC-08 FM-LS-23 FM-PL-12 FM-HM-13 HTTPS pass-through: TLS reaches the member, nothing is inserted', async () => {
    const authority = await TestAuthority.create('Member CA');
    const { certificate, privateKey } = await authority.issue({ subject: { CN: 'the member itself' } });
    const tls = { cert: certificate, key: privateKey };
    const member = await site.backend('behind', { port: 443, tls });
    const lb = await site.balancer('lb8');
    const listener = await lb.listener({ protocol: 'HTTPS', protocol_port: 443 });
    const { id: pool } = await lb.pool({ listener_id: listener.id, protocol: 'HTTPS' });
    await lb.create('healthmonitors', { pool_id: pool, ...MONITOR, type: 'HTTPS' });
    await lb.member(pool, member);
    await lb.become({ [member.address]: 'ONLINE' });
    for (const vip of lb.vips) {
      expect((await handshake(site.testbed, vip)).chain).toEqual(['the member itself']);
      expect(await lb.outcome({ tls: {} }, vip)).toBe('behind');
    }
    const { headers } = member.requests.at(-1)!;
    expect(Object.keys(headers).filter((name) => name.startsWith('x-'))).toEqual([]);
    // Never that of a client.
    expect([...member.visitors]).toEqual([await lb.amphorae.addressBeside(member.address)]);
    const policy = { action: 'REJECT', listener_id: listener.id };
    expect((await lb.try('POST', 'l7policies', policy)).status).toBe(501);
  });

  test('BC-16 UDP: a host without IPVS refuses it at once, and says why', async () => {
    const lb = await site.balancer('lb16');
    const listener = { loadbalancer_id: lb.id, protocol: 'UDP', protocol_port: 1234 };
    const { status, body } = await lb.try('POST', 'listeners', listener);
    expect([status, body.faultstring]).toEqual([501, expect.stringMatching(/UDP|IPVS|ip_vs/)]);
    expect(await lb.active()).toMatchObject({ provisioning_status: 'ACTIVE' });
  });
});
