/** Addresses and networks as text: parsing to the canonical spelling, so that equal things compare equal. */
import ipaddr from 'ipaddr.js';

/** Nearly all addresses are; the general parser takes many times as long. */
const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/;

/** Canonical text (RFC 5952 for IPv6), or null when the text is no plain IPv4 or IPv6 address (zone ids are refused). */
export function canonicalAddress(text: string): string | null {
  if (IPV4.test(text)) return text;
  if (text.includes('%') || !ipaddr.IPv6.isValid(text)) return null;
  return ipaddr.IPv6.parse(text).toRFC5952String();
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
      : ipaddr.IPv6.networkAddressFromCIDR(`${address}/${prefix}`).toRFC5952String();
  return `${network}/${prefix}`;
}

const NOBODYS = new Set(['unspecified', 'multicast', 'broadcast']);

/** False for addresses that nobody can connect to: 0.0.0.0/8, ::, multicast and broadcast. @param address canonical */
export function isHost(address: string): boolean {
  if (ipVersion(address) === 6) return !NOBODYS.has(ipaddr.process(address).range());
  const first = Number.parseInt(address, 10);
  return first !== 0 && !(first >= 224 && first < 240) && address !== '255.255.255.255';
}

/** Whether a canonical address lies in a CIDR of the same IP version. */
export function cidrContains(cidr: string, address: string): boolean {
  const [network, prefix] = ipaddr.parseCIDR(cidr);
  const parsed = ipaddr.parse(address);
  return network.kind() === parsed.kind() && parsed.match([network, prefix]);
}
