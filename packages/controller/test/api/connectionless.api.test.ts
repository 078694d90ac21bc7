/** UDP and SCTP through the API: what the amphora provider takes, what it refuses, and what it refuses without IPVS. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ComputeDriver } from '../../src/clouds/compute/interface.ts';
import { refuseUnsupportedCandidate } from '../../src/providers/amphora/refusals.ts';
import { type Json, PROJECT, TestApi } from './support/api.ts';

let api: TestApi;
const REASON = 'The kernel of this host has no IP Virtual Server (IPVS).';
const compute: Pick<ComputeDriver, 'ipvsMissing'> = { ipvsMissing: () => (kernelHasIpvs ? null : REASON) };
let kernelHasIpvs = true;

beforeAll(async () => {
  api = await TestApi.start();
  api.provider.rules = (candidate) => refuseUnsupportedCandidate(candidate, compute);
});
afterAll(() => api.stop());

const member = { address: '10.254.0.9', protocol_port: 5300 };
const monitor = (type: string) => ({ type, delay: 5, timeout: 3, max_retries: 2 });
const pool = (protocol: string, type: string) => ({
  protocol,
  lb_algorithm: 'ROUND_ROBIN',
  members: [member],
  healthmonitor: monitor(type),
});
const tree = (): Json => ({
  vip_subnet_id: randomUUID(),
  project_id: PROJECT,
  listeners: [
    { protocol: 'HTTP', protocol_port: 53 },
    { protocol: 'UDP', protocol_port: 53, default_pool: { name: 'u', ...pool('UDP', 'UDP-CONNECT') } },
    { protocol: 'SCTP', protocol_port: 53, default_pool: { name: 's', ...pool('SCTP', 'SCTP') } },
  ],
});
const post = (kind: string, wrapper: string, body: object) =>
  api.call('POST', `/v2/lbaas/${kind}`, { [wrapper]: body });
const refusedAs = (option: string) => ({
  status: 501,
  body: { faultcode: 'Server', faultstring: `Provider 'amphora' does not support a requested option: ${option}` },
});

describe('where the kernel has IPVS', () => {
  it('a whole tree is made at once, HTTP on the same port', async () => {
    const made = await api.loadBalancer(tree());
    const { loadbalancer } = (await api.get(`/v2/lbaas/loadbalancers/${made.id}/status`)).body.statuses;
    expect(loadbalancer.provisioning_status).toBe('ACTIVE');
    const types = loadbalancer.listeners.flatMap((listener: Json) =>
      listener.pools.map((found: Json) => [found.health_monitor.type, found.members.length]),
    );
    expect(types.toSorted()).toEqual([
      ['SCTP', 1],
      ['UDP-CONNECT', 1],
    ]);
  });

  it.each([
    ['UDP', ['UDP-CONNECT', 'SCTP', 'TCP', 'HTTP'], ['PING', 'HTTPS', 'TLS-HELLO']],
    ['SCTP', ['UDP-CONNECT', 'SCTP', 'TCP', 'HTTP'], ['PING', 'HTTPS', 'TLS-HELLO']],
    ['TCP', ['TCP', 'HTTP', 'HTTPS', 'PING', 'TLS-HELLO'], ['UDP-CONNECT', 'SCTP']],
  ])('a %s pool takes the monitors of its protocol', async (protocol, fitting, others) => {
    const lb = await api.loadBalancer();
    for (const type of fitting) {
      const { id } = await api.pool(lb.id, { protocol });
      await api.monitor(id, monitor(type));
    }
    const { id } = await api.pool(lb.id, { protocol });
    for (const type of others) {
      const answer = await post('healthmonitors', 'healthmonitor', { pool_id: id, ...monitor(type) });
      expect([type, answer.status]).toEqual([type, 400]);
    }
  });

  it('the algorithm SOURCE_IP_PORT is refused by contract', async () => {
    const lb = await api.loadBalancer();
    const wish = { loadbalancer_id: lb.id, protocol: 'UDP', lb_algorithm: 'SOURCE_IP_PORT' };
    expect(await post('pools', 'pool', wish)).toMatchObject(
      refusedAs('Amphora provider does not support SOURCE_IP_PORT algorithm.'),
    );
  });

  it.each(['UDP', 'SCTP'])(
    'members of a pool that a %s listener sends to need the IP version of a VIP',
    async (protocol) => {
      const refused = refusedAs(
        `Amphora provider does not support IPv6 members of ${protocol} pools on load balancers without an IPv6 VIP.`,
      );
      const ipv6 = { ...member, address: '2001:db8::9' };
      const lb = await api.loadBalancer();
      const listener = await api.listener(lb.id, { protocol });
      const put = (path: string, body: object) => api.call('PUT', `/v2/lbaas/${path}`, body);
      // Until a listener sends to it, a pool takes any.
      const { id } = await api.pool(lb.id, { protocol });
      await api.member(id, ipv6);
      expect((await put(`pools/${id}/members`, { members: [ipv6, member] })).status).toBe(202);
      await api.settle();
      const before = await api.snapshot();
      const attached = { loadbalancer_id: lb.id, protocol, protocol_port: 81, default_pool_id: id };
      expect(await post('listeners', 'listener', attached)).toMatchObject(refused);
      expect(await put(`listeners/${listener.id}`, { listener: { default_pool_id: id } })).toMatchObject(refused);
      expect(await api.snapshot()).toBe(before);

      const used = await api.pool(lb.id, { loadbalancer_id: undefined, listener_id: listener.id, protocol });
      await api.member(used.id, member);
      expect(await post(`pools/${used.id}/members`, 'member', ipv6)).toMatchObject(refused);
      expect(await put(`pools/${used.id}/members`, { members: [ipv6] })).toMatchObject(refused);
      const made = { name: 'p', protocol, lb_algorithm: 'ROUND_ROBIN', members: [ipv6] };
      const inTree = { ...tree(), listeners: [{ protocol, protocol_port: 53, default_pool: made }] };
      expect(await post('loadbalancers', 'loadbalancer', inTree)).toMatchObject(refused);
      const detachedInTree = { ...tree(), listeners: [], pools: [made] };
      expect((await post('loadbalancers', 'loadbalancer', detachedInTree)).status).toBe(201);
      await api.settle();
    },
  );
});

describe('where the kernel has no IPVS', () => {
  const refused = refusedAs(`UDP and SCTP are balanced by the kernel. ${REASON}`);
  let ids: { lb: string; udpPool: string; tcpPool: string };

  beforeAll(async () => {
    const lb = await api.loadBalancer();
    const udpPool = await api.pool(lb.id, { protocol: 'UDP' });
    const tcpPool = await api.pool(lb.id, { protocol: 'TCP' });
    ids = { lb: lb.id, udpPool: udpPool.id, tcpPool: tcpPool.id };
    kernelHasIpvs = false;
  });
  afterAll(() => {
    kernelHasIpvs = true;
  });

  it.each<[string, string, string, () => object]>([
    ['a UDP listener', 'listeners', 'listener', () => ({ loadbalancer_id: ids.lb, protocol: 'UDP', protocol_port: 1 })],
    ['an SCTP pool', 'pools', 'pool', () => ({ loadbalancer_id: ids.lb, protocol: 'SCTP', lb_algorithm: 'SOURCE_IP' })],
    ['a monitor of a UDP pool', 'healthmonitors', 'healthmonitor', () => ({ pool_id: ids.udpPool, ...monitor('TCP') })],
    ['a tree', 'loadbalancers', 'loadbalancer', tree],
  ])('%s is refused with the reason, and nothing is made', async (_, kind, wrapper, body) => {
    const before = await api.snapshot();
    expect(await post(kind, wrapper, body())).toMatchObject(refused);
    expect(await api.snapshot()).toBe(before);
  });

  it('members of such a pool are refused, and what is there can be deleted', async () => {
    expect(await post(`pools/${ids.udpPool}/members`, 'member', member)).toMatchObject(refused);
    expect(await api.call('DELETE', `/v2/lbaas/pools/${ids.udpPool}`)).toMatchObject({ status: 204 });
    await api.settle();
  });

  it('TCP and HTTP are served as ever', async () => {
    await api.listener(ids.lb, { protocol: 'TCP', protocol_port: 53, default_pool_id: ids.tcpPool });
  });
});
