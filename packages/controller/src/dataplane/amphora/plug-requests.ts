import type {
  AdditionalVipRequest,
  FixedIpRequest,
  PlugNetworkRequest,
  PlugVipRequest,
} from '@octavia/protocol/agent-api';
import type { Port, Subnet } from '../../clouds/network/interface.ts';
import type { Amphora } from '../../domain/resources.ts';
import type { AdditionalVipPlug, PluggedNetwork, PluggedVip } from '../interface.ts';

/** The port's own address in the subnet; null when it has none there. */
function ownAddress(port: Port, subnet: Subnet): string | null {
  return port.fixedIps.find((fixed) => fixed.subnetId === subnet.id)?.ipAddress ?? null;
}

/** The VIP is the amphora's HA address; a port that is the VIP's own carries it as its fixed address. */
export function vipAddress(amphora: Amphora, { port, subnet }: PluggedVip): string | null {
  return amphora.haIp ?? ownAddress(port, subnet);
}

/** STANDALONE amphorae hold the VIPs all the time; otherwise keepalived decides who does. */
function keepalivedHoldsVips({ role }: Amphora): boolean {
  return role === 'MASTER' || role === 'BACKUP';
}

/** In order of the subnets: where two know the way to one place, the first is taken. */
const fixedIps = (port: Port, subnets: readonly Subnet[]): FixedIpRequest[] =>
  subnets.flatMap((subnet) =>
    port.fixedIps
      .filter((fixed) => fixed.subnetId === subnet.id)
      .map(({ ipAddress }) => ({
        ip_address: ipAddress,
        subnet_cidr: subnet.cidr,
        gateway: subnet.gatewayIp,
        host_routes: subnet.hostRoutes,
      })),
  );

function additionalVip(port: Port, { subnet, address }: AdditionalVipPlug): AdditionalVipRequest {
  const own = ownAddress(port, subnet);
  return {
    ip_address: address,
    subnet_cidr: subnet.cidr,
    gateway: subnet.gatewayIp,
    host_routes: subnet.hostRoutes,
    ...(own === null || own === address ? {} : { vrrp_ip: own }),
  };
}

export function plugVipRequest(vip: string, amphora: Amphora, plugged: PluggedVip): PlugVipRequest {
  const { port, subnet, mtu, additional = [], memberSubnets } = plugged;
  const own = ownAddress(port, subnet);
  return {
    subnet_cidr: subnet.cidr,
    gateway: subnet.gatewayIp,
    mac_address: port.macAddress,
    mtu,
    host_routes: subnet.hostRoutes,
    ...(own === null || own === vip ? {} : { vrrp_ip: own }),
    ...(additional.length === 0 ? {} : { additional_vips: additional.map((extra) => additionalVip(port, extra)) }),
    ...(memberSubnets.length === 0 ? {} : { fixed_ips: fixedIps(port, memberSubnets) }),
    keepalived: keepalivedHoldsVips(amphora),
  };
}

/** What was plugged as the VIP's port, as agents of OpenStack take it when it changes. */
export function vipAgain(vip: string, { fixed_ips = [], ...request }: PlugVipRequest): PlugNetworkRequest {
  const { mac_address, mtu, ...info } = request;
  return {
    mac_address,
    ...(mtu === undefined ? {} : { mtu }),
    fixed_ips,
    vip_net_info: { ...info, mac_address, vip },
  };
}

export function plugNetworkRequest({ port, subnets, mtu }: PluggedNetwork): PlugNetworkRequest {
  return { mac_address: port.macAddress, fixed_ips: fixedIps(port, subnets), mtu };
}
