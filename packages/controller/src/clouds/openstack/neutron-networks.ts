/** Networks, subnets and what else tenants name of Neutron. */
import type { Network, Subnet } from '../network/interface.ts';
import { type Fields, fields, list, number, optionalText, text, texts } from './answer.ts';
import type { Ask } from './neutron.ts';

const NETWORK_FIELDS = ['id', 'name', 'mtu', 'subnets', 'port_security_enabled'];
/** How addresses of IPv6 come about: by router advertisements, or from what says what is advertised. */
const MODES = ['ipv6_address_mode', 'ipv6_ra_mode'];
const SUBNET_FIELDS = ['id', 'name', 'network_id', 'cidr', 'gateway_ip', 'ip_version', 'host_routes', ...MODES];

/** Modes in which hosts form their addresses themselves, and Neutron for them. */
const FORMED: readonly unknown[] = ['slaac', 'dhcpv6-stateless'];

/** Ethernet's: for networks of a Neutron that names none. */
const MTU = 1500;

function network(from: Fields): Network {
  const { mtu, port_security_enabled: filtered } = from;
  return {
    id: text(from, 'id'),
    name: optionalText(from, 'name') ?? '',
    mtu: typeof mtu === 'number' && mtu > 0 ? mtu : MTU,
    subnetIds: texts(from, 'subnets'),
    ...(typeof filtered === 'boolean' ? { portSecurityEnabled: filtered } : {}),
  };
}

function subnet(from: Fields): Subnet {
  return {
    id: text(from, 'id'),
    name: optionalText(from, 'name') ?? '',
    networkId: text(from, 'network_id'),
    cidr: text(from, 'cidr'),
    gatewayIp: optionalText(from, 'gateway_ip'),
    ipVersion: number(from, 'ip_version') === 6 ? 6 : 4,
    hostRoutes: list(from, 'host_routes').map((route) => ({
      destination: text(route, 'destination'),
      nexthop: text(route, 'nexthop'),
    })),
    ...(MODES.some((mode) => FORMED.includes(from[mode])) ? { addressesEveryPort: true } : {}),
  };
}

const one =
  <T>(name: string, read: (from: Fields) => T) =>
  (body: unknown): T =>
    read(fields(fields(body, 'the answer')[name], name));

const all =
  <T>(name: string, read: (from: Fields) => T) =>
  (body: unknown): T[] =>
    list(fields(body, 'the answer'), name).map(read);

/** Names of fields as Neutron takes them: each by itself. */
const only = (names: readonly string[]): string => names.map((name) => `fields=${name}`).join('&');

const byId = <T>(ask: Ask, path: string, read: (body: unknown) => T): Promise<T> => ask({ method: 'GET', path, read });

const idOf = (id: string): string => encodeURIComponent(id);

/** @throws OctaviaError OPENSTACK_NOT_FOUND, … */
export const showNetwork = (ask: Ask, id: string): Promise<Network> =>
  byId(ask, `/networks/${idOf(id)}?${only(NETWORK_FIELDS)}`, one('network', network));

/** @throws OctaviaError OPENSTACK_NOT_FOUND, … */
export const showSubnet = (ask: Ask, id: string): Promise<Subnet> =>
  byId(ask, `/subnets/${idOf(id)}?${only(SUBNET_FIELDS)}`, one('subnet', subnet));

export const listNetworks = (ask: Ask): Promise<Network[]> =>
  byId(ask, `/networks?${only(NETWORK_FIELDS)}`, all('networks', network));

export const listSubnets = (ask: Ask): Promise<Subnet[]> =>
  byId(ask, `/subnets?${only(SUBNET_FIELDS)}`, all('subnets', subnet));

/** @throws OctaviaError OPENSTACK_NOT_FOUND, … */
export const showQosPolicy = (ask: Ask, id: string): Promise<string> =>
  byId(
    ask,
    `/qos/policies/${idOf(id)}?fields=id`,
    one('policy', (from) => text(from, 'id')),
  );

/** @throws OctaviaError OPENSTACK_NOT_FOUND, … */
export const showSecurityGroup = (ask: Ask, id: string): Promise<string> =>
  byId(
    ask,
    `/security-groups/${idOf(id)}?fields=id`,
    one('security_group', (from) => text(from, 'id')),
  );

/** Free addresses of the subnets of a network. For administrators. @throws OctaviaError OPENSTACK_… */
export function freeAddresses(ask: Ask, networkId: string): Promise<ReadonlyMap<string, number>> {
  const path = `/network-ip-availabilities/${idOf(networkId)}`;
  const read = one('network_ip_availability', (from) => {
    const subnets = list(from, 'subnet_ip_availability');
    return new Map(
      subnets.map((each) => [text(each, 'subnet_id'), number(each, 'total_ips') - number(each, 'used_ips')] as const),
    );
  });
  return ask({ method: 'GET', path, read });
}
