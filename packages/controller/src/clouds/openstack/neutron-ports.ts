/** Ports of Neutron, with the fields that are used. */
import type { VnicType } from '../../domain/resources.ts';
import { type Fields, fields, list, optionalText, text, texts } from './answer.ts';
import type { Ask } from './neutron.ts';

export interface NeutronPort {
  id: string;
  name: string;
  networkId: string;
  macAddress: string;
  fixedIps: { subnetId: string; ipAddress: string }[];
  deviceId: string;
  deviceOwner: string;
  projectId: string | null;
  qosPolicyId: string | null;
  securityGroupIds: string[];
  /** Addresses besides its own that may pass. */
  allowedAddresses: string[];
  vnicType: VnicType;
  adminStateUp: boolean;
  /** `ACTIVE`, `DOWN`, `BUILD`, `ERROR`, … */
  status: string;
  tags: string[];
}

/** What is written of a port; what is left out stays, or is what Neutron gives by itself. */
export interface PortFields {
  name?: string;
  network_id?: string;
  fixed_ips?: readonly { subnet_id: string; ip_address?: string }[];
  device_id?: string;
  device_owner?: string;
  project_id?: string;
  admin_state_up?: boolean;
  allowed_address_pairs?: readonly { ip_address: string }[];
  qos_policy_id?: string | null;
  security_groups?: readonly string[];
  'binding:vnic_type'?: VnicType;
  dns_name?: string;
}

/** Of which all must be so. */
export interface PortFilter {
  name?: string;
  networkId?: string;
  deviceOwner?: string;
  projectId?: string;
  securityGroupId?: string;
}

/** Neutron answers with as many as it may: a large cloud has ten thousands. */
const PAGE = 1000;

function port(from: Fields): NeutronPort {
  const groups = from.security_groups;
  const pairs = from.allowed_address_pairs;
  return {
    id: text(from, 'id'),
    name: optionalText(from, 'name') ?? '',
    networkId: text(from, 'network_id'),
    macAddress: text(from, 'mac_address'),
    fixedIps: list(from, 'fixed_ips').map((fixed) => ({
      subnetId: text(fixed, 'subnet_id'),
      ipAddress: text(fixed, 'ip_address'),
    })),
    deviceId: optionalText(from, 'device_id') ?? '',
    deviceOwner: optionalText(from, 'device_owner') ?? '',
    projectId: optionalText(from, 'project_id') ?? optionalText(from, 'tenant_id'),
    qosPolicyId: optionalText(from, 'qos_policy_id'),
    // Parts of extensions: they may be missing.
    securityGroupIds: groups === undefined ? [] : texts(from, 'security_groups'),
    allowedAddresses:
      pairs === undefined ? [] : list(from, 'allowed_address_pairs').map((pair) => text(pair, 'ip_address')),
    vnicType: from['binding:vnic_type'] === 'direct' ? 'direct' : 'normal',
    adminStateUp: from.admin_state_up !== false,
    status: optionalText(from, 'status') ?? '',
    tags: from.tags === undefined ? [] : texts(from, 'tags'),
  };
}

const one = (body: unknown): NeutronPort => port(fields(fields(body, 'the answer').port, 'port'));
const pathOf = (id: string): string => `/ports/${encodeURIComponent(id)}`;

/** @throws OctaviaError OPENSTACK_NOT_FOUND, … */
export const showPort = (ask: Ask, id: string): Promise<NeutronPort> =>
  ask({ method: 'GET', path: pathOf(id), read: one });

/** Not repeated after a lost answer. @throws OctaviaError OPENSTACK_QUOTA, OPENSTACK_CONFLICT, … */
export const createPort = (ask: Ask, wish: PortFields): Promise<NeutronPort> =>
  ask({ method: 'POST', path: '/ports', body: { port: wish }, read: one });

/** @throws OctaviaError OPENSTACK_NOT_FOUND, … */
export const updatePort = (ask: Ask, id: string, changes: PortFields): Promise<NeutronPort> =>
  ask({ method: 'PUT', path: pathOf(id), body: { port: changes }, read: one });

/** @throws OctaviaError OPENSTACK_NOT_FOUND, … */
export const deletePort = (ask: Ask, id: string): Promise<void> =>
  ask({ method: 'DELETE', path: pathOf(id), read: () => undefined });

/** All of them, page by page. @throws OctaviaError OPENSTACK_… */
export async function listPorts(ask: Ask, filter: PortFilter): Promise<NeutronPort[]> {
  const names = {
    name: filter.name,
    network_id: filter.networkId,
    device_owner: filter.deviceOwner,
    project_id: filter.projectId,
    security_groups: filter.securityGroupId,
  };
  const given = Object.fromEntries(Object.entries(names).filter(([, value]) => value !== undefined)) as Record<
    string,
    string
  >;
  const found: NeutronPort[] = [];
  for (;;) {
    const marker = found.at(-1)?.id;
    const page = { sort_key: 'id', sort_dir: 'asc', limit: String(PAGE), ...(marker === undefined ? {} : { marker }) };
    // A name is one port, or two: no pages.
    const query = filter.name === undefined ? { ...given, ...page } : given;
    const read = (body: unknown) => list(fields(body, 'the answer'), 'ports').map(port);
    const ports = await ask({ method: 'GET', path: '/ports', query, read });
    found.push(...ports);
    if (filter.name !== undefined || ports.length < PAGE) return found;
  }
}

/** @throws OctaviaError OPENSTACK_NOT_FOUND, … */
export const tag = (ask: Ask, kind: 'ports' | 'security-groups', id: string, name: string): Promise<void> =>
  ask({
    method: 'PUT',
    path: `/${kind}/${encodeURIComponent(id)}/tags/${encodeURIComponent(name)}`,
    read: () => undefined,
  });
