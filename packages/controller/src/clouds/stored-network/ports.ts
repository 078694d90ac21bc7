/** Ports kept in our own store: what the local and the noop network service share. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import ipaddr from 'ipaddr.js';
import { canonicalAddress, cidrContains, ipVersion } from '../../domain/addresses.ts';
import { OctaviaError } from '../../errors.ts';
import type { Database, Executor } from '../../store/core/database.ts';
import { isUuid } from '../../store/core/table.ts';
import * as store from '../../store/resources/local-network.ts';
import { formatIpv4, parseCidr, parseIpv4 } from '../local-host/address-block.ts';
import { deterministicMac } from '../local-host/deterministic-mac.ts';
import type { FixedIp, Port, PortChanges, PortRequest, Subnet } from '../network/interface.ts';
import type { AddressFloors } from './address-floors.ts';

/** `.1` or `::1` is the gateway; the others below `.10` are left for addresses that people choose by hand. */
const RESERVED_ADDRESSES = 10;
const MAC_ATTEMPTS = 8;
/** Attempts when only addresses remain that other open transactions are taking. */
const ADDRESS_ATTEMPTS = 20;
const ADDRESS_RETRY_MS = 25;

/** An IPv6 subnet has more addresses than anybody uses: this many are given out, then it counts as full. */
const IPV6_ADDRESSES = 65_536;

function ipv6Window(cidr: string): store.AddressWindow {
  const bytes = ipaddr.IPv6.networkAddressFromCIDR(cidr).toByteArray();
  bytes[bytes.length - 1] = RESERVED_ADDRESSES;
  return { first: ipaddr.fromByteArray(bytes).toString(), count: IPV6_ADDRESSES };
}

/** What automatic allocation may give out: after the reserved ones, before the broadcast address. Pure. */
export function allocationWindow(cidr: string): store.AddressWindow {
  if (ipVersion(cidr) === 6) return ipv6Window(cidr);
  const range = parseCidr(cidr);
  if (!range) throw new OctaviaError('SUBNET_UNUSABLE', { cidr });
  const first = range.first + RESERVED_ADDRESSES;
  return { first: formatIpv4(first), count: Math.max(0, range.last - first) };
}

/** Whether a port may have this address: inside, and neither network, gateway nor broadcast. Pure. */
export function isUsableAddress(subnet: Pick<Subnet, 'cidr' | 'gatewayIp'>, address: string): boolean {
  if (ipVersion(subnet.cidr) === 6) {
    const canonical = canonicalAddress(address);
    const notHosts = [subnet.cidr.split('/')[0], subnet.gatewayIp];
    return canonical !== null && cidrContains(subnet.cidr, canonical) && !notHosts.includes(canonical);
  }
  const range = parseCidr(subnet.cidr);
  const value = parseIpv4(address);
  return range !== null && value !== null && value > range.first && value < range.last && address !== subnet.gatewayIp;
}

async function claimAnyAddress(executor: Executor, portId: string, subnet: Subnet): Promise<string> {
  const window = allocationWindow(subnet.cidr);
  for (let attempt = 0; attempt < ADDRESS_ATTEMPTS; attempt += 1) {
    const address = await store.claimFreeAddress(executor, portId, subnet.id, window);
    if (address !== null) return address;
    if ((await store.countTaken(executor, subnet.id, window)) >= window.count) break;
    await sleep(ADDRESS_RETRY_MS);
  }
  throw new OctaviaError('SUBNET_NO_FREE_ADDRESS', { subnet: subnet.id });
}

async function claimGivenAddress(
  executor: Executor,
  portId: string,
  { id: subnetId }: Subnet,
  address: string,
  shared: boolean,
): Promise<string> {
  if (!(await store.claimAddress(executor, portId, { subnetId, address, shared }))) {
    throw new OctaviaError('VIP_ADDRESS_IN_USE', { detail: `${address} on subnet ${subnetId}` });
  }
  return address;
}

function rowOf(
  request: PortRequest,
  id: string,
  attempt: number,
): Omit<Port, 'fixedIps'> & { projectId: string | null } {
  const { name, networkId, deviceId, deviceOwner, projectId = null, qosPolicyId = null } = request;
  const policies = { qosPolicyId, securityGroupIds: [...(request.securityGroupIds ?? [])] };
  return {
    id,
    name,
    networkId,
    deviceId,
    deviceOwner,
    projectId,
    ...policies,
    macAddress: deterministicMac(id, attempt),
  };
}

/** The port's row, ours or the one that already has the name (`created: false`). */
async function insertOrAdopt(executor: Executor, request: PortRequest): Promise<{ port: Port; created: boolean }> {
  const id = randomUUID();
  for (let attempt = 0; attempt < MAC_ATTEMPTS; attempt += 1) {
    const row = rowOf(request, id, attempt);
    if (await store.insertPort(executor, row)) return { port: { ...row, fixedIps: [] }, created: true };
    const [existing] = await store.selectPorts(executor, { name: request.name });
    if (existing) return { port: existing, created: false };
  }
  throw new Error(`no free MAC address for port ${request.name}`);
}

export interface PortRules {
  /** Subnets by id, as the service answers them. */
  getSubnet(executor: Executor, id: string): Promise<Subnet | null>;
  /** Whether a tenant may choose the address. */
  accepts(subnet: Subnet, address: string): boolean;
  /** Whether a port on the network may have an address in the subnet. */
  joins(subnet: Subnet, networkId: string): boolean;
  /** Whether several ports may have chosen one address. */
  sharesAddresses: boolean;
}

async function claim(
  executor: Executor,
  { id, networkId }: Pick<Port, 'id' | 'networkId'>,
  { subnetId, ipAddress }: PortRequest['fixedIps'][number],
  rules: PortRules,
): Promise<FixedIp> {
  const subnet = await rules.getSubnet(executor, subnetId);
  if (!subnet || !rules.joins(subnet, networkId)) {
    throw new OctaviaError('NETWORK_OBJECT_NOT_FOUND', { kind: 'Subnet', id: subnetId });
  }
  if (ipAddress !== undefined && !rules.accepts(subnet, ipAddress)) {
    throw new OctaviaError('ADDRESS_NOT_IN_SUBNET', { address: ipAddress, subnet: subnet.id, cidr: subnet.cidr });
  }
  const address =
    ipAddress === undefined
      ? await claimAnyAddress(executor, id, subnet)
      : await claimGivenAddress(executor, id, subnet, ipAddress, rules.sharesAddresses);
  return { subnetId, ipAddress: address };
}

async function createIn(executor: Executor, request: PortRequest, rules: PortRules): Promise<Port> {
  const { port, created } = await insertOrAdopt(executor, request);
  if (!created) return port;
  const fixedIps: FixedIp[] = [];
  for (const fixedIp of request.fixedIps) fixedIps.push(await claim(executor, port, fixedIp, rules));
  // One order for all answers, the store's: the next caller of the same name reads it from there.
  if (fixedIps.length > 1) return (await store.selectPorts(executor, { id: port.id }))[0] ?? { ...port, fixedIps };
  return { ...port, fixedIps };
}

/** All or nothing. @param floors of who creates many ports; null: every search begins at the first address */
export async function createStoredPort(
  database: Database,
  request: PortRequest,
  rules: PortRules,
  floors: AddressFloors | null = null,
): Promise<Port> {
  const atOnce = await createAtOnce(database, request, rules, floors);
  return atOnce ?? database.transaction((own) => createIn(own, request, rules));
}

/** Nearly all ports have one address that nobody chose: one statement makes them. Null: there is more to it. */
async function createAtOnce(
  database: Database,
  request: PortRequest,
  rules: PortRules,
  floors: AddressFloors | null,
): Promise<Port | null> {
  const [wish, ...others] = request.fixedIps;
  if (!wish || wish.ipAddress !== undefined || others.length > 0) return null;
  const subnet = await rules.getSubnet(database, wish.subnetId);
  if (!subnet || !rules.joins(subnet, request.networkId)) return null;
  const window = allocationWindow(subnet.cidr);
  const row = rowOf(request, randomUUID(), 0);
  const from = floors?.of(subnet.id, window.count) ?? 0;
  const found = await store.insertPortWithAddress(database, row, subnet.id, window, from);
  if (!found) return null;
  floors?.note(subnet.id, found.position);
  return { ...row, fixedIps: [{ subnetId: wish.subnetId, ipAddress: found.address }] };
}

export async function getStoredPort(database: Database, id: string): Promise<Port | null> {
  return isUuid(id) ? ((await store.selectPorts(database, { id }))[0] ?? null) : null;
}

/** The port with an address in the subnet, one that it has or a new one. */
export async function plugStoredFixedIp(
  database: Database,
  rules: PortRules,
  portId: string,
  subnetId: string,
): Promise<Port> {
  const port = await getStoredPort(database, portId);
  if (!port) throw new OctaviaError('NETWORK_OBJECT_NOT_FOUND', { kind: 'Port', id: portId });
  if (port.fixedIps.some((fixed) => fixed.subnetId === subnetId)) return port;
  const fixedIp = await database.transaction((own) => claim(own, port, { subnetId }, rules));
  return { ...port, fixedIps: [...port.fixedIps, fixedIp] };
}

export async function unplugStoredFixedIp(database: Database, portId: string, subnetId: string): Promise<void> {
  if (isUuid(portId) && isUuid(subnetId)) await store.releaseAddresses(database, portId, subnetId);
}

/** Whether the port was there and had a filter. */
export async function deleteStoredPort(database: Database, id: string): Promise<boolean> {
  return isUuid(id) && (await store.deletePort(database, id));
}

export async function updateStoredPort(database: Database, id: string, changes: PortChanges): Promise<void> {
  if (isUuid(id)) await store.updatePort(database, id, changes);
}

/** Addresses that automatic allocation could still give out. */
export async function countFreeStoredAddresses(executor: Executor, subnet: Subnet): Promise<number> {
  const window = allocationWindow(subnet.cidr);
  return window.count - (await store.countTaken(executor, subnet.id, window));
}

export const listStoredPorts = (database: Database, namePrefix: string): Promise<Port[]> =>
  store.selectPorts(database, { namePrefix });
