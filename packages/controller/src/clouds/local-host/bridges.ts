/** The three Linux bridges of an instance. Idempotent; the host's forwarding and firewall are left alone. */
import { writeFile } from 'node:fs/promises';
import { OctaviaError } from '../../errors.ts';
import { isPresent } from '../../files/optional.ts';
import { conflictsWith } from './address-block.ts';
import { CommandError, runTool } from './command.ts';
import { deterministicMac } from './deterministic-mac.ts';
import {
  GUARD_METRIC,
  HOST_NETWORK_LOCK,
  type LocalInstance,
  type LocalNetwork,
  occupiedNetworks,
} from './instance.ts';
import { deleteLinks, ipBatch, type Link, listLinks } from './ip.ts';
import { hostSpeaksIpv6 } from './ipv6.ts';
import { withHostLock } from './lock.ts';
import { removeManagementFilter } from './management-filter.ts';
import { removeFilter } from './port-filter.ts';

const networksOf = (instance: LocalInstance): LocalNetwork[] => Object.values(instance.networks);
/** The kernel keeps 255 characters of an alias. */
const aliasOf = (stateDir: string): string => `octavia:${stateDir}`.slice(0, 255);

/** A bridge whose alias names another, existing state directory is somebody else's. */
function refuseForeignBridges(instance: LocalInstance, links: Link[]): void {
  const names = new Set(networksOf(instance).map((network) => network.bridge));
  for (const { name, alias } of links) {
    if (!names.has(name) || !alias?.startsWith('octavia:') || alias === aliasOf(instance.stateDir)) continue;
    const owner = alias.slice('octavia:'.length);
    if (!isPresent(owner)) continue; // the state directory was moved to here
    throw new OctaviaError('BRIDGE_TAKEN', { bridge: name, owner });
  }
}

async function refuseForeignAddresses(instance: LocalInstance): Promise<void> {
  const ours = `o${instance.tag}`;
  const foreign = (await occupiedNetworks()).filter(
    ({ device, type }) => type !== 'unreachable' && !device?.startsWith(ours),
  );
  const cidrs = foreign.map((entry) => entry.cidr);
  const [conflict] = conflictsWith(instance.block, cidrs);
  if (conflict === undefined) return;
  const device = foreign.find((entry) => entry.cidr === conflict)?.device ?? 'a route';
  throw new OctaviaError('BLOCK_TAKEN', { block: instance.block, conflict, device });
}

/** The two ends of a bridge's anchor. */
const anchorOf = (bridge: string): [string, string] => [`${bridge}a`, `${bridge}b`];

/**
 * A veth pair that keeps the bridge's carrier on. A bridge without ports loses its carrier, and when the first port comes
 * the kernel tells of the new one up to a second late (it limits such events to one a second): so long the first
 * amphora would not be reachable. The pair carries no traffic: nothing is flooded into it and it answers no ARP.
 */
function anchorLines(bridge: string, existing: Set<string>): string[] {
  const [port, end] = anchorOf(bridge);
  return [
    ...(existing.has(port) ? [] : [`link add name ${port} type veth peer name ${end}`]),
    `link set dev ${end} arp off addrgenmode none up`,
    `link set dev ${port} addrgenmode none up`,
    `link set dev ${port} master ${bridge}`,
    `link set dev ${port} type bridge_slave learning off flood off mcast_flood off bcast_flood off`,
  ];
}

/** A fixed MAC: otherwise a bridge takes the lowest of its ports and changes whenever an amphora comes or goes. */
function bridgeLines(network: LocalNetwork, existing: Set<string>): string[] {
  const { bridge, mtu, subnet, ipv6Subnet } = network;
  const create = `link add name ${bridge} address ${deterministicMac(bridge)} mtu ${mtu} type bridge stp_state 0 forward_delay 0 mcast_snooping 0`;
  return [
    ...(existing.has(bridge) ? [] : [create]),
    `addr replace ${subnet.gatewayIp}/${subnet.prefixLength} brd + dev ${bridge}`,
    // Not at creation: the kernel gives the interface its IPv6 side only afterwards.
    `link set dev ${bridge} addrgenmode none up`,
    ...(ipv6Subnet === null || !hostSpeaksIpv6()
      ? []
      : [`addr replace ${ipv6Subnet.gatewayIp}/${ipv6Subnet.prefixLength} dev ${bridge} nodad`]),
    ...anchorLines(bridge, existing),
  ];
}

/** No addresses from router advertisements: an amphora must not be able to renumber the host. */
async function refuseAdvertisements(bridge: string): Promise<void> {
  for (const [option, value] of [
    ['accept_ra', '0'],
    ['autoconf', '0'],
  ] as const) {
    const file = `/proc/sys/net/ipv6/conf/${bridge}/${option}`;
    if (isPresent(file)) await writeFile(file, value);
  }
}

async function guarded<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await withHostLock(HOST_NETWORK_LOCK, work);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    throw new OctaviaError('HOST_NETWORK_FAILED', { reason: error.message }, { cause: error });
  }
}

/**
 * Makes the bridges, their gateway addresses and the guarding routes; mends what is half there. In a namespace of our own
 * also brings `lo` up and switches forwarding on, because nobody else does it there.
 * @throws OctaviaError
 */
export async function ensureBridges(instance: LocalInstance): Promise<void> {
  await guarded(async () => {
    const links = await listLinks();
    refuseForeignBridges(instance, links);
    await refuseForeignAddresses(instance);
    const existing = new Set(links.map((link) => link.name));
    await ipBatch([
      ...(instance.netns === null ? [] : ['link set dev lo up']),
      ...networksOf(instance).flatMap((network) => bridgeLines(network, existing)),
      `route replace unreachable ${instance.block} metric ${GUARD_METRIC}`,
      ...(hostSpeaksIpv6() ? [`route replace unreachable ${instance.ipv6Block} metric ${GUARD_METRIC}`] : []),
    ]);
    for (const { bridge } of networksOf(instance)) {
      // Not in the batch: a path may hold blanks and quotes.
      await runTool(['ip', 'link', 'set', 'dev', bridge, 'alias', aliasOf(instance.stateDir)]);
      await refuseAdvertisements(bridge);
    }
    if (instance.netns === null) return;
    await writeFile('/proc/sys/net/ipv4/ip_forward', '1');
    if (hostSpeaksIpv6()) await writeFile('/proc/sys/net/ipv6/conf/all/forwarding', '1');
  });
}

async function removeGuard(block: string): Promise<void> {
  try {
    await runTool(['ip', 'route', 'delete', 'unreachable', block, 'metric', String(GUARD_METRIC)]);
  } catch (error) {
    if (!(error instanceof CommandError && error.stderr.includes('No such process'))) throw error;
  }
}

/** Removes bridges, filters and guarding routes. Idempotent. */
export async function removeBridges(instance: LocalInstance): Promise<void> {
  await guarded(async () => {
    await deleteLinks(networksOf(instance).flatMap(({ bridge }) => [anchorOf(bridge)[0], bridge]));
    // Kernels that cannot filter have nothing to remove.
    await removeFilter(instance.tag).catch(() => undefined);
    await removeManagementFilter(instance.tag).catch(() => undefined);
    await removeGuard(instance.block);
    if (hostSpeaksIpv6()) await removeGuard(instance.ipv6Block);
  });
}
