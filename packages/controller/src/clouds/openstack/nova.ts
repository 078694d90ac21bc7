/** The compute service, version 2.1. */
import { type Fields, fields, list, text } from './answer.ts';
import { type Call, request } from './request.ts';
import type { LoggedInService, OpenStackSession } from './session.ts';

/** The first that knows `soft-anti-affinity`; from 2.57 on no files can be given to a server. */
const MICROVERSION = 'compute 2.15';
/** What one answer holds of a list, at most; Nova has the same limit unless its operator chose another. */
const PAGE = 1000;

export interface NovaServer {
  id: string;
  name: string;
  /** In upper case: `BUILD`, `ACTIVE`, `ERROR`, `SHUTOFF`, … */
  status: string;
  /** What is being done with it, e.g. `deleting`; null: nothing. */
  task: string | null;
  /** Why status is ERROR; may come a moment later than that. */
  fault: string | null;
  /** null: it boots from a volume */
  imageId: string | null;
  flavorId: string | null;
  zone: string | null;
  metadata: Readonly<Record<string, unknown>>;
  /** By the name of the network, in the order in which it was given them. */
  addresses: string[][];
}

export interface NovaInterface {
  portId: string;
  networkId: string;
  addresses: string[];
}

export interface NewServer {
  name: string;
  /** null: `volumeId` is what it boots from. */
  imageId: string | null;
  /** Goes with the server. */
  volumeId: string | null;
  flavorId: string;
  /** null: Nova takes the only one there is. */
  networkIds: readonly string[] | null;
  keyName: string | null;
  /** Names or ids; of ports that are made for it. */
  securityGroups: readonly string[];
  zone: string | null;
  /** Absolute path → content; needs a config drive. */
  files: Readonly<Record<string, string>>;
  userData: string;
  serverGroupId: string | null;
  metadata: Readonly<Record<string, string>>;
}

export interface NovaServerGroup {
  id: string;
  name: string;
  policies: string[];
}

const base64 = (content: string): string => Buffer.from(content).toString('base64');
const textOrNull = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);

function server(from: Fields): NovaServer {
  const addresses = Object.values(Object(from.addresses) as Record<string, unknown>);
  return {
    id: text(from, 'id'),
    name: text(from, 'name'),
    status: text(from, 'status').toUpperCase(),
    task: textOrNull(from['OS-EXT-STS:task_state']),
    fault: textOrNull(Object(from.fault).message),
    imageId: textOrNull(Object(from.image).id),
    flavorId: textOrNull(Object(from.flavor).id),
    zone: textOrNull(from['OS-EXT-AZ:availability_zone']),
    metadata: Object(from.metadata) as Record<string, unknown>,
    addresses: addresses.map((entries) =>
      [entries].flat().flatMap((entry: unknown) => textOrNull(Object(entry).addr) ?? []),
    ),
  };
}

const group = (from: Fields): NovaServerGroup => ({
  id: text(from, 'id'),
  name: text(from, 'name'),
  policies: Array.isArray(from.policies) ? from.policies.map(String) : [],
});

const attachment = (from: Fields): NovaInterface => ({
  portId: text(from, 'port_id'),
  networkId: text(from, 'net_id'),
  addresses: list(from, 'fixed_ips').map((ip) => text(ip, 'ip_address')),
});

const answer = (body: unknown): Fields => fields(body, 'the answer');
const nothing = (): undefined => undefined;

export class Nova {
  readonly #service: LoggedInService;

  constructor(session: OpenStackSession) {
    const service = session.service({ title: 'Nova', type: 'compute', section: 'nova' });
    this.#service = { ...service, address: async (signal) => versioned(await service.address(signal)) };
  }

  /** Those of our project whose name matches, in all pages. @param name regular expression as the database of Nova has them */
  async servers(name: string): Promise<NovaServer[]> {
    const found: NovaServer[] = [];
    for (let marker: string | undefined; ; marker = found.at(-1)?.id) {
      const query = { name, limit: String(PAGE), ...(marker === undefined ? {} : { marker }) };
      const { page, isLast } = await this.#ask({
        method: 'GET',
        path: '/servers/detail',
        query,
        read: (body) => ({ page: list(answer(body), 'servers').map(server), isLast: !answer(body).servers_links }),
      });
      found.push(...page);
      if (isLast || page.length === 0) return found;
    }
  }

  /** @throws OctaviaError OPENSTACK_NOT_FOUND, … */
  server(id: string): Promise<NovaServer> {
    const read = (body: unknown) => server(fields(answer(body).server, 'server'));
    return this.#ask({ method: 'GET', path: `/servers/${id}`, read });
  }

  /** Not repeated after a lost answer. @returns its id. @throws OctaviaError OPENSTACK_QUOTA, OPENSTACK_REFUSED, … */
  create(wish: NewServer): Promise<string> {
    const { volumeId, networkIds, keyName, securityGroups, zone, serverGroupId, files, metadata } = wish;
    const volume = {
      boot_index: 0,
      source_type: 'volume',
      destination_type: 'volume',
      uuid: volumeId,
      delete_on_termination: true,
    };
    const server = {
      name: wish.name,
      flavorRef: wish.flavorId,
      min_count: 1,
      max_count: 1,
      config_drive: true,
      user_data: base64(wish.userData),
      ...(volumeId === null ? { imageRef: wish.imageId } : { imageRef: '', block_device_mapping_v2: [volume] }),
      ...(networkIds === null ? {} : { networks: networkIds.map((uuid) => ({ uuid })) }),
      ...(keyName === null ? {} : { key_name: keyName }),
      ...(securityGroups.length === 0 ? {} : { security_groups: securityGroups.map((name) => ({ name })) }),
      ...(zone === null ? {} : { availability_zone: zone }),
      ...(Object.keys(files).length === 0
        ? {}
        : { personality: Object.entries(files).map(([path, content]) => ({ path, contents: base64(content) })) }),
      ...(Object.keys(metadata).length === 0 ? {} : { metadata }),
    };
    const hints = serverGroupId === null ? {} : { 'os:scheduler_hints': { group: serverGroupId } };
    const read = (body: unknown) => text(fields(answer(body).server, 'server'), 'id');
    return this.#ask({ method: 'POST', path: '/servers', body: { server, ...hints }, read });
  }

  /** Accepted, not done. @throws OctaviaError OPENSTACK_NOT_FOUND, OPENSTACK_CONFLICT in a state in which it cannot go, … */
  async delete(id: string): Promise<void> {
    await this.#ask({ method: 'DELETE', path: `/servers/${id}`, read: nothing });
  }

  /** Its network interfaces. @throws OctaviaError OPENSTACK_NOT_FOUND, … */
  interfaces(serverId: string): Promise<NovaInterface[]> {
    const read = (body: unknown) => list(answer(body), 'interfaceAttachments').map(attachment);
    return this.#ask({ method: 'GET', path: `/servers/${serverId}/os-interface`, read });
  }

  /** Not repeated after a lost answer. @throws OctaviaError OPENSTACK_CONFLICT where a server has it already, … */
  async attach(serverId: string, portId: string): Promise<void> {
    const body = { interfaceAttachment: { port_id: portId } };
    await this.#ask({ method: 'POST', path: `/servers/${serverId}/os-interface`, body, read: nothing });
  }

  /** Accepted, not done. @throws OctaviaError OPENSTACK_NOT_FOUND, … */
  async detach(serverId: string, portId: string): Promise<void> {
    await this.#ask({ method: 'DELETE', path: `/servers/${serverId}/os-interface/${portId}`, read: nothing });
  }

  /** All of our project. */
  async serverGroups(): Promise<NovaServerGroup[]> {
    const found: NovaServerGroup[] = [];
    for (;;) {
      const query = { limit: String(PAGE), offset: String(found.length) };
      const read = (body: unknown) => list(answer(body), 'server_groups').map(group);
      const page = await this.#ask({ method: 'GET', path: '/os-server-groups', query, read });
      found.push(...page);
      // Its operator may have chosen a smaller page.
      if (page.length === 0) return found;
    }
  }

  /** Not repeated after a lost answer. @returns its id. @throws OctaviaError OPENSTACK_QUOTA, … */
  createServerGroup(name: string, policy: string): Promise<string> {
    const body = { server_group: { name, policies: [policy] } };
    const read = (from: unknown) => text(fields(answer(from).server_group, 'server_group'), 'id');
    return this.#ask({ method: 'POST', path: '/os-server-groups', body, read });
  }

  /** @throws OctaviaError OPENSTACK_NOT_FOUND, … */
  async deleteServerGroup(id: string): Promise<void> {
    await this.#ask({ method: 'DELETE', path: `/os-server-groups/${id}`, read: nothing });
  }

  /** @throws OctaviaError OPENSTACK_NOT_FOUND where there is none that we may use */
  async flavor(id: string): Promise<void> {
    await this.#ask({ method: 'GET', path: `/flavors/${encodeURIComponent(id)}`, read: nothing });
  }

  /** @throws OctaviaError OPENSTACK_NOT_FOUND where the service user has none of that name */
  async keyPair(name: string): Promise<void> {
    await this.#ask({ method: 'GET', path: `/os-keypairs/${encodeURIComponent(name)}`, read: nothing });
  }

  /** Names of those that are in use. */
  zones(): Promise<string[]> {
    const isAvailable = (zone: Fields): boolean => Object(zone.zoneState).available !== false;
    const read = (body: unknown) =>
      list(answer(body), 'availabilityZoneInfo').flatMap((zone) => (isAvailable(zone) ? text(zone, 'zoneName') : []));
    return this.#ask({ method: 'GET', path: '/os-availability-zone', read });
  }

  #ask<T>(call: Call<T>): Promise<T> {
    return request(this.#service, { microversion: MICROVERSION, ...call });
  }
}

/** Catalogues have it with and without its version, old ones with a project. The version before 2.1 knows no microversions. */
const versioned = (url: string): string => `${url.replace(/\/v2(\.1)?(\/[^/]*)?$/, '')}/v2.1`;
