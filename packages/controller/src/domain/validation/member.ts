import { OctaviaError } from '../../errors.ts';
import { canonicalAddress } from '../addresses.ts';
import type { Member, Resource } from '../resources.ts';
import { invalidOption } from './refuse.ts';

export type MemberFields = Omit<Member, Exclude<keyof Resource, 'name' | 'adminStateUp' | 'tags'> | 'poolId'>;

export interface MemberRules {
  /** Addresses that may not be members, any spelling. */
  reservedIps: readonly string[];
}

const canonicalLists = new WeakMap<readonly string[], ReadonlySet<string | null>>();

function canonical(addresses: readonly string[]): ReadonlySet<string | null> {
  let known = canonicalLists.get(addresses);
  if (!known) {
    known = new Set(addresses.map((address) => canonicalAddress(address.trim())));
    canonicalLists.set(addresses, known);
  }
  return known;
}

/** @throws OctaviaError INVALID_OPTION */
export function checkMemberAddress(address: string, rules: MemberRules): void {
  if (canonical(rules.reservedIps).has(address)) {
    throw invalidOption(address, 'member address');
  }
}

/** Identity of a member inside its pool. Addresses are canonical already, so spelling variants meet here. */
export function endpoint(member: Pick<Member, 'address' | 'protocolPort'>): string {
  return `${member.address} ${member.protocolPort}`;
}

/** @throws OctaviaError DUPLICATE_MEMBER */
export function checkEndpointFree(
  member: Pick<Member, 'address' | 'protocolPort'>,
  others: readonly Pick<Member, 'address' | 'protocolPort'>[],
): void {
  const wanted = endpoint(member);
  if (others.some((other) => endpoint(other) === wanted)) {
    throw new OctaviaError('DUPLICATE_MEMBER', { address: member.address, port: member.protocolPort });
  }
}
