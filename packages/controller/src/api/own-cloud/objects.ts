/** Networks, subnets and ports in the words of Neutron. */
import type { Network, Port, Subnet } from '../../clouds/network/interface.ts';

export type NeutronObject = Readonly<Record<string, unknown>>;

/** Neutron knows the owner under two names. */
const owner = (project: string | null | undefined) => ({ project_id: project ?? '', tenant_id: project ?? '' });

export const networkObject = ({ id, name, mtu, subnetIds, reservedFor, ...rest }: Network): NeutronObject => ({
  id,
  name,
  mtu,
  subnets: subnetIds,
  shared: reservedFor === undefined,
  status: 'ACTIVE',
  admin_state_up: true,
  port_security_enabled: rest.portSecurityEnabled ?? true,
  'router:external': false,
  tags: [],
  ...owner(reservedFor),
});

export const subnetObject = ({ id, name, networkId, cidr, ...subnet }: Subnet): NeutronObject => ({
  id,
  name,
  network_id: networkId,
  cidr,
  gateway_ip: subnet.gatewayIp,
  ip_version: subnet.ipVersion,
  host_routes: subnet.hostRoutes,
  enable_dhcp: false,
  allocation_pools: [],
  dns_nameservers: [],
  tags: [],
  ...owner(subnet.reservedFor),
});

export const portObject = ({ id, name, networkId, macAddress, ...port }: Port): NeutronObject => ({
  id,
  name,
  network_id: networkId,
  mac_address: macAddress,
  fixed_ips: port.fixedIps.map(({ subnetId, ipAddress }) => ({ subnet_id: subnetId, ip_address: ipAddress })),
  device_id: port.deviceId,
  device_owner: port.deviceOwner,
  security_groups: port.securityGroupIds,
  qos_policy_id: port.qosPolicyId,
  status: port.deviceId === '' ? 'DOWN' : 'ACTIVE',
  admin_state_up: true,
  allowed_address_pairs: [],
  tags: [],
  ...owner(port.projectId),
});

/** Of QoS policies and security groups our networks know at most that they exist. */
export const namelessObject = (id: string): NeutronObject => ({
  id,
  name: '',
  description: '',
  tags: [],
  ...owner(null),
});
