import { isIP, isIPv6 } from 'node:net';
import type { LoadBalancer } from '../../domain/resources.ts';
import { OctaviaError } from '../../errors.ts';

/** HAProxy would take anything else for a host name and resolve it, or for a socket path. Zones are of no use here. */
function requireAddress(address: string, keyword: string): string {
  if (isIP(address) === 0 || address.includes('%')) throw new OctaviaError('UNSAFE_CONFIGURATION_VALUE', { keyword });
  return address;
}

/** Without brackets HAProxy takes the last group of an IPv6 address for a port. */
export function hostText(address: string, keyword: string): string {
  requireAddress(address, keyword);
  return isIPv6(address) ? `[${address}]` : address;
}

export function endpointText(address: string, port: number, keyword: string): string {
  return `${hostText(address, keyword)}:${port}`;
}

/** @throws OctaviaError UNSAFE_CONFIGURATION_VALUE unless the text is `address/prefix length` */
export function networkText(cidr: string, keyword: string): string {
  const [address = '', length = '', ...rest] = cidr.split('/');
  requireAddress(address, keyword);
  const most = isIPv6(address) ? 128 : 32;
  if (rest.length > 0 || !/^\d{1,3}$/.test(length) || Number(length) > most) {
    throw new OctaviaError('UNSAFE_CONFIGURATION_VALUE', { keyword });
  }
  return cidr;
}

/** All addresses that clients connect to. */
export function vipAddresses(loadBalancer: LoadBalancer): string[] {
  return [loadBalancer.vip.address, ...loadBalancer.additionalVips.map((vip) => vip.ipAddress)];
}
