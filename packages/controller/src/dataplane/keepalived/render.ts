/** The VRRP of one amphora of an active-standby load balancer. */
import { isIP } from 'node:net';
import { vrrpFiles } from '@octavia/protocol/vrrp-files';
import type { Amphora, LoadBalancerTree } from '../../domain/resources.ts';
import type { VrrpGroup } from '../interface.ts';
import { type Block, block, entry, type KeepalivedConfig, type Line, line, value } from './config.ts';
import type { KeepalivedOptions } from './options.ts';

const SCRIPT = 'check_script';
const STATE_FILE = 'haproxy_state';

/** The standby takes over when it has missed so many advertisements: with one a second, within the third second. */
const MISSED_ADVERTISEMENTS = 2;

const DEFAULT_ROUTER_ID = 1;
const DEFAULT_PRIORITY = { MASTER: 100, BACKUP: 90, STANDALONE: 100 } as const;

/** Policy routing of the VIPs: the agent keeps the table, keepalived moves the rules together with the VIPs. */
const VIP_TABLE = 1;
const RULE_PRIORITY = 100;

/** An amphora that cannot hold the VIPs, for want of what keepalived must know. The message says what is missing. */
export class VrrpIncompleteError extends Error {}

const hostCidr = (address: string): string => `${address}/${isIP(address) === 6 ? 128 : 32}`;

function required<T>(given: T | null, what: string): T {
  if (given === null) throw new VrrpIncompleteError(`it has no ${what}`);
  return given;
}

function globalBlock(amphora: Amphora): Block {
  // keepalived runs scripts of root only when nobody else could have changed them.
  return block('global_defs', [
    line('router_id', amphora.id),
    line('script_user', 'root', 'root'),
    line('enable_script_security'),
    // The interface may go and come back, as with a machine's port that is detached and attached again.
    line('dynamic_interfaces'),
  ]);
}

function checkBlocks(options: KeepalivedOptions): Block[] {
  const files = vrrpFiles(options.basePath);
  return [
    block('track_file', [line('file', value(files.haproxyState)), line('weight', 0)], STATE_FILE),
    block(
      'vrrp_script',
      [
        line('script', value(files.checkScript)),
        line('interval', options.checkInterval),
        line('fall', options.failCount),
        line('rise', options.successCount),
      ],
      SCRIPT,
    ),
  ];
}

/** Amphorae that are leaving do not get advertisements. */
function peersOf(amphora: Amphora, tree: LoadBalancerTree, version: number): string[] {
  return tree.amphorae
    .filter((peer) => peer.id !== amphora.id && peer.status !== 'DELETED' && peer.status !== 'PENDING_DELETE')
    .map((peer) => peer.vrrpIp)
    .filter((address) => address !== null && isIP(address) === version)
    .toSorted() as string[];
}

/** VRRP has passwords for IPv4 only. */
function authentication(group: VrrpGroup, version: number): Block[] {
  if (version === 6) return [];
  return [block('authentication', [line('auth_type', group.authType), line('auth_pass', value(group.authPass))])];
}

/**
 * Without a peer keepalived advertises to everybody and wants no address of ours named. Amphorae of other load balancers
 * drop that: their own peers, password and VIPs are others.
 */
function unicast(own: string, peers: string[]): (Line | Block)[] {
  if (peers.length === 0) return [];
  const list = peers.map((address) => entry(address));
  return [line('unicast_src_ip', own), block('unicast_peer', list)];
}

function addressBlocks(vips: readonly string[], device: string): Block[] {
  const [first = '', ...others] = vips;
  const addresses = (list: readonly string[]): Line[] => list.map((ip) => entry(hostCidr(ip), 'dev', device));
  const rules = vips.map((ip) => entry('from', hostCidr(ip), 'table', VIP_TABLE, 'priority', RULE_PRIORITY));
  return [
    // Only these are compared between the amphorae, and they are all of one IP version. The rest goes along.
    block('virtual_ipaddress', addresses([first])),
    ...(others.length === 0 ? [] : [block('virtual_ipaddress_excluded', addresses(others))]),
    block('virtual_rules', rules),
  ];
}

/**
 * Both amphorae begin as BACKUP and the priority decides who becomes master: keepalived ignores `nopreempt` in an
 * instance that begins as MASTER, and a recovered amphora that took the VIPs back would break all connections once more.
 *
 * @throws VrrpIncompleteError when the amphora lacks its VRRP address or interface
 */
export function renderKeepalived(
  tree: LoadBalancerTree,
  amphora: Amphora,
  group: VrrpGroup,
  options: KeepalivedOptions,
): KeepalivedConfig {
  const own = required(amphora.vrrpIp, 'VRRP address');
  const device = required(amphora.vrrpInterface, 'VRRP interface');
  const { vip, additionalVips } = tree.loadBalancer;
  const version = isIP(own);
  if (version !== isIP(vip.address)) {
    throw new VrrpIncompleteError(`its VRRP address ${own} is of another IP version than the VIP ${vip.address}`);
  }
  const vips = [vip.address, ...additionalVips.map((extra) => extra.ipAddress)];
  const priority = amphora.vrrpPriority ?? DEFAULT_PRIORITY[amphora.role ?? 'BACKUP'];
  const instance = block(
    'vrrp_instance',
    [
      line('state', 'BACKUP'),
      line('interface', device),
      line('virtual_router_id', amphora.vrrpId ?? DEFAULT_ROUTER_ID),
      line('priority', priority),
      line('nopreempt'),
      line('accept'),
      line('garp_master_refresh', options.garpRefreshInterval),
      line('garp_master_refresh_repeat', options.garpRefreshCount),
      line('advert_int', group.advertInt),
      line('down_timer_adverts', MISSED_ADVERTISEMENTS),
      ...authentication(group, version),
      ...unicast(own, peersOf(amphora, tree, version)),
      ...addressBlocks(vips, device),
      block('track_script', [entry(SCRIPT)]),
      block('track_file', [entry(STATE_FILE)]),
    ],
    group.name,
  );
  return { blocks: [globalBlock(amphora), ...checkBlocks(options), instance] };
}
