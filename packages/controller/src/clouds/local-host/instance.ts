/** One installation of the local cloud on a host: its tag, its address block and what follows from them. */
import { createHash } from 'node:crypto';
import { mkdir, realpath, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { deterministicUuid } from '../../domain/deterministic-uuid.ts';
import { OctaviaError } from '../../errors.ts';
import { readTextIfPresent } from '../../files/optional.ts';
import { chooseBlock, formatIpv4, parseCidr } from './address-block.ts';
import { ipBatch, listAddresses, listRoutes } from './ip.ts';
import { withHostLock } from './lock.ts';

const LOCAL_NETWORK_KINDS = ['management', 'public', 'private'] as const;
export type LocalNetworkKind = (typeof LOCAL_NETWORK_KINDS)[number];

export interface LocalSubnet {
  id: string;
  name: string;
  cidr: string;
  prefixLength: number;
  /** Lives on the bridge. */
  gatewayIp: string;
}

export interface LocalNetwork {
  id: string;
  name: string;
  bridge: string;
  mtu: number;
  subnet: LocalSubnet;
  /** For hosts that speak IPv6. Null for the management network, which does without. */
  ipv6Subnet: LocalSubnet | null;
}

export interface LocalInstance {
  /** Six hex digits that mark everything of this instance on the host. */
  tag: string;
  /** Absolute, without symbolic links. */
  stateDir: string;
  /** The /20 all addresses come from. */
  block: string;
  /** The /48 all IPv6 addresses come from: a unique local one that follows from the tag. */
  ipv6Block: string;
  /** Named network namespace the control plane runs in; null: the host's own. */
  netns: string | null;
  networks: Record<LocalNetworkKind, LocalNetwork>;
}

export interface InstanceOptions {
  stateDir: string;
  /** `[local_cloud] subnet_range` */
  subnetRange: string;
  netns?: string | null;
}

const SHAPES: Record<LocalNetworkKind, { name: string; subnet: string; suffix: string }> = {
  management: { name: 'lb-mgmt-net', subnet: 'lb-mgmt-subnet', suffix: 'mgt' },
  public: { name: 'public-net', subnet: 'public-subnet', suffix: 'pub' },
  private: { name: 'private-net', subnet: 'private-subnet', suffix: 'prv' },
};
const NETWORK_PREFIX = 22;
const IPV6_NETWORK_PREFIX = 64;
const NETWORK_SIZE = 2 ** (32 - NETWORK_PREFIX);
/** What OpenStack's networks on plain Ethernet have; amphorae behave as they will there. */
const MTU = 1500;

/** Lowest priority there is: any real route wins, and without one nothing of the block leaves by the default route. */
export const GUARD_METRIC = 4294967294;

export const tagOf = (realStateDir: string): string =>
  createHash('sha256').update(realStateDir).digest('hex').slice(0, 6);

/** Name of the host's end of a port's veth pair: 15 characters, the most an interface name may have. */
export const hostInterface = (tag: string, portId: string): string =>
  `o${tag}${portId.replaceAll('-', '').slice(0, 8)}`;

/** Everything that follows from tag and block. Pure. */
export function describeInstance(parts: Pick<LocalInstance, 'tag' | 'stateDir' | 'block' | 'netns'>): LocalInstance {
  const range = parseCidr(parts.block);
  if (!range) throw new OctaviaError('INSTANCE_DAMAGED', { file: instanceFile(parts.stateDir) });
  const ipv6Start = `fd${parts.tag.slice(0, 2)}:${parts.tag.slice(2)}`.replaceAll(/:0+(?=.)/g, ':');
  const describeIpv6 = (subnet: string, position: number): LocalSubnet => ({
    id: deterministicUuid(parts.tag, `${subnet}-ipv6`),
    name: `${subnet}-ipv6`,
    cidr: `${ipv6Start}:0:${position}::/${IPV6_NETWORK_PREFIX}`,
    prefixLength: IPV6_NETWORK_PREFIX,
    gatewayIp: `${ipv6Start}:0:${position}::1`,
  });
  const describe = (kind: LocalNetworkKind, position: number): LocalNetwork => {
    const { name, subnet, suffix } = SHAPES[kind];
    const first = range.first + position * NETWORK_SIZE;
    return {
      id: deterministicUuid(parts.tag, name),
      name,
      bridge: `o${parts.tag}${suffix}`,
      mtu: MTU,
      subnet: {
        id: deterministicUuid(parts.tag, subnet),
        name: subnet,
        cidr: `${formatIpv4(first)}/${NETWORK_PREFIX}`,
        prefixLength: NETWORK_PREFIX,
        gatewayIp: formatIpv4(first + 1),
      },
      ipv6Subnet: kind === 'management' ? null : describeIpv6(subnet, position),
    };
  };
  return {
    ...parts,
    ipv6Block: `${ipv6Start}::/48`,
    networks: { management: describe('management', 0), public: describe('public', 1), private: describe('private', 2) },
  };
}

const instanceFile = (stateDir: string): string => join(stateDir, 'instance.json');

/** Empty when the text is no JSON object: the checks behind then refuse it with the file's name. */
function parseObject(text: string): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

/**
 * The instance of a state directory that lost its instance.json, from what is there: its tag follows from the path, its block
 * from the address of its bridge. `gatewayIp`: address of the management bridge, null when it is gone.
 */
export function inferInstance(stateDir: string, gatewayIp: string | null, netns: string | null): LocalInstance {
  const tag = tagOf(stateDir);
  // Without bridges the block names nothing any more, and any will do.
  const first = gatewayIp === null ? '198.18.0.0' : formatIpv4(parseCidr(`${gatewayIp}/20`)?.first ?? 0);
  return describeInstance({ tag, stateDir, block: `${first}/20`, netns });
}

/** The instance a state directory holds; null when none was started there yet. Touches nothing. */
export async function readInstance(stateDir: string): Promise<LocalInstance | null> {
  const text = await readTextIfPresent(instanceFile(stateDir));
  if (text === null) return null;
  const { tag, block, netns } = parseObject(text);
  if (typeof tag !== 'string' || !/^[0-9a-f]{6}$/.test(tag) || typeof block !== 'string') {
    throw new OctaviaError('INSTANCE_DAMAGED', { file: instanceFile(stateDir) });
  }
  const real = await realpath(stateDir);
  return describeInstance({ tag, stateDir: real, block, netns: typeof netns === 'string' ? netns : null });
}

/** @throws OctaviaError LOCAL_CLOUD_MISSING when none was started in the state directory */
export async function requireInstance(stateDir: string): Promise<LocalInstance> {
  const instance = await readInstance(stateDir);
  if (instance) return instance;
  throw new OctaviaError('LOCAL_CLOUD_MISSING', { stateDir });
}

/** CIDRs this network namespace already knows, from addresses and routes. */
export async function occupiedNetworks(): Promise<{ cidr: string; device: string | null; type: string }[]> {
  const [addresses, routes] = await Promise.all([listAddresses(), listRoutes()]);
  return [
    ...addresses.map(({ address, device }) => ({ cidr: address, device, type: 'address' })),
    ...routes
      .filter(({ destination }) => destination !== 'default')
      .map(({ destination, device, type }) => ({ cidr: destination, device, type })),
  ];
}

/** Held while blocks are chosen and bridges are made, by every instance in the network namespace. */
export const HOST_NETWORK_LOCK = 'local-cloud';

async function persist(instance: LocalInstance): Promise<void> {
  const { tag, block, netns } = instance;
  const file = instanceFile(instance.stateDir);
  await writeFile(`${file}.new`, `${JSON.stringify({ tag, block, netns }, null, 2)}\n`, { mode: 0o600 });
  await rename(`${file}.new`, file);
}

/**
 * The instance of a state directory; at the first call chooses its block, claims it with the guarding route and writes
 * instance.json. Creates the directory. @throws OctaviaError NO_FREE_BLOCK when no block is free
 */
export async function loadInstance(options: InstanceOptions): Promise<LocalInstance> {
  await mkdir(options.stateDir, { recursive: true });
  const stateDir = await realpath(options.stateDir);
  return withHostLock(HOST_NETWORK_LOCK, async () => {
    const netns = options.netns ?? null;
    const known = await readInstance(stateDir);
    if (known) {
      const instance = { ...known, netns };
      if (known.netns !== netns) await persist(instance);
      return instance;
    }
    const tag = tagOf(stateDir);
    const occupied = (await occupiedNetworks()).map((entry) => entry.cidr);
    const block = chooseBlock(options.subnetRange, tag, occupied);
    const instance = describeInstance({ tag, stateDir, block, netns });
    // Another instance that starts now sees the claim before our bridges exist.
    await ipBatch([`route replace unreachable ${block} metric ${GUARD_METRIC}`]);
    await persist(instance);
    return instance;
  });
}
