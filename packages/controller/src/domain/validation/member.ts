import { OctaviaError } from '../../errors.ts';
import { canonicalAddress, isHost, unmapped } from '../addresses.ts';
import type { Member, Resource } from '../resources.ts';
import { invalidOption, refusal } from './refuse.ts';

export type MemberFields = Omit<Member, Exclude<keyof Resource, 'name' | 'adminStateUp' | 'tags'> | 'poolId'>;

/** The same as a request says it. */
export type MemberInput = Omit<MemberFields, 'vnicType'> & { requestSriov: boolean };

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

/**
 * A member as it will be stored.
 * @param sriovAllowed by the flavor of the load balancer
 * @throws OctaviaError VALIDATION
 */
export function settleMember({ requestSriov, ...fields }: MemberInput, sriovAllowed: boolean): MemberFields {
  if (requestSriov && !sriovAllowed) {
    throw refusal('The flavor of the load balancer does not allow SR-IOV ports to members.');
  }
  return { ...fields, vnicType: requestSriov ? 'direct' : 'normal' };
}

/**
 * Neither a reserved address, in any spelling, nor one that nobody can have: HAProxy takes 0.0.0.0 for "where the client
 * wanted to go", which is itself.
 * @throws OctaviaError INVALID_OPTION
 */
export function checkMemberAddress(address: string, rules: MemberRules): void {
  const reserved = canonical(rules.reservedIps);
  if (reserved.has(address) || reserved.has(unmapped(address)) || !isHost(address)) {
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
