import { OctaviaError } from '../../errors.ts';
import type { Member, Resource, VnicType } from '../resources.ts';
import { type AddressRules, checkHostAddress } from './host-address.ts';
import { refusal } from './refuse.ts';

export type MemberFields = Omit<Member, Exclude<keyof Resource, 'name' | 'adminStateUp' | 'tags'> | 'poolId'>;

/** The same as a request says it. */
export type MemberInput = Omit<MemberFields, 'vnicType'> & { requestSriov: boolean };

/**
 * A member as it will be stored.
 * @param sriovAllowed by the flavor of the load balancer
 * @throws OctaviaError VALIDATION
 */
export function settleMember({ requestSriov, ...fields }: MemberInput, sriovAllowed: boolean): MemberFields {
  if (requestSriov) requireSriov(sriovAllowed);
  return { ...fields, vnicType: vnicTypeFor({ requestSriov }) };
}

export const vnicTypeFor = ({ requestSriov }: Pick<MemberInput, 'requestSriov'>): VnicType =>
  requestSriov ? 'direct' : 'normal';

/** @param allowed by the flavor of the load balancer @throws OctaviaError VALIDATION */
export function requireSriov(allowed: boolean): void {
  if (!allowed) throw refusal('The flavor of the load balancer does not allow SR-IOV ports to members.');
}

/** Where the traffic and the checks of a member go, as far as a request says it. @throws OctaviaError INVALID_OPTION */
export function checkMemberAddresses(
  { address, monitorAddress }: Partial<Pick<Member, 'address' | 'monitorAddress'>>,
  rules: AddressRules,
): void {
  if (address !== undefined) checkHostAddress(address, 'member address', rules);
  if (monitorAddress) checkHostAddress(monitorAddress, 'member monitor_address', rules);
}

const MAPPED = '::ffff:';

/**
 * Identity of a member inside its pool. Addresses are canonical already, so spelling variants meet here; an IPv4-mapped
 * address is the server of its IPv4 one.
 */
export function endpoint({ address, protocolPort }: Pick<Member, 'address' | 'protocolPort'>): string {
  const isMapped = address.startsWith(MAPPED) && address.includes('.');
  return `${isMapped ? address.slice(MAPPED.length) : address} ${protocolPort}`;
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
