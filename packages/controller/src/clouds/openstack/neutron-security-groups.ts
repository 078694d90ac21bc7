/** Security groups of Neutron and their rules. */
import { type Fields, fields, list, optionalText, text, texts } from './answer.ts';
import type { Ask, Neutron } from './neutron.ts';

export interface NeutronRule {
  id: string;
  direction: string;
  /** As it was written: a name or a number; null: any. */
  protocol: string | null;
  portMin: number | null;
  portMax: number | null;
  ipVersion: 4 | 6;
  /** CIDR; null: anybody. */
  remotePrefix: string | null;
  remoteGroupId: string | null;
}

export interface NeutronGroup {
  id: string;
  name: string;
  tags: string[];
  rules: NeutronRule[];
}

export interface RuleWish {
  protocol: string;
  port: number | null;
  ipVersion: 4 | 6;
  remotePrefix: string | null;
}

const numberOf = (from: Fields, name: string): number | null => {
  const value = from[name];
  return typeof value === 'number' ? value : null;
};

function rule(from: Fields): NeutronRule {
  return {
    id: text(from, 'id'),
    direction: text(from, 'direction'),
    protocol: optionalText(from, 'protocol'),
    portMin: numberOf(from, 'port_range_min'),
    portMax: numberOf(from, 'port_range_max'),
    ipVersion: from.ethertype === 'IPv6' ? 6 : 4,
    remotePrefix: optionalText(from, 'remote_ip_prefix'),
    remoteGroupId: optionalText(from, 'remote_group_id'),
  };
}

const group = (from: Fields): NeutronGroup => ({
  id: text(from, 'id'),
  name: optionalText(from, 'name') ?? '',
  tags: from.tags === undefined ? [] : texts(from, 'tags'),
  rules: list(from, 'security_group_rules').map(rule),
});

/** Those of our own project with exactly the name, the rules included. @throws OctaviaError OPENSTACK_… */
export async function groupsNamed(neutron: Neutron, name: string): Promise<NeutronGroup[]> {
  const projectId = await neutron.projectId();
  return neutron.ask({
    method: 'GET',
    path: '/security-groups',
    query: { name, ...(projectId === null ? {} : { project_id: projectId }) },
    read: (body) => list(fields(body, 'the answer'), 'security_groups').map(group),
  });
}

/** As many as one answer holds. */
const PAGE = 1000;

/** All of our own project, page by page. @throws OctaviaError OPENSTACK_… */
export async function ownGroups(neutron: Neutron): Promise<Pick<NeutronGroup, 'id' | 'name'>[]> {
  const projectId = await neutron.projectId();
  // Of nobody's project there would be everybody's.
  if (projectId === null) return [];
  const found: Pick<NeutronGroup, 'id' | 'name'>[] = [];
  for (;;) {
    const marker = found.at(-1)?.id;
    const page = { sort_key: 'id', sort_dir: 'asc', limit: String(PAGE), ...(marker === undefined ? {} : { marker }) };
    const groups = await neutron.ask({
      method: 'GET',
      path: '/security-groups',
      query: { project_id: projectId, ...page },
      read: (body) =>
        list(fields(body, 'the answer'), 'security_groups').map((one) => ({
          id: text(one, 'id'),
          name: optionalText(one, 'name') ?? '',
        })),
    });
    found.push(...groups);
    if (groups.length < PAGE) return found;
  }
}

/** Not repeated after a lost answer. @throws OctaviaError OPENSTACK_QUOTA, … */
export const createGroup = (ask: Ask, name: string, description: string): Promise<NeutronGroup> =>
  ask({
    method: 'POST',
    path: '/security-groups',
    body: { security_group: { name, description } },
    read: (body) => group(fields(fields(body, 'the answer').security_group, 'security_group')),
  });

/** @throws OctaviaError OPENSTACK_NOT_FOUND, OPENSTACK_CONFLICT while a port has it, … */
export const deleteGroup = (ask: Ask, id: string): Promise<void> =>
  ask({ method: 'DELETE', path: `/security-groups/${encodeURIComponent(id)}`, read: () => undefined });

/** All or none. @throws OctaviaError OPENSTACK_QUOTA, OPENSTACK_CONFLICT where one is there, … */
export const createRules = (ask: Ask, groupId: string, wishes: readonly RuleWish[]): Promise<void> =>
  ask({
    method: 'POST',
    path: '/security-group-rules',
    body: {
      security_group_rules: wishes.map(({ protocol, port, ipVersion, remotePrefix }) => ({
        security_group_id: groupId,
        direction: 'ingress',
        ethertype: `IPv${ipVersion}`,
        protocol,
        ...(port === null ? {} : { port_range_min: port, port_range_max: port }),
        ...(remotePrefix === null ? {} : { remote_ip_prefix: remotePrefix }),
      })),
    },
    read: () => undefined,
  });

/** @throws OctaviaError OPENSTACK_NOT_FOUND, … */
export const deleteRule = (ask: Ask, id: string): Promise<void> =>
  ask({ method: 'DELETE', path: `/security-group-rules/${encodeURIComponent(id)}`, read: () => undefined });
