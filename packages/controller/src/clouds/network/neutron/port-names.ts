/**
 * Ports in Neutron have the names that OpenStack Octavia gives them, which operators' scripts know. Ours of member ports tell the
 * network and the type, too; in Neutron these are fields.
 */
import type { VnicType } from '../../../domain/resources.ts';
import type { NeutronPort } from '../../openstack/neutron-ports.ts';

const UUID = '[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}';
const MEMBER = new RegExp(`^(octavia-lb-member-${UUID})-(${UUID})(?:-(direct))?$`);
const MEMBER_IN_NEUTRON = new RegExp(`^octavia-lb-member-${UUID}$`);
/** What is looked for of one load balancer or amphora. */
const ONE = new RegExp(`^(octavia-lb-(?:vrrp-|member-)?${UUID})(-|$)`);

export interface NeutronName {
  name: string;
  /** null: the name alone says which port it is. */
  vnicType: VnicType | null;
}

export function neutronName(name: string): NeutronName {
  const [, amphora, , type] = MEMBER.exec(name) ?? [];
  if (amphora === undefined) return { name, vnicType: null };
  return { name: amphora, vnicType: type === 'direct' ? 'direct' : 'normal' };
}

export function ourName({ name, networkId, vnicType }: Pick<NeutronPort, 'name' | 'networkId' | 'vnicType'>): string {
  if (!MEMBER_IN_NEUTRON.test(name)) return name;
  return `${name}-${networkId}${vnicType === 'normal' ? '' : `-${vnicType}`}`;
}

/** The one name in Neutron that all ports with our prefix have; null: there are several. */
export function nameOfPrefix(prefix: string): string | null {
  return ONE.exec(prefix)?.[1] ?? null;
}
