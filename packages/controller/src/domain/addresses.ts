/** Addresses and networks as text: parsing to the canonical spelling, so that equal things compare equal. */
import { isIPv6 } from 'node:net';
import ipaddr from 'ipaddr.js';

/** Nearly all addresses are; the general parser takes many times as long. */
const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/;

/** ipaddr.js takes every IPv6 address that ends in an IPv4 one for an IPv4-mapped one: it gets groups alone. */
function inGroups(text: string): string {
  if (!text.includes(':') || !text.includes('.')) return text;
  return text.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)/, (_, ...octets) => {
    const [a = 0, b = 0, c = 0, d = 0] = octets.map(Number);
    return `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
  });
}

/** @param address canonical */
export const addressBytes = (address: string): number[] => ipaddr.parse(inGroups(address)).toByteArray();

/**
 * Canonical text (RFC 5952 for IPv6), or null when the text is no plain IPv4 or IPv6 address (zone ids are refused). The
 * database spells addresses the same way: what was read of it compares equal to what a request says.
 */
export function canonicalAddress(text: string): string | null {
  if (IPV4.test(text)) return text;
  if (!isIPv6(text) || text.includes('%')) return null;
  const address = ipaddr.IPv6.parse(inGroups(text));
  return withIpv4(address.parts) ?? address.toRFC5952String();
}

/** IPv4-mapped and IPv4-compatible addresses end in the IPv4 one (RFC 5952, 5); `::` and `::1` are neither. */
function withIpv4(groups: readonly number[]): string | null {
  const [high = 0, low = 0] = groups.slice(6);
  if (groups.slice(0, 5).some((group) => group !== 0)) return null;
  const isMapped = groups[5] === 0xffff;
  if (!isMapped && (groups[5] !== 0 || high === 0)) return null;
  return `::${isMapped ? 'ffff:' : ''}${[high >> 8, high & 0xff, low >> 8, low & 0xff].join('.')}`;
}

export function ipVersion(address: string): 4 | 6 {
  return address.includes(':') ? 6 : 4;
}

const SHORT_IPV4 = /^(\d{1,3}(?:\.\d{1,3}){0,2})\/(\d{1,2})$/;

/** `198.51.100/24` means `198.51.100.0/24`: the cookbook of the product uses the shortened form. */
function lengthen(text: string): string {
  const match = SHORT_IPV4.exec(text);
  if (!match) return text;
  const octets = match[1]!.split('.');
  while (octets.length < 4) octets.push('0');
  return `${octets.join('.')}/${match[2]}`;
}

/**
 * The network of a CIDR: host bits cleared, bare addresses become `/32` or `/128`, shortened IPv4 is completed.
 * Null when the text is not a CIDR.
 */
export function canonicalCidr(text: string): string | null {
  const [addressText, prefixText, ...rest] = lengthen(text).split('/');
  const address = canonicalAddress(addressText ?? '');
  if (address === null || rest.length > 0) return null;
  const width = ipVersion(address) === 4 ? 32 : 128;
  if (prefixText !== undefined && !/^\d{1,3}$/.test(prefixText)) return null;
  const prefix = prefixText === undefined ? width : Number(prefixText);
  if (prefix > width) return null;
  const network =
    width === 32
      ? ipaddr.IPv4.networkAddressFromCIDR(`${address}/${prefix}`).toString()
      : canonicalAddress(ipaddr.IPv6.networkAddressFromCIDR(`${inGroups(address)}/${prefix}`).toString())!;
  return `${network}/${prefix}`;
}

const NOBODYS = new Set(['unspecified', 'multicast', 'broadcast']);

/** False for addresses that nobody can connect to: 0.0.0.0/8, ::, multicast and broadcast. @param address canonical */
export function isHost(address: string): boolean {
  if (ipVersion(address) === 6) return !NOBODYS.has(ipaddr.process(inGroups(address)).range());
  const first = Number.parseInt(address, 10);
  return first !== 0 && !(first >= 224 && first < 240) && address !== '255.255.255.255';
}

/** Whether a canonical address lies in a CIDR of the same IP version. */
export function cidrContains(cidr: string, address: string): boolean {
  const [network, prefix] = ipaddr.parseCIDR(inGroups(cidr));
  const parsed = ipaddr.parse(inGroups(address));
  return network.kind() === parsed.kind() && parsed.match([network, prefix]);
}
