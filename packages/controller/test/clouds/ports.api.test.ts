import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeInstance } from '../../src/clouds/local-host/instance.ts';
import type { NetworkDriver, PortRequest } from '../../src/clouds/network/interface.ts';
import { LocalNetworkDriver } from '../../src/clouds/network/local/driver.ts';
import { NoopNetworkDriver, partnerOf } from '../../src/clouds/network/noop/driver.ts';
import { allocationWindow } from '../../src/clouds/stored-network/ports.ts';
import { claimFreeAddress, insertPort } from '../../src/store/resources/local-network.ts';
import { openTestStore, type TestStore } from '../support/store.ts';

const instance = describeInstance({ tag: 'a1b2c3', stateDir: '/s', block: '198.18.16.0/20', netns: null });

let database: TestStore;
let local: LocalNetworkDriver;
let noop: NoopNetworkDriver;

beforeAll(async () => {
  database = await openTestStore();
  local = new LocalNetworkDriver(database.store.db);
  noop = new NoopNetworkDriver(database.store.db);
  for (const _ of ['once', 'twice']) {
    await local.bootstrap(instance);
    await noop.bootstrap();
  }
});

afterAll(async () => {
  await database?.close();
});

const { public: publicNet, private: privateNet } = instance.networks;

function request(name: string, ipAddress?: string, network = publicNet): PortRequest {
  const fixedIp = { subnetId: network.subnet.id, ...(ipAddress === undefined ? {} : { ipAddress }) };
  return { name, networkId: network.id, fixedIps: [fixedIp], deviceId: 'device', deviceOwner: 'Octavia' };
}

const NOBODYS = { projectId: null, qosPolicyId: null, securityGroupIds: [] };

async function deleteAll(driver: NetworkDriver, prefix: string): Promise<void> {
  for (const port of await driver.listPorts(prefix)) await driver.deletePort(port.id);
}

describe('the local network service', () => {
  it('knows its networks and subnets', async () => {
    expect(await local.getNetwork(publicNet.id)).toEqual({
      id: publicNet.id,
      name: 'public-net',
      mtu: 1500,
      subnetIds: [publicNet.subnet.id, publicNet.ipv6Subnet?.id],
    });
    expect(await local.getSubnet(publicNet.subnet.id)).toEqual({
      id: publicNet.subnet.id,
      name: 'public-subnet',
      networkId: publicNet.id,
      cidr: '198.18.20.0/22',
      gatewayIp: '198.18.20.1',
      ipVersion: 4,
      hostRoutes: [],
    });
    const names = (await local.listSubnets()).map((subnet) => subnet.name);
    expect(names).toEqual(expect.arrayContaining(['lb-mgmt-subnet', 'private-subnet', 'public-subnet']));
    expect(await local.getNetwork(randomUUID())).toBeNull();
    expect(await local.getSubnet('no uuid')).toBeNull();
    expect(await local.getPort('no uuid')).toBeNull();
    await local.deletePort('no uuid');
  });

  it('gives out the lowest free address above the reserved ones', async () => {
    const [first, second] = [await local.createPort(request('low-1')), await local.createPort(request('low-2'))];
    expect(first.fixedIps[0]?.ipAddress).toBe('198.18.20.10');
    expect(second.fixedIps[0]?.ipAddress).toBe('198.18.20.11');
    await local.deletePort(first.id);
    await local.deletePort(first.id);
    expect((await local.createPort(request('low-3'))).fixedIps[0]?.ipAddress).toBe('198.18.20.10');
    await deleteAll(local, 'low-');
  });

  it('answers the same port for the same name', async () => {
    const port = await local.createPort(request('same_%'));
    expect(port.macAddress).toMatch(/^fa:16:3e:/);
    expect(await local.createPort(request('same_%'))).toEqual(port);
    expect(await local.getPort(port.id)).toEqual(port);
    await local.createPort(request('samexyz'));
    expect((await local.listPorts('same_%')).map(({ id }) => id)).toEqual([port.id]);
    const [again, ...others] = await Promise.all([1, 2, 3, 4].map(() => local.createPort(request('at-once'))));
    for (const other of others) expect(other).toEqual(again);
    await deleteAll(local, 'same');
    await deleteAll(local, 'at-once');
  });

  it('never gives one address to two', async () => {
    const ports = await Promise.all(
      Array.from({ length: 60 }, (_, index) => local.createPort(request(`many-${index}`))),
    );
    const addresses = ports.map((port) => port.fixedIps[0]?.ipAddress ?? '');
    expect(new Set(addresses).size).toBe(60);
    expect(new Set(ports.map((port) => port.macAddress)).size).toBe(60);
    await deleteAll(local, 'many-');
  });

  it('refuses a given address that is taken, outside, or not for ports', async () => {
    await local.createPort(request('given-1', '198.18.20.5'));
    await expect(local.createPort(request('given-2', '198.18.20.5'))).rejects.toMatchObject({
      code: 'VIP_ADDRESS_IN_USE',
      message: expect.stringContaining('198.18.20.5'),
    });
    for (const address of ['198.18.19.9', '198.18.20.0', '198.18.20.1', '198.18.23.255', 'x', 'fd00::1']) {
      await expect(local.createPort(request('given-3', address))).rejects.toMatchObject({
        code: 'ADDRESS_NOT_IN_SUBNET',
      });
    }
    expect((await local.listPorts('given-')).map(({ name }) => name)).toEqual(['given-1']);
    await deleteAll(local, 'given-');
  });

  it('gives out IPv6 addresses, the lowest free or a given one anywhere in the subnet', async () => {
    const subnet = publicNet.ipv6Subnet!;
    const ipv6 = (name: string, ipAddress?: string): PortRequest => ({
      ...request(name),
      fixedIps: [{ subnetId: subnet.id, ...(ipAddress === undefined ? {} : { ipAddress }) }],
    });
    const start = 'fda1:b2c3:0:1:';
    const last = `${start}ffff:ffff:ffff:ffff`;
    const given = await local.createPort(ipv6('six-given', last));
    expect(given.fixedIps).toEqual([{ subnetId: subnet.id, ipAddress: last }]);
    const names = ['six-1', 'six-2'];
    const addresses = [];
    for (const name of names) addresses.push((await local.createPort(ipv6(name))).fixedIps[0]?.ipAddress);
    expect(addresses).toEqual([`${start}:a`, `${start}:b`]);
    expect(await local.countFreeAddresses((await local.getSubnet(subnet.id))!)).toBe(65_534);
    for (const address of [`${start}:`, `${start}:1`, 'fda1:b2c3:0:2::5', '198.18.20.5', 'x']) {
      await expect(local.createPort(ipv6('six-refused', address)), address).rejects.toMatchObject({
        code: 'ADDRESS_NOT_IN_SUBNET',
      });
    }
    await deleteAll(local, 'six-');
  });

  it('refuses a subnet that is unknown or of another network', async () => {
    const wrong = { ...request('wrong'), fixedIps: [{ subnetId: privateNet.subnet.id }] };
    await expect(local.createPort(wrong)).rejects.toMatchObject({ code: 'NETWORK_OBJECT_NOT_FOUND' });
    const unknown = { ...request('wrong'), fixedIps: [{ subnetId: randomUUID() }] };
    await expect(local.createPort(unknown)).rejects.toMatchObject({ code: 'NETWORK_OBJECT_NOT_FOUND' });
  });

  it('takes several addresses for one port', async () => {
    const fixedIps = [{ subnetId: publicNet.subnet.id }, { subnetId: publicNet.subnet.id, ipAddress: '198.18.20.7' }];
    const port = await local.createPort({ ...request('several'), fixedIps });
    expect(port.fixedIps.map(({ ipAddress }) => ipAddress)).toEqual(['198.18.20.7', '198.18.20.10']);
    expect(await local.getPort(port.id)).toEqual(port);
    await local.deletePort(port.id);
  });

  it('gives a port an address in one more subnet of its network, and takes it back', async () => {
    const sixth = publicNet.ipv6Subnet?.id ?? '';
    const port = await local.createPort(request('more'));
    const more = await local.plugFixedIp(port.id, sixth);
    expect(more.fixedIps).toEqual([...port.fixedIps, { subnetId: sixth, ipAddress: expect.stringMatching(/::a$/) }]);
    expect(await local.plugFixedIp(port.id, sixth)).toEqual(more);
    expect(await local.getPort(port.id)).toEqual(more);
    const kind = 'NETWORK_OBJECT_NOT_FOUND';
    for (const [id, subnet] of [
      [port.id, privateNet.subnet.id],
      [port.id, randomUUID()],
      [randomUUID(), sixth],
    ] as const) {
      await expect(local.plugFixedIp(id, subnet)).rejects.toMatchObject({ code: kind });
    }
    for (const _ of ['once', 'twice']) await local.unplugFixedIp(port.id, sixth);
    expect(await local.getPort(port.id)).toEqual(port);
    await local.deletePort(port.id);
    await local.unplugFixedIp(port.id, publicNet.subnet.id);
  });

  it('gives an address that another transaction is just taking to nobody else, and does not wait for it', async () => {
    const rolledBack = database.store.transaction(async (tx) => {
      const port = { ...request('tx-1'), id: randomUUID(), macAddress: 'fa:16:3e:00:00:01', ...NOBODYS };
      await insertPort(tx, port);
      const mine = await claimFreeAddress(tx, port.id, publicNet.subnet.id, allocationWindow(publicNet.subnet.cidr));
      const theirs = await local.createPort(request('tx-2'));
      expect(theirs.fixedIps[0]?.ipAddress).not.toBe(mine);
      throw new Error('changed my mind');
    });
    await expect(rolledBack).rejects.toThrow('changed my mind');
    expect((await local.listPorts('tx-')).map(({ name }) => name)).toEqual(['tx-2']);
    await deleteAll(local, 'tx-');
    expect((await local.createPort(request('tx-3'))).fixedIps[0]?.ipAddress).toBe('198.18.20.10');
    await deleteAll(local, 'tx-');
  });

  it('finds addresses that another process gave back', async () => {
    const other = new LocalNetworkDriver(database.store.db);
    const [first] = [await local.createPort(request('floor-1')), await local.createPort(request('floor-2'))];
    await other.deletePort(first.id);
    // It goes on above what it gave out last, and begins again below when it comes to the end.
    const { count } = allocationWindow(publicNet.subnet.cidr);
    const names = Array.from({ length: count - 1 }, (_, index) => `floor-more-${index}`);
    for (const name of names) await local.createPort(request(name));
    await expect(local.createPort(request('floor-full'))).rejects.toMatchObject({ code: 'SUBNET_NO_FREE_ADDRESS' });
    await deleteAll(local, 'floor-');
  });

  it('says when a subnet is exhausted', async () => {
    const { count } = allocationWindow(privateNet.subnet.cidr);
    expect(count).toBe(1013);
    for (let index = 0; index < count; index += 1) {
      await local.createPort(request(`full-${index}`, undefined, privateNet));
    }
    await expect(local.createPort(request('full-more', undefined, privateNet))).rejects.toMatchObject({
      code: 'SUBNET_NO_FREE_ADDRESS',
    });
    await deleteAll(local, 'full-');
  });
});

describe('the noop network service', () => {
  it('has a public and a private subnet for clients', async () => {
    const subnets = (await noop.listSubnets()).filter(({ cidr }) => cidr.startsWith('10.'));
    expect(subnets.map(({ name }) => name)).toEqual(['lb-mgmt-subnet', 'private-subnet', 'public-subnet']);
    const [, , publicSubnet] = subnets;
    const port = await noop.createPort({
      name: 'noop-public',
      networkId: publicSubnet?.networkId ?? '',
      fixedIps: [{ subnetId: publicSubnet?.id ?? '' }],
      deviceId: '',
      deviceOwner: '',
    });
    expect(port.fixedIps[0]?.ipAddress).toBe('10.254.0.10');
    await noop.deletePort(port.id);
  });

  it('takes any UUID for a network and for a subnet, in any process', async () => {
    const [networkId, other] = [randomUUID(), new NoopNetworkDriver(database.store.db)];
    const network = await noop.getNetwork(networkId);
    const subnetId = network?.subnetIds[0] ?? '';
    expect(subnetId).toBe(partnerOf(networkId));
    const subnet = await other.getSubnet(subnetId);
    expect(subnet?.networkId).toBe(networkId);
    const create = (name: string, ipAddress?: string) =>
      noop.createPort({
        name,
        networkId,
        fixedIps: [{ subnetId, ...(ipAddress === undefined ? {} : { ipAddress }) }],
        deviceId: '',
        deviceOwner: '',
      });
    const port = await create('noop-any');
    expect(await other.getSubnet(subnetId)).toEqual(subnet);
    expect(await other.getPort(port.id)).toEqual(port);
    expect((await create('noop-given', '203.0.113.9')).fixedIps[0]?.ipAddress).toBe('203.0.113.9');
    expect(await noop.getSubnet('no uuid')).toBeNull();
    await deleteAll(noop, 'noop-');
  });

  it('puts any subnet on any network, and takes no address for taken', async () => {
    const subnetId = randomUUID();
    const create = (name: string, networkId: string, ...addresses: (string | undefined)[]) =>
      noop.createPort({
        name: `noop-${name}`,
        networkId,
        fixedIps: addresses.map((ipAddress, index) => ({
          subnetId: index === 0 ? subnetId : randomUUID(),
          ...(ipAddress === undefined ? {} : { ipAddress }),
        })),
        deviceId: '',
        deviceOwner: '',
      });
    const [one, other] = [randomUUID(), randomUUID()];
    const first = await create('first', one, '203.0.113.9', '2001:db8::9');
    expect(await create('second', other, '203.0.113.9')).toMatchObject({
      networkId: other,
      fixedIps: [{ subnetId, ipAddress: '203.0.113.9' }],
    });
    expect(await noop.getPort(first.id)).toMatchObject({
      networkId: one,
      fixedIps: [{ ipAddress: '203.0.113.9' }, { ipAddress: '2001:db8::9' }],
    });
    // What is chosen for a port is still nobody else's.
    const cidr = (await noop.getSubnet(subnetId))?.cidr ?? '';
    const lowest = cidr.replace('.0.0/16', '.0.10');
    for (const name of ['third', 'fourth']) await create(name, one, lowest);
    expect((await create('fifth', other, undefined)).fixedIps[0]?.ipAddress).toBe(lowest.replace(/10$/, '11'));
    expect(await noop.getSubnet('no uuid')).toBeNull();
    await deleteAll(noop, 'noop-');
  });
});
