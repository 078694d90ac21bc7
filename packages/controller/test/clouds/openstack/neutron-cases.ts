/** What `allowed_address_pairs_driver` promises with any Neutron. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { NeutronNetworkDriver } from '../../../src/clouds/network/neutron/driver.ts';
import { fields, text } from '../../../src/clouds/openstack/answer.ts';
import { Neutron } from '../../../src/clouds/openstack/neutron.ts';
import { listPorts, showPort } from '../../../src/clouds/openstack/neutron-ports.ts';
import { groupsNamed } from '../../../src/clouds/openstack/neutron-security-groups.ts';
import type { GroupRule } from '../../../src/domain/vip-group.ts';
import type { Bed } from './bed.ts';

const SETTINGS = {
  patience: { attempts: 15, shortestMs: 100, backoffMs: 100, longestMs: 1000 },
  allowInvisible: false,
};

interface Place {
  network: string;
  v4: string;
  v6: string;
}

/** A tenant's network: nobody asks Keystone whether there is such a project. */
async function makePlace(neutron: Neutron, project_id: string): Promise<Place> {
  const made = (name: string) => (body: unknown) => text(fields(fields(body, 'the answer')[name], name), 'id');
  const post = (path: string, name: string, attributes: object) =>
    neutron.ask({ method: 'POST', path, body: { [name]: attributes }, read: made(name) });
  const network = await post('/networks', 'network', { name: `contract-${randomUUID()}`, project_id });
  const subnet = (cidr: string, more: object = {}) =>
    post('/subnets', 'subnet', { network_id: network, project_id, cidr, ip_version: 4, enable_dhcp: false, ...more });
  const host_routes = [{ destination: '203.0.113.0/24', nexthop: '10.77.0.5' }];
  return {
    network,
    v4: await subnet('10.77.0.0/24', { host_routes }),
    v6: await subnet('fd00:77::/64', { ip_version: 6 }),
  };
}

export function neutronCases(bed: () => Bed): void {
  const log = { warn: () => undefined };
  let neutron: Neutron;
  let driver: NeutronNetworkDriver;
  let project: string;
  let place: Place;
  let id: string;
  beforeEach(async () => {
    neutron = new Neutron(bed().session);
    driver = new NeutronNetworkDriver(neutron, SETTINGS, { sleep: (ms) => sleep(ms), log });
    project = randomUUID().replaceAll('-', '');
    place = await makePlace(neutron, project);
    id = randomUUID();
  });
  afterEach(async () => {
    for (const port of await listPorts(neutron.ask, { networkId: place.network })) await driver.deletePort(port.id);
    await driver.removeVipGroup(id, null);
    await neutron.ask({ method: 'DELETE', path: `/networks/${place.network}`, read: () => undefined });
  });

  const vip = (more: object = {}) => ({
    name: `octavia-lb-${id}`,
    loadBalancerId: id,
    networkId: place.network,
    fixedIps: [{ subnetId: place.v4 }],
    deviceId: `lb-${id}`,
    deviceOwner: 'Octavia',
    projectId: project,
    ...more,
  });
  const ofAmphora = (name: string, more: object = {}) => ({
    ...{ name, loadBalancerId: id, networkId: place.network, fixedIps: [{ subnetId: place.v4 }] },
    ...{ deviceId: randomUUID(), deviceOwner: 'octavia:vrrp', ...more },
  });
  const show = (port: string) => showPort(neutron.ask, port);
  const rulesOf = async () => {
    const [group] = await groupsNamed(neutron, `lb-${id}`);
    const ingress = group?.rules.filter(({ direction }) => direction === 'ingress') ?? [];
    return ingress
      .map(({ protocol, portMin, ipVersion, remotePrefix }) => [protocol, portMin, ipVersion, remotePrefix].join(' '))
      .sort();
  };

  it('tells of networks and subnets what agents need, and what is not there', async () => {
    const network = await driver.getNetwork(place.network);
    expect(network).toMatchObject({ id: place.network, portSecurityEnabled: true });
    expect(network?.mtu).toBeGreaterThan(1000);
    expect([...(network?.subnetIds ?? [])].sort()).toEqual([place.v4, place.v6].sort());
    const subnet = await driver.getSubnet(place.v4);
    expect(subnet).toMatchObject({
      ...{ networkId: place.network, cidr: '10.77.0.0/24', gatewayIp: '10.77.0.1', ipVersion: 4 },
      hostRoutes: [{ destination: '203.0.113.0/24', nexthop: '10.77.0.5' }],
    });
    expect(await driver.getSubnet(place.v6)).toMatchObject({ cidr: 'fd00:77::/64', ipVersion: 6 });
    expect(await driver.countFreeAddresses(subnet!)).toBe(253);
    const missing = randomUUID();
    expect(await driver.getNetwork(missing)).toBeNull();
    expect(await driver.getSubnet(missing)).toBeNull();
    expect(await driver.getPort(missing)).toBeNull();
    expect(await driver.qosPolicyExists(missing)).toBe(false);
    expect(await driver.securityGroupExists(missing)).toBe(false);
  });

  it('makes the port of a VIP as scripts of operators know it, once', async () => {
    const fixedIps = [{ subnetId: place.v4, ipAddress: '10.77.0.40' }, { subnetId: place.v6 }];
    const port = await driver.createPort(vip({ fixedIps, hurry: true }));
    expect(port.fixedIps.find(({ subnetId }) => subnetId === place.v4)?.ipAddress).toBe('10.77.0.40');
    expect(port.fixedIps).toHaveLength(2);
    expect(await show(port.id)).toMatchObject({
      ...{ name: `octavia-lb-${id}`, deviceId: `lb-${id}`, deviceOwner: 'Octavia' },
      ...{ projectId: project, adminStateUp: false },
    });
    expect((await driver.createPort(vip({ fixedIps }))).id).toBe(port.id);
    expect((await driver.listPorts(`octavia-lb-${id}`)).map((one) => one.id)).toEqual([port.id]);
    expect((await driver.listPorts('octavia-')).map((one) => one.id)).toContain(port.id);
    await driver.deletePort(port.id);
    await driver.deletePort(port.id);
    expect(await driver.getPort(port.id)).toBeNull();
  });

  it('says why an address cannot be had', async () => {
    const at = (ipAddress: string) => vip({ fixedIps: [{ subnetId: place.v4, ipAddress }], hurry: true });
    await driver.createPort(at('10.77.0.40'));
    await expect(driver.createPort({ ...at('10.77.0.40'), name: 'octavia-lb-other' })).rejects.toMatchObject({
      ...{ code: 'VIP_ADDRESS_IN_USE', status: 409 },
      message: expect.stringContaining('10.77.0.40'),
    });
    await expect(driver.createPort(at('192.0.2.7'))).rejects.toMatchObject({
      code: 'VIP_ADDRESS_REFUSED',
      status: 400,
    });
    const elsewhere = vip({ networkId: randomUUID(), hurry: true });
    await expect(driver.createPort(elsewhere)).rejects.toMatchObject({
      ...{ code: 'NETWORK_OBJECT_NOT_FOUND', status: 400 },
      message: `Network ${elsewhere.networkId} not found.`,
    });
  });

  it('passes a quota on as 403', async () => {
    const quota = { port: 0 };
    await neutron.ask({ method: 'PUT', path: `/quotas/${project}`, body: { quota }, read: () => undefined });
    const refused = { code: 'OPENSTACK_QUOTA', status: 403, message: expect.stringContaining("['port']") };
    await expect(driver.createPort(vip({ hurry: true }))).rejects.toMatchObject(refused);
  });

  it('gives ports of amphorae what is wished of them, also later', async () => {
    const group = await driver.applyVipGroup(id, []);
    const amphora = randomUUID();
    const name = `octavia-lb-vrrp-${amphora}`;
    const allowedAddresses = ['10.77.0.40', 'fd00:77::40'];
    const wish = ofAmphora(name, { allowedAddresses, securityGroupIds: [group!.id] });
    const port = await driver.createPort(wish);
    const seen = await show(port.id);
    // Nova refuses a port with a device.
    expect(seen).toMatchObject({ name, deviceId: '', deviceOwner: 'Octavia', adminStateUp: true });
    expect(seen.allowedAddresses.sort()).toEqual(allowedAddresses);
    expect(seen.securityGroupIds).toEqual([group!.id]);
    await driver.closePort(port.id);
    expect(await show(port.id)).toMatchObject({ adminStateUp: false });
    const again = await driver.createPort({ ...wish, allowedAddresses: ['10.77.0.41'] });
    expect(again.id).toBe(port.id);
    expect(await show(port.id)).toMatchObject({ allowedAddresses: ['10.77.0.41'], adminStateUp: true });
    await driver.updatePort(port.id, { securityGroupIds: [] });
    expect((await show(port.id)).securityGroupIds).toEqual([]);
    await driver.updatePort(randomUUID(), { securityGroupIds: [] });
  });

  it('names ports of members after the amphora alone, and adds and takes addresses', async () => {
    const amphora = randomUUID();
    const name = `octavia-lb-member-${amphora}-${place.network}`;
    const port = await driver.createPort(ofAmphora(name, { deviceOwner: 'octavia:member' }));
    expect((await show(port.id)).name).toBe(`octavia-lb-member-${amphora}`);
    expect((await driver.createPort(ofAmphora(name, { deviceOwner: 'octavia:member' }))).id).toBe(port.id);
    const both = await driver.plugFixedIp(port.id, place.v6);
    expect(both.fixedIps.map(({ subnetId }) => subnetId).sort()).toEqual([place.v4, place.v6].sort());
    expect((await driver.plugFixedIp(port.id, place.v6)).fixedIps).toEqual(both.fixedIps);
    await driver.unplugFixedIp(port.id, place.v6);
    await driver.unplugFixedIp(port.id, place.v6);
    const listed = await driver.listPorts(`octavia-lb-member-${amphora}-`);
    expect(listed).toMatchObject([{ id: port.id, name, fixedIps: [{ subnetId: place.v4 }] }]);
  });

  it('changes of a security group what differs, and keeps what is not ours', async () => {
    const rule = (port: number, more: Partial<GroupRule> = {}): GroupRule => ({
      ...{ protocol: 'tcp', port, ipVersion: 4, source: null },
      ...more,
    });
    const vrrp: GroupRule = { protocol: 'vrrp', port: null, ipVersion: 4, source: null };
    const ah: GroupRule = { ...vrrp, protocol: 'ah' };
    const first = await driver.applyVipGroup(id, [rule(80), rule(1025), vrrp, ah]);
    expect(first?.made).toBe(true);
    expect(await rulesOf()).toEqual(['112  4 ', '51  4 ', 'tcp 1025 4 ', 'tcp 80 4 ']);
    const listeners = [
      rule(80, { source: '192.0.2.0/24' }),
      rule(80, { source: '2001:db8::/32', ipVersion: 6 }),
      rule(53, { protocol: 'udp' }),
      rule(9000, { protocol: 'sctp', ipVersion: 6 }),
    ];
    const second = await driver.applyVipGroup(id, [...listeners, rule(1025)]);
    expect(second).toEqual({ id: first?.id, made: false });
    const changed = await rulesOf();
    expect(changed).toEqual(
      [
        ...['112  4 ', '51  4 ', 'sctp 9000 6 ', 'tcp 1025 4 '],
        ...['tcp 80 4 192.0.2.0/24', 'tcp 80 6 2001:db8::/32', 'udp 53 4 '],
      ].sort(),
    );
    await driver.applyVipGroup(id, [...listeners, rule(1025)]);
    expect(await rulesOf()).toEqual(changed);
    expect(await driver.findVipGroup(id)).toBe(first?.id);
    expect(await driver.listVipGroups()).toContainEqual({ id: first?.id, name: `lb-${id}`, loadBalancerId: id });
  });

  it('removes a security group although the port of the VIP has it', async () => {
    const group = await driver.applyVipGroup(id, []);
    const port = await driver.createPort(vip({ hurry: true }));
    await driver.updatePort(port.id, { securityGroupIds: [group!.id] });
    const stray = await driver.createPort(
      ofAmphora(`octavia-lb-vrrp-${randomUUID()}`, { securityGroupIds: [group!.id] }),
    );
    await driver.removeVipGroup(id, port.id);
    await driver.removeVipGroup(id, port.id);
    expect(await driver.findVipGroup(id)).toBeNull();
    expect((await show(port.id)).securityGroupIds).toEqual([]);
    expect(await driver.getPort(stray.id)).toBeNull();
  });
}
