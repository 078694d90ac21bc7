/** IPv4 arithmetic for the local cloud, and the choice of an instance's address block. Pure. */
import { OctaviaError } from '../../errors.ts';

export interface Ipv4Range {
  first: number;
  last: number;
}

/** Every instance takes one /20: three /22 networks and one in reserve. */
const BLOCK_PREFIX = 20;
const BLOCK_SIZE = 2 ** (32 - BLOCK_PREFIX);
/** Wider routes than this (`default`, the 0.0.0.0/1 of VPN clients) cover everything and therefore reserve nothing. */
const WIDEST_RESERVING_PREFIX = 8;

/** Null unless the text is four decimal numbers 0–255. */
export function parseIpv4(text: string): number | null {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (!match) return null;
  const bytes = match.slice(1).map(Number);
  return bytes.some((byte) => byte > 255) ? null : bytes.reduce((sum, byte) => sum * 256 + byte, 0);
}

export function formatIpv4(value: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.');
}

/** Accepts `a.b.c.d/n` (host bits are dropped) and a single address. Null when it is neither. */
export function parseCidr(text: string): (Ipv4Range & { prefix: number }) | null {
  const [address = '', length = '32', rest] = text.split('/');
  const value = parseIpv4(address);
  const prefix = /^\d{1,2}$/.test(length) ? Number(length) : 33;
  if (value === null || prefix > 32 || rest !== undefined) return null;
  const size = 2 ** (32 - prefix);
  const first = Math.floor(value / size) * size;
  return { first, last: first + size - 1, prefix };
}

const overlap = (a: Ipv4Range, b: Ipv4Range): boolean => a.first <= b.last && b.first <= a.last;

/** The entries of `occupied` (CIDRs or addresses) that reserve a part of `block`. */
export function conflictsWith(block: string, occupied: readonly string[]): string[] {
  const range = parseCidr(block);
  if (!range) return [];
  return occupied.filter((entry) => {
    const other = parseCidr(entry);
    return other !== null && other.prefix >= WIDEST_RESERVING_PREFIX && overlap(range, other);
  });
}

/**
 * The first free /20 of `range`, searched from a slot derived from the tag so that two instances rarely meet.
 * @throws OctaviaError OPTION_UNUSABLE, NO_FREE_BLOCK when the range is too small, unreadable or full
 */
export function chooseBlock(range: string, tag: string, occupied: readonly string[]): string {
  const whole = parseCidr(range);
  if (!whole || whole.prefix > BLOCK_PREFIX) {
    const reason = `it is no IPv4 network of at least /${BLOCK_PREFIX}`;
    throw new OctaviaError('OPTION_UNUSABLE', { option: '[local_cloud] subnet_range', value: range, reason });
  }
  const slots = 2 ** (BLOCK_PREFIX - whole.prefix);
  const start = Number.parseInt(tag, 16) % slots;
  for (let step = 0; step < slots; step += 1) {
    const first = whole.first + ((start + step) % slots) * BLOCK_SIZE;
    const block = `${formatIpv4(first)}/${BLOCK_PREFIX}`;
    if (conflictsWith(block, occupied).length === 0) return block;
  }
  const inUse = conflictsWith(range, occupied).join(', ');
  throw new OctaviaError('NO_FREE_BLOCK', { prefix: BLOCK_PREFIX, range, occupied: inUse });
}
