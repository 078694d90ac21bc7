/** IPv4 and IPv6 addresses and networks as the agent needs them: parse, compare, write canonically. */
import { isIP } from 'node:net';

export interface IpAddress {
  version: 4 | 6;
  value: bigint;
  /** Canonical text (RFC 5952 for IPv6). */
  text: string;
}

export interface IpNetwork {
  version: 4 | 6;
  prefixLength: number;
  /** Canonical `<network address>/<prefix length>`. */
  text: string;
}

const bitsOf = (version: 4 | 6): number => (version === 4 ? 32 : 128);

function parseIpv4(text: string): bigint {
  return text.split('.').reduce((value, octet) => (value << 8n) | BigInt(octet), 0n);
}

function parseIpv6(text: string): bigint {
  const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text);
  let plain = text;
  if (dotted?.[1] !== undefined && dotted[2] !== undefined) {
    const low = parseIpv4(dotted[2]);
    plain = `${dotted[1]}${(low >> 16n).toString(16)}:${(low & 0xffffn).toString(16)}`;
  }
  const [head = '', tail] = plain.split('::');
  const groups = (part: string): string[] => (part === '' ? [] : part.split(':'));
  const before = groups(head);
  const after = tail === undefined ? [] : groups(tail);
  const zeros = tail === undefined ? [] : Array<string>(8 - before.length - after.length).fill('0');
  return [...before, ...zeros, ...after].reduce((value, group) => (value << 16n) | BigInt(`0x${group}`), 0n);
}

function formatIpv4(value: bigint): string {
  return [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 0xffn).join('.');
}

function formatIpv6(value: bigint): string {
  const groups = Array.from({ length: 8 }, (_, index) => (value >> BigInt(112 - 16 * index)) & 0xffffn);
  let best = { start: -1, length: 1 };
  for (let start = 0; start < 8; start += 1) {
    let length = 0;
    while (groups[start + length] === 0n) length += 1;
    if (length > best.length) best = { start, length };
  }
  const hex = (part: bigint[]): string => part.map((group) => group.toString(16)).join(':');
  if (best.start < 0) return hex(groups);
  return `${hex(groups.slice(0, best.start))}::${hex(groups.slice(best.start + best.length))}`;
}

function format(version: 4 | 6, value: bigint): string {
  return version === 4 ? formatIpv4(value) : formatIpv6(value);
}

/** Null for anything but a plain address (no zone, no prefix, no brackets). */
export function parseIp(text: string): IpAddress | null {
  const version = isIP(text);
  if ((version !== 4 && version !== 6) || text.includes('%')) return null;
  const value = version === 4 ? parseIpv4(text) : parseIpv6(text);
  return { version, value, text: format(version, value) };
}

/** `192.0.2.7/24` means the network 192.0.2.0/24. Null for anything that is not address/prefix. */
export function parseCidr(text: string): IpNetwork | null {
  const [address = '', prefix = '', ...rest] = text.split('/');
  const ip = parseIp(address);
  if (ip === null || rest.length > 0 || !/^\d{1,3}$/.test(prefix)) return null;
  const prefixLength = Number(prefix);
  const bits = bitsOf(ip.version);
  if (prefixLength > bits) return null;
  const hostBits = BigInt(bits - prefixLength);
  return {
    version: ip.version,
    prefixLength,
    text: `${format(ip.version, (ip.value >> hostBits) << hostBits)}/${prefixLength}`,
  };
}

/** `<address>/32` or `<address>/128`. */
export function hostCidr(ip: IpAddress): string {
  return `${ip.text}/${bitsOf(ip.version)}`;
}

/** Lower-case colon form, or null. */
export function parseMac(text: string): string | null {
  return /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(text) ? text.toLowerCase() : null;
}
