/** What one interface in the traffic namespace should look like. Derived from a plug request, kept for the next boot. */
import type {
  FixedIpRequest,
  HostRoute,
  PlugNetworkRequest,
  PlugVipRequest,
  VipOfPort,
} from '@octavia/protocol/agent-api';
import { hostCidr, type IpAddress, type IpNetwork, parseCidr, parseIp, parseMac } from './ip-address.ts';

interface PlannedAddress {
  /** Address with prefix length. */
  cidr: string;
  /** False: keepalived moves this address between amphorae, so the agent neither adds nor removes it. */
  owned: boolean;
}

export interface PlannedRoute {
  version: 4 | 6;
  /** Network, or `default`. */
  destination: string;
  gateway?: string;
  table?: number;
  /** Address to speak from; left out: the kernel's choice. */
  source?: string;
}

interface PlannedRule {
  /** Source network whose traffic uses the table. */
  from: string;
  table: number;
}

export interface InterfacePlan {
  kind: 'vip' | 'network';
  /** Name inside the namespace: eth1, eth2, … */
  name: string;
  mac: string;
  mtu?: number;
  /** The VIPs among the addresses, without prefix length. */
  vips: string[];
  addresses: PlannedAddress[];
  routes: PlannedRoute[];
  /** Those that stay; keepalived moves rules with the VIPs it owns. */
  rules: PlannedRule[];
}

/** Answers of VIP traffic leave through the VIP's own gateway even when the client sits in a member network. */
const VIP_TABLE = 1;

export class PlanError extends Error {
  readonly kind: 'address' | 'subnet' | 'mac';

  constructor(kind: 'address' | 'subnet' | 'mac', message: string) {
    super(message);
    this.name = 'PlanError';
    this.kind = kind;
  }
}

function address(text: string, what: string): IpAddress {
  const ip = parseIp(text);
  if (ip === null) throw new PlanError('address', `${what} "${text}" is not an IP address`);
  return ip;
}

function network(text: string, version: 4 | 6 | null, what: string): IpNetwork {
  const parsed = parseCidr(text);
  if (parsed === null || (version !== null && parsed.version !== version)) {
    throw new PlanError('subnet', `${what} "${text}" is not a network of the right IP version`);
  }
  return parsed;
}

function gatewayOf(text: string, version: 4 | 6): string {
  const ip = parseIp(text);
  if (ip === null || ip.version !== version) throw new PlanError('subnet', `gateway "${text}" is not usable`);
  return ip.text;
}

function macOf(text: string): string {
  const mac = parseMac(text);
  if (mac === null) throw new PlanError('mac', `"${text}" is not a MAC address`);
  return mac;
}

/** Of two in one table that lead to the same place the kernel keeps the last, so the first must be the only one. */
const isSameWay = (one: PlannedRoute, other: PlannedRoute): boolean =>
  one.version === other.version && one.destination === other.destination && one.table === other.table;

function hostRoutes(routes: HostRoute[], version: 4 | 6): PlannedRoute[] {
  return routes.map(({ destination, nexthop }) => {
    const target = network(destination, version, 'host route');
    return {
      version,
      destination: target.prefixLength === 0 ? 'default' : target.text,
      gateway: gatewayOf(nexthop, version),
    };
  });
}

interface VipSource {
  vip: IpAddress;
  subnetCidr: string;
  gateway?: string | null | undefined;
  hostRoutes: HostRoute[];
  vrrpIp?: string | undefined;
}

function addVip(plan: InterfacePlan, source: VipSource, keepalivedOwnsVips: boolean): void {
  const { vip } = source;
  const { version } = vip;
  const subnet = network(source.subnetCidr, version, 'subnet');
  const own = source.vrrpIp === undefined ? null : address(source.vrrpIp, 'vrrp_ip');
  if (own !== null && own.version !== version) {
    throw new PlanError('subnet', 'vrrp_ip and VIP have different IP versions');
  }
  plan.vips.push(vip.text);
  plan.addresses.push(...vipAddresses(vip, own, subnet.prefixLength, keepalivedOwnsVips));
  plan.routes.push({ version, destination: subnet.text, table: VIP_TABLE });
  if (source.gateway) {
    const gateway = gatewayOf(source.gateway, version);
    plan.routes.push({ version, destination: 'default', gateway });
    plan.routes.push({ version, destination: 'default', gateway, table: VIP_TABLE });
  }
  for (const route of hostRoutes(source.hostRoutes, version)) {
    plan.routes.push(route, { ...route, table: VIP_TABLE });
  }
  if (!keepalivedOwnsVips) plan.rules.push({ from: hostCidr(vip), table: VIP_TABLE });
}

/** The port's own address carries the subnet's prefix length. A VIP that is the own address too does so itself. */
function vipAddresses(vip: IpAddress, own: IpAddress | null, prefix: number, keepalived: boolean): PlannedAddress[] {
  const ownAddress = own === null || own.text === vip.text ? null : { cidr: `${own.text}/${prefix}`, owned: true };
  if (keepalived) return [...(ownAddress ? [ownAddress] : []), { cidr: hostCidr(vip), owned: false }];
  if (ownAddress === null) return [{ cidr: `${vip.text}/${prefix}`, owned: true }];
  return [ownAddress, { cidr: hostCidr(vip), owned: true }];
}

/**
 * @param keepalivedOwnsVips active-standby: VIPs are put on the interface by keepalived, the port's own addresses here
 * @throws PlanError for values that are no addresses or do not fit together
 */
export function planVip(ip: string, request: PlugVipRequest, name: string, keepalivedOwnsVips: boolean): InterfacePlan {
  const plan = emptyPlan('vip', name, request.mac_address, request.mtu);
  const primary = {
    vip: address(ip, 'VIP'),
    subnetCidr: request.subnet_cidr,
    gateway: request.gateway,
    hostRoutes: request.host_routes ?? [],
    vrrpIp: request.vrrp_ip,
  };
  addVip(plan, primary, keepalivedOwnsVips);
  for (const extra of request.additional_vips ?? []) {
    const source = {
      vip: address(extra.ip_address, 'additional VIP'),
      subnetCidr: extra.subnet_cidr,
      gateway: extra.gateway,
      hostRoutes: extra.host_routes ?? [],
      vrrpIp: extra.vrrp_ip,
    };
    addVip(plan, source, keepalivedOwnsVips);
  }
  for (const fixed of request.fixed_ips ?? []) addFixedIp(plan, fixed);
  return checkMtu(plan);
}

/** The VIP's port, told as a member network: what the VIP itself brings is left out of the port's addresses. @throws PlanError */
export function planVipOfPort(
  { vip, ...info }: VipOfPort,
  { fixed_ips = [], mtu }: PlugNetworkRequest,
  name: string,
  keepalivedOwnsVips: boolean,
): InterfacePlan {
  const known = [
    vip,
    info.vrrp_ip,
    ...(info.additional_vips ?? []).flatMap((extra) => [extra.ip_address, extra.vrrp_ip]),
  ];
  const texts = known.map((text) => (text === undefined ? undefined : parseIp(text)?.text));
  const others = fixed_ips.filter(({ ip_address }) => !texts.includes(parseIp(ip_address)?.text));
  const request = { ...info, ...(mtu === undefined ? {} : { mtu }), fixed_ips: others };
  return planVip(vip, request, name, keepalivedOwnsVips);
}

/** Addresses of the plan come and go while HAProxy must stay bound to them. */
export function hasLeasedVips(plan: InterfacePlan): boolean {
  return plan.addresses.some((address) => !address.owned);
}

/** A member network gets no default route: that one belongs to the VIP. @throws PlanError */
export function planNetwork(request: PlugNetworkRequest, name: string): InterfacePlan {
  const plan = emptyPlan('network', name, request.mac_address, request.mtu);
  for (const fixed of request.fixed_ips ?? []) addFixedIp(plan, fixed);
  return checkMtu(plan);
}

const SMALLEST_IPV6_MTU = 1280;

/** The kernel takes IPv6 addresses silently away from an interface with a smaller one. */
function checkMtu(plan: InterfacePlan): InterfacePlan {
  const small = plan.mtu !== undefined && plan.mtu < SMALLEST_IPV6_MTU;
  if (small && plan.addresses.some((item) => item.cidr.includes(':'))) {
    throw new PlanError('subnet', `IPv6 needs an MTU of at least ${SMALLEST_IPV6_MTU}`);
  }
  return plan;
}

/**
 * Members of the subnet itself are reached by the address's own route. Behind its routers the kernel would, of several
 * IPv6 addresses, speak from the one most like the destination, perhaps one of another subnet.
 */
function addFixedIp(plan: InterfacePlan, fixed: FixedIpRequest): void {
  const ip = address(fixed.ip_address, 'fixed IP');
  const subnet = network(fixed.subnet_cidr, ip.version, 'subnet');
  plan.addresses.push({ cidr: `${ip.text}/${subnet.prefixLength}`, owned: true });
  for (const route of hostRoutes(fixed.host_routes ?? [], ip.version)) {
    if (!plan.routes.some((other) => isSameWay(other, route))) plan.routes.push({ ...route, source: ip.text });
  }
}

function emptyPlan(kind: 'vip' | 'network', name: string, mac: string, mtu: number | undefined): InterfacePlan {
  return {
    kind,
    name,
    mac: macOf(mac),
    ...(mtu === undefined ? {} : { mtu }),
    vips: [],
    addresses: [],
    routes: [],
    rules: [],
  };
}
