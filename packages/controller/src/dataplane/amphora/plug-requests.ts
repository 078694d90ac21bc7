import type {
  AdditionalVipRequest,
  FixedIpRequest,
  PlugNetworkRequest,
  PlugVipRequest,
} from '@octavia/amphora/protocol/agent-api';
import type { Amphora } from '../../domain/resources.ts';
import type { AdditionalVipPlug, PluggedPort, PluggedVip } from '../interface.ts';

/** The port's own address in the plugged subnet; null when it has none there. */
function ownAddress({ port, subnet }: PluggedPort): string | null {
  return port.fixedIps.find((fixed) => fixed.subnetId === subnet.id)?.ipAddress ?? null;
}

/** The VIP is the amphora's HA address; a port that is the VIP's own carries it as its fixed address. */
export function vipAddress(amphora: Amphora, plugged: PluggedPort): string | null {
  return amphora.haIp ?? ownAddress(plugged);
}

/** STANDALONE amphorae hold the VIPs all the time; otherwise keepalived decides who does. */
function keepalivedHoldsVips({ role }: Amphora): boolean {
  return role === 'MASTER' || role === 'BACKUP';
}

function additionalVip(plugged: PluggedVip, { subnet, address }: AdditionalVipPlug): AdditionalVipRequest {
  const own = ownAddress({ ...plugged, subnet });
  return {
    ip_address: address,
    subnet_cidr: subnet.cidr,
    gateway: subnet.gatewayIp,
    host_routes: subnet.hostRoutes,
    ...(own === null || own === address ? {} : { vrrp_ip: own }),
  };
}

export function plugVipRequest(vip: string, amphora: Amphora, plugged: PluggedVip): PlugVipRequest {
  const { port, subnet, mtu, additional = [] } = plugged;
  const own = ownAddress(plugged);
  return {
    subnet_cidr: subnet.cidr,
    gateway: subnet.gatewayIp,
    mac_address: port.macAddress,
    mtu,
    host_routes: subnet.hostRoutes,
    ...(own === null || own === vip ? {} : { vrrp_ip: own }),
    ...(additional.length === 0 ? {} : { additional_vips: additional.map((extra) => additionalVip(plugged, extra)) }),
    keepalived: keepalivedHoldsVips(amphora),
  };
}

export function plugNetworkRequest({ port, subnet, mtu }: PluggedPort): PlugNetworkRequest {
  const fixedIps = port.fixedIps
    .filter((fixed) => fixed.subnetId === subnet.id)
    .map(
      (fixed): FixedIpRequest => ({
        ip_address: fixed.ipAddress,
        subnet_cidr: subnet.cidr,
        gateway: subnet.gatewayIp,
        host_routes: subnet.hostRoutes,
      }),
    );
  return { mac_address: port.macAddress, fixed_ips: fixedIps, mtu };
}
