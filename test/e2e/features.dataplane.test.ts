/** Rows of the feature matrix that need the whole way: from the API to what clients of the VIPs and members notice. */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { LocalNetworkDriver } from '../../packages/controller/src/clouds/network/local/driver.ts';
import { postgresUrl } from '../../packages/controller/src/local/postgres/start.ts';
import { Store } from '../../packages/controller/src/store/core/database.ts';
import { untilEqual } from '../kit/until.ts';
import type { Backend } from './cookbook/backend.ts';
import { exchange, outcome } from './cookbook/client.ts';
import { type Json, Site } from './cookbook/site.ts';

vi.setConfig({ maxConcurrency: 20 });

const NOBODY = /^(ECONNREFUSED|ETIMEDOUT)$/;

let site: Site;
beforeAll(async () => {
  site = await Site.open('features', 19_934);
});
afterAll(() => site?.remove());

describe.concurrent('load balancers', () => {
  test('FM-LB-01 FM-LS-01 FM-PL-01 what is disabled serves nobody, what is enabled serves again', async () => {
    const backend = await site.backend('served');
    const { lb, listener, pool } = await site.serving('disabled', [backend]);
    await lb.listener({ protocol: 'HTTP', protocol_port: 81, default_pool_id: pool });
    await lb.expectOutcome('served');
    const enable = (path: string, admin_state_up: boolean) => lb.change('PUT', path, { admin_state_up });

    await enable(`listeners/${listener}`, false);
    await Promise.all([lb.expectOutcome(NOBODY), lb.expectOutcome('served', { port: 81 })]);
    const status = async () => (await site.call('GET', `lbaas/listeners/${listener}`)).body.listener.operating_status;
    await untilEqual('status of the listener', status, 'OFFLINE');
    await enable(`listeners/${listener}`, true);
    await lb.expectOutcome('served');

    await enable(`pools/${pool}`, false);
    await lb.expectOutcome('503');
    await enable(`pools/${pool}`, true);
    await lb.expectOutcome('served');

    await enable(`loadbalancers/${lb.id}`, false);
    await Promise.all([lb.expectOutcome(NOBODY), lb.expectOutcome(NOBODY, { port: 81 })]);
    await enable(`loadbalancers/${lb.id}`, true);
    await Promise.all([lb.expectOutcome('served'), lb.expectOutcome('served', { port: 81 })]);
  });

  test('FM-LB-06 FM-LS-31 statistics count what clients did, each listener its own', async () => {
    const { lb, listener, pool } = await site.serving('counted', [await site.backend('counted')]);
    const { id: other } = await lb.listener({ protocol: 'HTTP', protocol_port: 81, default_pool_id: pool });
    for (let n = 0; n < 4; n++) await lb.expectOutcome('counted');
    for (let n = 0; n < 2; n++) await lb.expectOutcome('counted', { port: 81 });
    const stats = async (path: string): Promise<Json> => (await site.call('GET', `lbaas/${path}/stats`)).body.stats;
    const total = async (path: string): Promise<number> => (await stats(path)).total_connections;
    await untilEqual('connections of the load balancer', () => total(`loadbalancers/${lb.id}`), 12);
    await untilEqual('connections of a listener', () => total(`listeners/${listener}`), 8);
    await untilEqual('connections of the other listener', () => total(`listeners/${other}`), 4);
    const all = await stats(`loadbalancers/${lb.id}`);
    expect(Object.keys(all).toSorted()).toEqual([
      'active_connections',
      'bytes_in',
      'bytes_out',
      'request_errors',
      'total_connections',
    ]);
    expect(all.active_connections).toBe(0);
    expect(all.bytes_in).toBeGreaterThan(12 * 'GET / HTTP/1.1'.length);
    expect(all.bytes_out).toBeGreaterThan(12 * 'counted'.length);
  });

  test('FM-LB-07 FM-MB-04 the status tree shows every level; a batch replaces or extends the members', async () => {
    const [a, b, c] = await Promise.all(['a', 'b', 'c'].map((name) => site.backend(name)));
    const { lb, listener, pool } = await site.serving('tree', [a!, b!]);
    await lb.create('healthmonitors', {
      name: 'monitor1',
      pool_id: pool,
      type: 'HTTP',
      delay: 1,
      timeout: 1,
      max_retries: 1,
    });
    await lb.become({ [a!.address]: 'ONLINE', [b!.address]: 'ONLINE', pool: 'ONLINE', loadbalancer: 'ONLINE' });
    const { body } = await site.call('GET', `lbaas/loadbalancers/${lb.id}/status`);
    const good = { provisioning_status: 'ACTIVE', operating_status: 'ONLINE' };
    const { loadbalancer } = body.statuses;
    expect(loadbalancer).toMatchObject({ id: lb.id, name: 'tree', ...good });
    expect(loadbalancer.listeners).toMatchObject([{ id: listener, name: 'listener1', ...good }]);
    const [shown] = loadbalancer.listeners[0].pools;
    expect(shown).toMatchObject({ id: pool, name: 'pool1', ...good, health_monitor: { name: 'monitor1', ...good } });
    expect(shown.members).toHaveLength(2);
    for (const member of shown.members) expect(member).toMatchObject(good);

    const batch = async (backends: Backend[], query = ''): Promise<string[]> => {
      const members = backends.map((backend) => site.member(backend));
      const { status } = await site.call('PUT', `lbaas/pools/${pool}/members${query}`, { members });
      expect(status).toBe(202);
      await lb.active();
      return [...new Set(await lb.outcomes(6))].toSorted();
    };
    expect(await batch([c!])).toEqual(['c']);
    expect(await batch([a!], '?additive_only=True')).toEqual(['a', 'c']);
    expect(await batch([b!, c!])).toEqual(['b', 'c']);
  });

  test('FM-LB-13 FM-LB-09 FM-MB-02 FM-LS-29 VIPs at addresses of choice, members of both versions, ports at both ends', async () => {
    const four = await site.backend('IPv4');
    const six = await site.backend('IPv6', { subnet: site.subnets.privateIpv6 });
    const { public: subnet, publicIpv6: ipv6Subnet } = site.subnets;
    // At the far end of the subnets, where nobody else is.
    const [address, ipv6] = [subnet.gatewayIp.replace(/\.1$/, '.8'), ipv6Subnet.gatewayIp.replace(/::1$/, '::8')];
    const { lb, pool } = await site.serving('chosen', [four, six], {
      vip_address: address,
      additional_vips: [{ subnet_id: ipv6Subnet.id, ip_address: ipv6 }],
    });
    expect(lb.vips).toEqual([address, ipv6]);
    for (const vip of lb.vips) {
      const answers = await lb.outcomes(4, {}, vip);
      expect(answers.toSorted()).toEqual(['IPv4', 'IPv4', 'IPv6', 'IPv6']);
    }
    for (const taken of [{ vip_address: address }, { vip_subnet_id: ipv6Subnet.id, vip_address: ipv6 }]) {
      const loadbalancer = { project_id: 'e2e', vip_subnet_id: subnet.id, ...taken };
      expect((await site.call('POST', 'lbaas/loadbalancers', { loadbalancer })).status).toBe(409);
    }
    for (const port of [1, 65_535]) {
      await lb.listener({ protocol: 'HTTP', protocol_port: port, default_pool_id: pool });
      await lb.expectOutcome(/^IPv/, { port });
    }
    for (const port of [0, 65_536]) {
      const outside = { loadbalancer_id: lb.id, protocol: 'HTTP', protocol_port: port };
      expect((await lb.try('POST', 'listeners', outside)).status).toBe(400);
    }
  });

  test('FM-LB-09 an IPv6 VIP alone', async () => {
    const more = { vip_subnet_id: site.subnets.publicIpv6.id, additional_vips: [] };
    const { lb } = await site.serving('ipv6', [await site.backend('behind IPv6')], more);
    expect(lb.vips).toEqual([expect.stringMatching(/^fd/)]);
    await lb.expectOutcome('behind IPv6');
  });

  test('FM-LB-10 of a network: an IPv4 subnet is chosen', async () => {
    const { body } = await site.call('GET', `lbaas/loadbalancers/${(await site.balancer('to find the network')).id}`);
    const more = { vip_subnet_id: undefined, vip_network_id: body.loadbalancer.vip_network_id, additional_vips: [] };
    const { lb } = await site.serving('network', [await site.backend('by network')], more);
    expect(await lb.active()).toMatchObject({ vip_subnet_id: site.subnets.public.id });
    await lb.expectOutcome('by network');
  });

  test('FM-LB-11 a port of the user becomes the VIP and is kept after the deletion', async () => {
    const store = new Store({ url: postgresUrl(site.stateDir)!, maxConnections: 1 });
    try {
      const network = new LocalNetworkDriver(store.db);
      const subnet = (await network.getSubnet(site.subnets.public.id))!;
      const fixedIps = [{ subnetId: subnet.id }];
      const port = await network.createPort({
        name: 'of the user',
        networkId: subnet.networkId,
        fixedIps,
        deviceId: '',
        deviceOwner: '',
      });
      const more = { vip_subnet_id: undefined, vip_port_id: port.id, additional_vips: [] };
      const { lb } = await site.serving('port', [await site.backend('by port')], more);
      expect([lb.vipPortId, lb.vips]).toEqual([port.id, [port.fixedIps[0]!.ipAddress]]);
      await lb.expectOutcome('by port');
      expect((await lb.try('DELETE', `loadbalancers/${lb.id}?cascade=true`)).status).toBe(204);
      const status = async () => (await site.call('GET', `lbaas/loadbalancers/${lb.id}`)).status;
      await untilEqual('the deletion', status, 404);
      expect(await network.getPort(port.id)).toMatchObject({ id: port.id, fixedIps: port.fixedIps });
    } finally {
      await store.close();
    }
  });

  test('FM-LB-02 a zone allows VIPs on its networks alone', async () => {
    const { loadbalancer } = (await site.call('GET', `lbaas/loadbalancers/${(await site.balancer('any')).id}`)).body;
    const profile = await site.call('POST', 'lbaas/availabilityzoneprofiles', {
      availability_zone_profile: {
        name: 'public only',
        provider_name: 'amphora',
        availability_zone_data: JSON.stringify({ valid_vip_networks: [loadbalancer.vip_network_id] }),
      },
    });
    const zone = { name: 'zone1', availability_zone_profile_id: profile.body.availability_zone_profile.id };
    await site.call('POST', 'lbaas/availabilityzones', { availability_zone: zone });
    const { lb } = await site.serving('zoned', [await site.backend('in the zone')], { availability_zone: 'zone1' });
    await lb.expectOutcome('in the zone');
    const elsewhere = { project_id: 'e2e', vip_subnet_id: site.subnets.private.id, availability_zone: 'zone1' };
    expect((await site.call('POST', 'lbaas/loadbalancers', { loadbalancer: elsewhere })).status).toBe(400);
  });

  test('FM-MB-01 FM-MB-11 a drained member keeps what it has, one that is disabled loses it', async () => {
    const lb = await site.balancer('draining');
    const { id: listener } = await lb.listener({ protocol: 'TCP', protocol_port: 7 });
    const { id: pool } = await lb.pool({ listener_id: listener, protocol: 'TCP' });
    const [first, second] = [await site.echo(7), await site.echo(7)];
    const member = await lb.member(pool, first);
    await lb.member(pool, second, { weight: 0 });
    const open = await site.testbed.connect(lb.vips[0]!, 7);
    const say = (text: string): Promise<string> =>
      new Promise((resolve, reject) => {
        open.once('data', (back: Buffer) => resolve(back.toString())).once('close', () => reject(new Error('closed')));
        open.write(text);
      });
    expect(await say('one')).toBe('one');
    const closed = new Promise<string>((resolve) => {
      open.once('end', () => resolve('ended')).once('error', () => resolve('reset'));
    });

    const path = `pools/${pool}/members/${member.id}`;
    await lb.change('PUT', path, { weight: 0 });
    await lb.become({ [first.address]: 'DRAINING', [second.address]: 'DRAINING' });
    expect(await say('two')).toBe('two');
    const [another] = (await site.call('GET', `lbaas/pools/${pool}/members?address=${second.address}`)).body.members;
    await lb.change('PUT', `pools/${pool}/members/${another.id}`, { weight: 1 });
    for (let n = 0; n < 3; n++) expect(await exchange(site.testbed, lb.vips[0]!, 7, 'new')).toBe('new');
    expect([first.received, second.received.filter((text) => text === 'new').length]).toEqual([['onetwo'], 3]);

    const began = performance.now();
    await lb.change('PUT', path, { admin_state_up: false });
    expect(await closed).toMatch(/^(ended|reset)$/);
    // Long before it would have been idle for too long.
    expect(performance.now() - began).toBeLessThan(25_000);
    await lb.become({ [first.address]: 'OFFLINE' });
  });

  test('FM-LS-07 a listener that holds as many connections as it may is DEGRADED until one ends', async () => {
    const lb = await site.balancer('full');
    const { id } = await lb.listener({ protocol: 'TCP', protocol_port: 7, connection_limit: 1 });
    await lb.pool({ listener_id: id, protocol: 'TCP' }, [await site.echo(7)]);
    const status = async () => (await site.call('GET', `lbaas/listeners/${id}`)).body.listener.operating_status;
    await untilEqual('status of the listener', status, 'ONLINE');
    const held = await site.testbed.connect(lb.vips[0]!, 7);
    const waiting = exchange(site.testbed, lb.vips[1]!, 7, 'waits');
    await untilEqual('status of the full listener', status, 'DEGRADED');
    held.destroy();
    expect(await waiting).toBe('waits');
    await untilEqual('status of the listener', status, 'ONLINE');
  });

  test('FM-PL-08 SOURCE_IP_PORT is refused by the amphora provider', async () => {
    const { lb } = await site.serving('refusing', [await site.backend('refusing')]);
    const pool = { loadbalancer_id: lb.id, protocol: 'HTTP', lb_algorithm: 'SOURCE_IP_PORT' };
    const { status, body } = await lb.try('POST', 'pools', pool);
    expect([status, body.faultstring]).toEqual([501, expect.stringContaining('SOURCE_IP_PORT')]);
    await lb.expectOutcome('refusing');
  });

  test('FM-LB-04 FM-PL-23 a flavor asks for two amphorae; clients keep their members when one takes over', async () => {
    const clients = ['192.0.2.21', '192.0.2.22'];
    await site.testbed.addAddresses(await site.deviceOf(site.subnets.public), clients);
    const flavor = await activeStandbyFlavor();
    const { lb, pool } = await site.serving('pair', [await site.backend('a'), await site.backend('b')], {
      flavor_id: flavor,
    });
    await lb.change('PUT', `pools/${pool}`, { session_persistence: { type: 'SOURCE_IP' } });
    const of = async (from: string): Promise<string> => outcome(site.testbed, lb.vips[0]!, { from });
    await untilEqual('an answer', async () => (await of(clients[0]!)).length, 1);
    const before = await Promise.all(clients.map(of));
    // Each got a member of its own; whoever comes first to an empty table would get the first.
    expect(before.toSorted()).toEqual(['a', 'b']);
    for (const [index, client] of clients.entries()) expect(await of(client)).toBe(before[index]);
    const { amphorae } = lb;
    const ids = await amphorae.ids();
    expect(ids).toHaveLength(2);
    const [active = '', ...others] = await amphorae.holdersOf(lb.vips[0]!);
    expect(others).toEqual([]);
    const standby = ids.find((id) => id !== active)!;
    await untilEqual('clients in the table of the standby', () => amphorae.stickEntries(standby), 2);
    amphorae.kill(active);
    const second = clients[before.indexOf('b')]!;
    await untilEqual('an answer of the standby', () => of(second), 'b', 20_000);
    expect(await of(clients[before.indexOf('a')]!)).toBe('a');
  });
});

async function activeStandbyFlavor(): Promise<string> {
  const data = { loadbalancer_topology: 'ACTIVE_STANDBY' };
  const profile = await site.call('POST', 'lbaas/flavorprofiles', {
    flavorprofile: { name: 'pair', provider_name: 'amphora', flavor_data: JSON.stringify(data) },
  });
  const flavor = { name: 'pair', flavor_profile_id: profile.body.flavorprofile.id, enabled: true };
  return (await site.call('POST', 'lbaas/flavors', { flavor })).body.flavor.id;
}
