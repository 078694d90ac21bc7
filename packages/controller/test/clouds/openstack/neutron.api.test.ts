/** What the driver of Neutron does when Neutron does what services do. */
import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import type { DriverContext } from '../../../src/clouds/driver.ts';
import type { PortRequest } from '../../../src/clouds/network/interface.ts';
import { NeutronNetworkDriver } from '../../../src/clouds/network/neutron/driver.ts';
import { Neutron } from '../../../src/clouds/openstack/neutron.ts';
import { loadConfig } from '../../../src/config/index.ts';
import { DRIVERS } from '../../../src/processes/drivers/table.ts';
import { playCloud } from './support/played-cloud.ts';

const played = playCloud();
let pauses: number[];
let net: { id: string; subnets: string[] };
let id: string;
beforeEach(() => {
  pauses = [];
  net = played.neutron.network(['10.1.0.0/24', 'fd00:1::/64']);
  id = randomUUID();
});

const patience = { attempts: 15, shortestMs: 1000, backoffMs: 1000, longestMs: 10_000 };
/** Requests are not repeated by themselves: what is repeated here is repeated by the driver. */
const open = (allowInvisible = false) => {
  const session = played.open({ connect_retries: 0, status_code_retries: 0 });
  const sleep = async (ms: number) => void pauses.push(ms);
  return new NeutronNetworkDriver(new Neutron(session), { patience, allowInvisible }, { sleep, log: played.log });
};
const ports = () => [...played.neutron.ports.values()];
const vip = (more: Partial<PortRequest> = {}): PortRequest => ({
  ...{ name: `octavia-lb-${id}`, loadBalancerId: id, networkId: net.id, fixedIps: [{ subnetId: net.subnets[0]! }] },
  ...{ deviceId: `lb-${id}`, deviceOwner: 'Octavia', projectId: 'tenant', ...more },
});
const vrrp = (more: Partial<PortRequest> = {}): PortRequest =>
  vip({ name: `octavia-lb-vrrp-${id}`, deviceOwner: 'octavia:vrrp', projectId: null, ...more });
const busy = { status: 503, body: 'Service Unavailable' };

describe('a port', () => {
  it('is there once although the answer was lost', async () => {
    const driver = open();
    played.neutron.fail(/^POST .*ports/, 'lost');
    const made = await driver.createPort(vip({ hurry: true }));
    played.neutron.fail(/^POST .*ports/, 'lost');
    await driver.createPort(vrrp());
    expect(ports().map(({ name }) => name)).toEqual([`octavia-lb-${id}`, `octavia-lb-vrrp-${id}`]);
    expect(ports()[0]?.id).toBe(made.id);
  });

  it('is refused at once while somebody waits, and asked for again while nobody does', async () => {
    const driver = open();
    played.neutron.fail(/^POST .*ports/, busy);
    const refused = { code: 'OPENSTACK_UNAVAILABLE', status: 503 };
    await expect(driver.createPort(vip({ hurry: true }))).rejects.toMatchObject(refused);
    expect(pauses).toEqual([]);
    played.neutron.fail(/^POST .*ports/, busy, 6);
    await driver.createPort(vrrp());
    expect(pauses).toEqual([1000, 2000, 4000, 8000, 10_000, 10_000]);
    played.neutron.fail(/^POST .*ports/, busy, 15);
    await expect(driver.createPort(vrrp({ name: `octavia-lb-vrrp-${net.id}` }))).rejects.toMatchObject(refused);
    expect(ports()).toHaveLength(1);
  });

  it('that came twice of lost answers goes once', async () => {
    const driver = open();
    const { id: first } = await driver.createPort(vrrp());
    const twin = { ...played.neutron.ports.get(first)!, id: randomUUID(), device_id: 'an instance' };
    played.neutron.ports.set(twin.id, twin);
    expect((await driver.createPort(vrrp())).id).toBe(twin.id);
    expect(ports().map((port) => port.id)).toEqual([twin.id]);
  });

  it('that cannot be removed is closed, has no name in DNS, and is not waited for again', async () => {
    const driver = open();
    const port = await driver.createPort(vrrp());
    Object.assign(played.neutron.ports.get(port.id)!, { dns_name: 'amphora-1' });
    played.neutron.stuck.add(port.id);
    await expect(driver.deletePort(port.id)).rejects.toMatchObject({ code: 'OPENSTACK_CONFLICT' });
    expect(played.neutron.count(/^DELETE/)).toBe(15);
    expect(ports()).toMatchObject([{ admin_state_up: false, dns_name: '' }]);
    await expect(driver.deletePort(port.id)).rejects.toMatchObject({ code: 'OPENSTACK_CONFLICT' });
    expect(played.neutron.count(/^DELETE/)).toBe(16);
    played.neutron.stuck.clear();
    await driver.deletePort(port.id);
    expect(ports()).toEqual([]);
  });

  it('of an SR-IOV function has its type and no groups; the one of the VIP is a usual one', async () => {
    const driver = open();
    const groups = [played.neutron.groups.put('mine', 'tenant')];
    await driver.createPort(vip({ vnicType: 'direct', hurry: true }));
    await driver.createPort(vrrp({ vnicType: 'direct', securityGroupIds: groups }));
    expect(ports()).toMatchObject([
      { 'binding:vnic_type': 'normal' },
      { 'binding:vnic_type': 'direct', security_groups: [] },
    ]);
  });

  it('carries the QoS policy where traffic passes', async () => {
    const driver = open();
    const policy = randomUUID();
    await driver.createPort(vip({ qosPolicyId: policy, hurry: true }));
    const { id: port } = await driver.createPort(vrrp({ qosPolicyId: policy }));
    expect(ports().map(({ qos_policy_id }) => qos_policy_id)).toEqual([null, policy]);
    await driver.updatePort(port, { qosPolicyId: null });
    expect(ports()[1]?.qos_policy_id).toBeNull();
  });

  it('is tagged with its load balancer, where Neutron has tags', async () => {
    await open().createPort(vrrp());
    expect(ports()[0]?.tags).toEqual([`octavia-lb=${id}`]);
    played.neutron.extensions.delete('standard-attr-tag');
    await open().createPort(vrrp({ name: 'octavia-lb-vrrp-other' }));
    expect(ports()[1]?.tags).toEqual([]);
  });

  it('is not there when the subnet has no address left', async () => {
    const { id: networkId, subnets } = played.neutron.network(['10.9.0.0/30']);
    const wish = (name: string) => vip({ name, networkId, fixedIps: [{ subnetId: subnets[0]! }], hurry: true });
    await open().createPort(wish('one'));
    await expect(open().createPort(wish('two'))).rejects.toMatchObject({
      ...{ code: 'SUBNET_NO_FREE_ADDRESS', status: 409 },
      message: `No more IP addresses available on subnet ${subnets[0]}.`,
    });
  });
});

describe('a Neutron without', () => {
  it('QoS has no policies', async () => {
    played.neutron.extensions.delete('qos');
    expect(await open().qosPolicyExists(randomUUID())).toBeNull();
    await open().createPort(vrrp({ qosPolicyId: null }));
    expect(played.neutron.asked.at(-2)?.body).not.toHaveProperty('port.qos_policy_id');
  });

  it('security groups has none for load balancers', async () => {
    played.neutron.extensions.delete('security-group');
    expect(await open().applyVipGroup(id, [])).toBeNull();
    expect(await open().findVipGroup(id)).toBeNull();
    await open().removeVipGroup(id, null);
    expect(played.neutron.count(/security-group/)).toBe(0);
  });

  it('counted addresses has room everywhere', async () => {
    played.neutron.extensions.delete('network-ip-availability');
    const subnet = await open().getSubnet(net.subnets[0]!);
    expect(await open().countFreeAddresses(subnet!)).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('the security group', () => {
  const rule = { protocol: 'tcp', port: 80, ipVersion: 4, source: null } as const;

  it('is repaired where somebody changed it, and keeps what others added', async () => {
    const driver = open();
    const group = await driver.applyVipGroup(id, [rule]);
    const { groups } = played.neutron;
    const [mine] = [...groups.rules.values()].filter(({ port_range_min }) => port_range_min === 80);
    groups.rules.delete(mine!.id);
    const others = { ...mine!, port_range_min: null, port_range_max: null };
    groups.rules.set('icmp', { ...others, id: 'icmp', protocol: 'icmp' });
    groups.rules.set('all', { ...others, id: 'all', protocol: 'tcp' });
    // Written by number, and for all addresses, it is the same rule.
    groups.rules.set('same', { ...mine!, id: 'same', protocol: '6', remote_ip_prefix: '0.0.0.0/0' });
    await driver.applyVipGroup(id, [rule]);
    expect(groups.ingressOf(group!.id)).toEqual(['6 80 IPv4 from 0.0.0.0/0', 'icmp - IPv4']);
    expect(groups.tagsOf(group!.id)).toEqual([`octavia-lb=${id}`]);
  });

  it('is there once, or goes as often, when answers are lost', async () => {
    const driver = open();
    played.neutron.fail(/^POST .*security-groups/, 'lost');
    played.neutron.fail(/^POST .*rules/, 'lost');
    await driver.applyVipGroup(id, [rule]);
    expect(played.neutron.groups.all.size).toBe(1);
    played.neutron.groups.put(`lb-${id}`, 'service');
    await driver.removeVipGroup(id, null);
    expect(played.neutron.groups.all.size).toBe(0);
  });

  it('is waited for while Neutron is late to see that its ports are gone', async () => {
    const driver = open();
    await driver.applyVipGroup(id, [rule]);
    played.neutron.fail(
      /^DELETE .*security-groups/,
      { status: 409, body: { NeutronError: { type: 'SecurityGroupInUse', message: 'in use' } } },
      2,
    );
    await driver.removeVipGroup(id, null);
    expect(pauses).toEqual([1000, 2000]);
    expect(played.neutron.groups.all.size).toBe(0);
  });

  it('has a quota in Neutron', async () => {
    played.neutron.quota.security_group = 0;
    await expect(open().applyVipGroup(id, [])).rejects.toMatchObject({ code: 'OPENSTACK_QUOTA', status: 403 });
  });
});

describe('a caller', () => {
  const as = (driver: NeutronNetworkDriver, project: string) =>
    driver.seenBy({ token: played.keystone.issue({ project }), rights: project });

  it('sees what Neutron shows with the token, and that is remembered for such callers alone', async () => {
    const mine = played.neutron.network(['10.3.0.0/24'], { project_id: 'a', shared: false });
    const driver = open();
    for (let turn = 0; turn < 3; turn += 1) {
      expect(await as(driver, 'a').getSubnet(mine.subnets[0]!)).toMatchObject({ networkId: mine.id });
      expect(await as(driver, 'b').getSubnet(mine.subnets[0]!)).toBeNull();
    }
    expect(played.neutron.count(/subnets/)).toBe(4);
    expect(await driver.getSubnet(mine.subnets[0]!)).toMatchObject({ networkId: mine.id });
    expect(played.neutron.count(/subnets/)).toBe(4);
    const policy = randomUUID();
    played.neutron.policies.set(policy, 'a');
    const group = played.neutron.groups.put('mine', 'a');
    const { id: port } = await driver.createPort(vip({ projectId: 'a', hurry: true }));
    const seen = async (project: string) => {
      const lookups = as(driver, project);
      const found = await lookups.getPort(port);
      return [found?.id, await lookups.qosPolicyExists(policy), await lookups.securityGroupExists(group)];
    };
    expect(await seen('a')).toEqual([port, true, true]);
    expect(await seen('b')).toEqual([undefined, false, false]);
  });

  it('sees what the service sees where the configuration says so', async () => {
    const hidden = played.neutron.network(['10.3.0.0/24'], { project_id: 'a', shared: false });
    expect(await as(open(true), 'b').getNetwork(hidden.id)).toMatchObject({ id: hidden.id });
  });

  it('whose token Neutron no longer takes is told so', async () => {
    const nobody = open().seenBy({ token: 'gAAAAA-revoked', rights: 'x' });
    await expect(nobody.getNetwork(net.id)).rejects.toMatchObject({ code: 'UNAUTHENTICATED', status: 401 });
  });
});

describe('allowed_address_pairs_driver starts', () => {
  const context = (): DriverContext => {
    const config = loadConfig({ env: {}, overrides: {} });
    return { config, log: played.log, openStack: async () => played.open({ connect_retries: 0 }) } as never;
  };
  const load = async () => (await DRIVERS.network.modules.allowed_address_pairs_driver?.())!;

  it('and tells that Neutron lets it in', async () => {
    const module = await load();
    const driver = await module.start(context(), undefined);
    const details = 'Neutron answers the service user, and lets addresses move between ports';
    expect(await module.health?.(driver, context())).toEqual([{ result: 'success', details }]);
  });

  it('not without the extension', async () => {
    played.neutron.extensions.delete('allowed-address-pairs');
    await expect((await load()).start(context(), undefined)).rejects.toMatchObject({
      code: 'NETWORK_EXTENSION_MISSING',
      message:
        'The network service has no extension allowed-address-pairs, without which the addresses of load balancers cannot move between amphorae.',
    });
  });

  it('while Neutron is away, and says so', async () => {
    played.neutron.fail(/extensions/, 'cut');
    expect(await (await load()).start(context(), undefined)).toMatchObject({ name: 'allowed_address_pairs_driver' });
    expect(played.logged.join()).toContain('warn Neutron could not be asked for its extensions');
  });
});
