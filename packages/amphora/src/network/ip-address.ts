/** IPv4 and IPv6 addresses and networks as the agent needs them: parse, compare, write canonically. */
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

export interface IpAddress {
  version: 4 | 6;
  /** Canonical text (RFC 5952 for IPv6). */
  text: string;
}

export interface IpNetwork {
  version: 4 | 6;
  prefixLength: number;
  /** Canonical `<network address>/<prefix length>`. */
  text: string;
}

/** ipaddr.js takes every IPv6 address that ends in an IPv4 one for an IPv4-mapped one: it gets groups alone. */
const inGroups = (text: string): string =>
  text.replace(/:(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, ...bytes: string[]) => {
    const [a = 0, b = 0, c = 0, d = 0] = bytes.slice(0, 4).map(Number);
    return `:${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
  });

const bitsOf = (version: 4 | 6): number => (version === 4 ? 32 : 128);

/** Null for anything but a plain address (no zone, no prefix, no brackets, no number of another base). */
export function parseIp(text: string): IpAddress | null {
  const version = isIP(text);
  if ((version !== 4 && version !== 6) || text.includes('%')) return null;
  return { version, text: ipaddr.parse(inGroups(text)).toString() };
}

/** `192.0.2.7/24` means the network 192.0.2.0/24. Null for anything that is not address/prefix. */
export function parseCidr(text: string): IpNetwork | null {
  const [address = '', prefix = '', ...rest] = text.split('/');
  const ip = parseIp(address);
  if (ip === null || rest.length > 0 || !/^\d{1,3}$/.test(prefix)) return null;
  const { version } = ip;
  const prefixLength = Number(prefix);
  if (prefixLength > bitsOf(version)) return null;
  const family = version === 4 ? ipaddr.IPv4 : ipaddr.IPv6;
  const network = family.networkAddressFromCIDR(`${ip.text}/${prefixLength}`);
  return { version, prefixLength, text: `${network.toString()}/${prefixLength}` };
}

/** `<address>/32` or `<address>/128`. */
export function hostCidr(ip: IpAddress): string {
  return `${ip.text}/${bitsOf(ip.version)}`;
}

/** Lower-case colon form, or null. */
export function parseMac(text: string): string | null {
  return /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(text) ? text.toLowerCase() : null;
}
