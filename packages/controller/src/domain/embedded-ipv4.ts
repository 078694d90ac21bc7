/**
 * IPv6 addresses that stand for an IPv4 one: translators, tunnels and socket libraries carry what is sent to them to the
 * IPv4 address written inside. What must not be reached by IPv4 must not be reached by any of these.
 */
import { addressBytes } from './addresses.ts';

interface Embedding {
  /** Of the address, and its length in bits. */
  prefix: readonly [bytes: readonly number[], bits: number];
  /** Which bytes of the address hold the IPv4 one. */
  at: readonly [number, number, number, number];
}

const zeros = (count: number): number[] => Array<number>(count).fill(0);
const LAST = [12, 13, 14, 15] as const;
const WELL_KNOWN_NAT64 = [0x00, 0x64, 0xff, 0x9b];
const LOCAL_NAT64 = [...WELL_KNOWN_NAT64, 0x00, 0x01];

const EMBEDDINGS: readonly Embedding[] = [
  // IPv4-compatible (RFC 4291, 2.5.5.1), IPv4-mapped (2.5.5.2), IPv4-translated (RFC 2765).
  { prefix: [zeros(12), 96], at: LAST },
  { prefix: [[...zeros(10), 0xff, 0xff], 96], at: LAST },
  { prefix: [[...zeros(8), 0xff, 0xff, 0, 0], 96], at: LAST },
  // NAT64 with the well-known prefix (RFC 6052), and with every length inside the one for local use (RFC 8215).
  { prefix: [[...WELL_KNOWN_NAT64, ...zeros(8)], 96], at: LAST },
  { prefix: [LOCAL_NAT64, 48], at: [6, 7, 9, 10] },
  { prefix: [LOCAL_NAT64, 48], at: [7, 9, 10, 11] },
  { prefix: [LOCAL_NAT64, 48], at: [9, 10, 11, 12] },
  { prefix: [LOCAL_NAT64, 48], at: LAST },
  // 6to4 (RFC 3056): everything in the /48 goes to that router.
  { prefix: [[0x20, 0x02], 16], at: [2, 3, 4, 5] },
];

/** ISATAP (RFC 5214): an interface identifier, behind any prefix. */
const ISATAP = [0x5e, 0xfe];

function begins(bytes: readonly number[], [prefix, bits]: Embedding['prefix']): boolean {
  return prefix.slice(0, bits / 8).every((byte, index) => bytes[index] === byte);
}

/** @param address canonical @returns the IPv4 addresses that it can stand for; none for most */
export function embeddedIpv4(address: string): string[] {
  if (!address.includes(':')) return [];
  const bytes = addressBytes(address);
  const found = EMBEDDINGS.filter(({ prefix }) => begins(bytes, prefix)).map(({ at }) => at);
  const isIsatap = ((bytes[8] ?? 0) & 0xfd) === 0 && bytes[9] === 0 && ISATAP.every((b, i) => bytes[10 + i] === b);
  if (isIsatap) found.push(LAST);
  return [...new Set(found.map((at) => at.map((index) => bytes[index]).join('.')))];
}
