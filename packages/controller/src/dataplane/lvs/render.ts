/**
 * A UDP or SCTP listener as a keepalived of its own, which programs the kernel's IPVS and checks the members.
 *
 * One process a listener: a change of one never touches the flows of another. Comments name the objects, as in the
 * original's files: the agent reads from them which member an entry of the kernel's table is.
 */
import { isIPv6 } from 'node:net';
import type {
  HealthMonitor,
  LbAlgorithm,
  Listener,
  LoadBalancerTree,
  Member,
  Pool,
  SessionPersistence,
} from '../../domain/resources.ts';
import { inOrder, openListeners, servedDefaultPool } from '../../domain/serving.ts';
import { isConnectionless } from '../../domain/validation/protocols.ts';
import { OctaviaError } from '../../errors.ts';
import {
  type Argument,
  type Block,
  block,
  comment,
  type Entry,
  entry,
  type KeepalivedConfig,
  type Line,
  line,
} from '../keepalived/config.ts';
import { address } from './address.ts';
import { checker } from './checker.ts';
import type { LvsOptions } from './options.ts';

type Family = 'ipv4' | 'ipv6';

/** Words of IPVS. Weighted round robin also where nothing else is known, as OpenStack Octavia does. */
const SCHEDULERS: Partial<Record<LbAlgorithm, string>> = {
  ROUND_ROBIN: 'wrr',
  LEAST_CONNECTIONS: 'lc',
  SOURCE_IP: 'sh',
};

const DEFAULT_PERSISTENCE_SECONDS = 360;
const WHOLE_ADDRESS: Record<Family, string> = { ipv4: '255.255.255.255', ipv6: '128' };
/** IPv4: a netmask. IPv6: the length of the prefix. */
const GRANULARITY: Record<Family, RegExp> = { ipv4: /^\d{1,3}(\.\d{1,3}){3}$/, ipv6: /^\d{1,3}$/ };

/** The kernel's share of the listeners that clients can reach. */
export const servedLvsListeners = (tree: LoadBalancerTree): Listener[] =>
  openListeners(tree).filter(({ protocol }) => isConnectionless(protocol));

const familyOf = (text: string): Family => (isIPv6(text) ? 'ipv6' : 'ipv4');

/** A netmask says nothing about IPv6 clients, and the other way round. */
function granularityOf({ persistenceGranularity: wanted }: SessionPersistence, family: Family): string {
  return wanted !== null && GRANULARITY[family].test(wanted) ? wanted : WHOLE_ADDRESS[family];
}

function persistence(given: SessionPersistence | null, family: Family): Line[] {
  if (given?.type !== 'SOURCE_IP') return [];
  return [
    line('persistence_timeout', given.persistenceTimeout ?? DEFAULT_PERSISTENCE_SECONDS),
    line('persistence_granularity', granularityOf(given, family)),
  ];
}

/** keepalived tells the kernel no granularity for the addresses of a group (2.2.7; later sources do the same). */
const fitsGroup = (given: SessionPersistence | null, family: Family): boolean =>
  given?.type !== 'SOURCE_IP' || granularityOf(given, family) === WHOLE_ADDRESS[family];

function realServer(member: Member, listener: Listener, monitor: HealthMonitor | null, options: LvsOptions): Block {
  return block(
    'real_server',
    [
      line('weight', member.weight),
      ...(listener.connectionLimit > 0 ? [line('uthreshold', listener.connectionLimit)] : []),
      ...(monitor === null ? [] : [checker(member, monitor, options)]),
    ],
    [address(member.address, 'real_server'), member.protocolPort],
  );
}

/** keepalived has room for one server of last resort. */
const sorryServer = (backups: readonly Member[]): Entry[] =>
  backups
    .slice(0, 1)
    .flatMap((member) => [
      comment(`Configuration for Member ${member.id}`),
      line('sorry_server', address(member.address, 'sorry_server'), member.protocolPort),
    ]);

function virtualServer(
  tree: LoadBalancerTree,
  listener: Listener,
  pool: Pool,
  family: Family,
  place: readonly Argument[],
  options: LvsOptions,
): Block {
  const all = inOrder(tree.members).filter(
    (member) => member.poolId === pool.id && familyOf(member.address) === family,
  );
  const members = all.filter((member) => member.adminStateUp);
  const preferred = members.filter((member) => !member.backup);
  // keepalived ignores a virtual server that has only one of last resort.
  const regular = preferred.length > 0 ? preferred : members;
  const monitor = inOrder(tree.healthMonitors).find((one) => one.poolId === pool.id && one.adminStateUp) ?? null;
  return block(
    'virtual_server',
    [
      line('lb_algo', SCHEDULERS[pool.lbAlgorithm] ?? 'wrr'),
      line('lb_kind', 'NAT'),
      line('protocol', listener.protocol),
      ...persistence(pool.sessionPersistence, family),
      comment(`Configuration for Pool ${pool.id}`),
      ...all.filter((member) => !member.adminStateUp).map((member) => comment(`Member ${member.id} is disabled`)),
      ...regular.flatMap((member) => [
        comment(`Configuration for Member ${member.id}`),
        realServer(member, listener, monitor, options),
      ]),
      ...sorryServer(members.filter((member) => !regular.includes(member))),
    ],
    place,
  );
}

/**
 * One listener's configuration. Without a pool its addresses alone: nothing answers then.
 *
 * @throws OctaviaError UNSAFE_CONFIGURATION_VALUE, PROVIDER_UNSUPPORTED_OPTION
 */
export function renderLvs(tree: LoadBalancerTree, listener: Listener, options: LvsOptions): KeepalivedConfig {
  if (!isConnectionless(listener.protocol)) {
    const detail = `${listener.protocol} listeners are not served by IPVS`;
    throw new OctaviaError('PROVIDER_UNSUPPORTED_OPTION', { provider: 'amphora', detail });
  }
  const { vip, additionalVips } = tree.loadBalancer;
  const vips = [vip.address, ...additionalVips.map((extra) => extra.ipAddress)];
  const pool = servedDefaultPool(tree, listener);
  const globals = [
    // Left out, keepalived asks the tenant's network for the amphora's name, and waits for an answer.
    line('router_id', listener.id),
    // It runs programs of root only when nobody else could have changed them.
    line('script_user', 'root', 'root'),
    line('enable_script_security'),
    // Otherwise a virtual server says it.
    ...(pool === null ? [comment(`Protocol ${listener.protocol}`)] : []),
  ];
  const blocks: Block[] = [block('global_defs', globals)];
  for (const family of ['ipv4', 'ipv6'] as const) {
    const own = vips.filter((text) => familyOf(text) === family);
    if (own.length === 0) continue;
    const { protocolPort: port } = listener;
    if (pool === null || fitsGroup(pool.sessionPersistence, family)) {
      const group = `${family}-group`;
      const entries = own.map((text) => entry(address(text, 'virtual_server_group'), port));
      blocks.push(block('virtual_server_group', entries, group));
      if (pool) blocks.push(virtualServer(tree, listener, pool, family, ['group', group], options));
      continue;
    }
    for (const text of own) {
      blocks.push(virtualServer(tree, listener, pool, family, [address(text, 'virtual_server'), port], options));
    }
  }
  return { blocks };
}
