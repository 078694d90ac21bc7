import { randomUUID } from 'node:crypto';
import type { FakeCinder } from './fake-cinder.ts';
import type { FakeGlance } from './fake-glance.ts';
import type { FakeNeutron, FakePort } from './fake-neutron.ts';
import { type Answer, type Asked, FakeService } from './fake-service.ts';

interface Fault {
  message: string;
  code: number;
}

export interface FakeServer {
  id: string;
  name: string;
  status: string;
  task: string | null;
  fault: Fault | null;
  imageId: string | null;
  flavorId: string;
  zone: string;
  keyName: string | null;
  securityGroups: string[];
  metadata: Record<string, string>;
  group: string | null;
  /** Which of the hosts it runs on. */
  host: number | null;
  /** Decoded. */
  files: Record<string, string>;
  userData: string;
  volumeId: string | null;
  /** Ids of ports, in the order in which it has them. */
  ports: string[];
}

interface Group {
  id: string;
  name: string;
  policies: string[];
}

/** What becomes of the next server. */
type Fate = 'ACTIVE' | 'BUILD' | { error: string };

interface Wish {
  name: string;
  flavorRef: string;
  imageRef: string;
  networks?: { uuid: string }[];
  key_name?: string;
  security_groups?: { name: string }[];
  availability_zone?: string;
  personality?: { path: string; contents: string }[];
  user_data: string;
  metadata?: Record<string, string>;
  block_device_mapping_v2?: { uuid: string; delete_on_termination: boolean }[];
}

const MOST_FILE_BYTES = 10_240;
const MOST_USER_DATA = 65_535;
const decode = (text: string): string => Buffer.from(text, 'base64').toString();

/** Version 2.1 of the compute API at microversion 2.15, as far as amphorae are built, plugged and removed. */
export class FakeNova extends FakeService {
  readonly servers = new Map<string, FakeServer>();
  readonly groups = new Map<string, Group>();
  readonly flavors = new Set(['amphora']);
  readonly zones = new Set(['nova', 'rack-1']);
  readonly keys = new Set(['octavia-key']);
  /** What the next servers become, one each; then ACTIVE. BUILD stays as it is for ever. */
  readonly fates: Fate[] = [];
  /** How often a new server is looked at before it is ready. */
  looks = 1;
  /** Milliseconds that the next server boots, however often it is looked at. */
  boots: () => number = () => 0;
  /** How often one that goes is looked at before it is gone. */
  looksToDelete = 1;
  /** Most of them. */
  quota = { servers: Number.POSITIVE_INFINITY, groups: Number.POSITIVE_INFINITY, files: 5 };
  hosts = 2;
  /** Detached ports stay where they are. */
  portsStay = false;
  /** Most of one answer to a list. */
  page = 1000;
  readonly #coming = new Map<string, { looks: number; readyAt: number; fate: Fate }>();
  readonly #going = new Map<string, number>();
  readonly #glance: FakeGlance;
  readonly #cinder: FakeCinder;
  readonly #neutron: FakeNeutron;

  constructor(glance: FakeGlance, cinder: FakeCinder, neutron: FakeNeutron) {
    super(glance.keystone);
    this.#glance = glance;
    this.#cinder = cinder;
    this.#neutron = neutron;
  }

  /** Made by somebody: a worker that died, for example. */
  put(name: string, changes: Partial<FakeServer> = {}): FakeServer {
    const server: FakeServer = {
      id: randomUUID(),
      name,
      status: 'ACTIVE',
      task: null,
      fault: null,
      imageId: null,
      flavorId: 'amphora',
      zone: 'nova',
      keyName: null,
      securityGroups: [],
      metadata: {},
      group: null,
      host: 0,
      files: {},
      userData: '',
      volumeId: null,
      ports: [],
      ...changes,
    };
    this.servers.set(server.id, server);
    return server;
  }

  protected answer({ method, body, headers }: Asked, { pathname, searchParams }: URL): Answer {
    const version = headers['x-openstack-nova-api-version'];
    if (version !== '2.15') return bad(406, 'notAcceptable', `Version ${version} is not what the fake speaks.`);
    const [, kind = '', id = '', part = '', portId = ''] =
      /^\/v2\.1\/([a-z-]+)(?:\/([^/]+))?(?:\/([^/]+))?(?:\/([^/]+))?$/.exec(pathname) ?? [];
    if (kind === 'flavors') return this.flavors.has(id) ? ok({ flavor: { id } }) : missing(`Flavor ${id}`);
    if (kind === 'os-keypairs') return this.keys.has(id) ? ok({ keypair: { name: id } }) : missing(`Keypair ${id}`);
    if (kind === 'os-availability-zone') {
      const zones = [...this.zones].map((zoneName) => ({ zoneName, zoneState: { available: true }, hosts: null }));
      return ok({ availabilityZoneInfo: zones });
    }
    if (kind === 'os-server-groups') return this.#answerGroups(method, id, body, searchParams);
    if (kind !== 'servers') return bad(404, 'itemNotFound', 'The resource could not be found.');
    if (method === 'POST' && id === '') return this.#create(body as { server: Wish });
    if (id === 'detail') return this.#list(searchParams);
    const server = this.servers.get(id);
    if (server === undefined) return missing(`Instance ${id}`);
    if (part === 'os-interface') return this.#answerInterfaces(method, server, body, portId);
    if (method === 'DELETE') return this.#delete(server);
    this.#lookedAt(server);
    return this.servers.has(id) ? ok({ server: this.#shown(server) }) : missing(`Instance ${id}`);
  }

  #create({
    server: wish,
    'os:scheduler_hints': hints,
  }: {
    server: Wish;
    'os:scheduler_hints'?: { group: string };
  }): Answer {
    const { flavorRef, imageRef, networks, key_name: keyName = null, availability_zone: zone, personality = [] } = wish;
    const [volume] = wish.block_device_mapping_v2 ?? [];
    const networkIds = networks?.map(({ uuid }) => uuid) ?? [...this.#neutron.networks.keys()];
    const image = this.#glance.images.get(imageRef);
    if (!this.flavors.has(flavorRef)) return bad(400, 'badRequest', `Flavor ${flavorRef} could not be found.`);
    if (volume === undefined && image?.status !== 'active') {
      return bad(400, 'badRequest', `Can not find requested image: ${imageRef}`);
    }
    if (keyName !== null && !this.keys.has(keyName)) return bad(400, 'badRequest', 'Invalid key_name provided.');
    if (zone !== undefined && !this.zones.has(zone)) {
      return bad(400, 'badRequest', 'The requested availability zone is not available');
    }
    if (personality.length > this.quota.files) return bad(403, 'forbidden', 'Personality file limit exceeded');
    if (personality.some(({ contents }) => decode(contents).length > MOST_FILE_BYTES)) {
      return bad(403, 'forbidden', `Personality file content exceeds maximum ${MOST_FILE_BYTES} bytes`);
    }
    if (wish.user_data.length > MOST_USER_DATA) return bad(400, 'badRequest', 'User data too large.');
    if (networks === undefined && networkIds.length > 1) {
      return bad(409, 'conflictingRequest', 'Multiple possible networks found, use a Network ID to be more specific.');
    }
    const unknown = networkIds.find((id) => !this.#neutron.networks.has(id));
    if (unknown !== undefined) return bad(400, 'badRequest', `Network ${unknown} could not be found.`);
    if (this.servers.size >= this.quota.servers) {
      const message = `Quota exceeded for instances: Requested 1, but already used ${this.servers.size} of ${this.quota.servers} instances`;
      return bad(403, 'forbidden', message);
    }
    const taken = volume && this.#cinder.volumes.get(volume.uuid);
    if (volume !== undefined && taken?.status !== 'available') {
      return bad(400, 'badRequest', `Block Device Mapping is Invalid: failed to get volume ${volume.uuid}.`);
    }
    if (taken) taken.status = 'in-use';
    const server = this.put(wish.name, {
      status: 'BUILD',
      task: 'scheduling',
      imageId: volume ? null : imageRef,
      flavorId: flavorRef,
      zone: zone ?? 'nova',
      keyName,
      securityGroups: (wish.security_groups ?? []).map(({ name }) => name),
      metadata: wish.metadata ?? {},
      group: hints?.group ?? null,
      host: null,
      files: Object.fromEntries(personality.map(({ path, contents }) => [path, decode(contents)])),
      userData: decode(wish.user_data),
      volumeId: volume?.uuid ?? null,
    });
    server.host = this.#hostFor(server);
    const nowhere = { error: 'No valid host was found. There are not enough hosts available.' };
    const fate = server.host === null ? nowhere : (this.fates.shift() ?? 'ACTIVE');
    this.#coming.set(server.id, { looks: this.looks, readyAt: performance.now() + this.boots(), fate });
    for (const networkId of networkIds) {
      const { id } = this.#neutron.port(networkId);
      this.#bind(server, id);
      server.ports.push(id);
    }
    return { status: 202, body: { server: { id: server.id, adminPass: 'unused', links: [] } } };
  }

  #hostFor({ id, group }: FakeServer): number | null {
    const policies = this.groups.get(group ?? '')?.policies ?? [];
    const others = [...this.servers.values()].filter((server) => server.id !== id && server.group === group);
    const free = Array.from({ length: this.hosts }, (_, host) => host).find(
      (host) => group === null || others.every((server) => server.host !== host),
    );
    return free ?? (policies.includes('anti-affinity') ? null : 0);
  }

  /** Its fault comes one look after the status. */
  #lookedAt(server: FakeServer): void {
    const going = this.#going.get(server.id);
    if (going !== undefined) {
      this.#going.set(server.id, going - 1);
      if (going <= 1) this.#remove(server);
      return;
    }
    const coming = this.#coming.get(server.id);
    if (coming === undefined || coming.fate === 'BUILD' || performance.now() < coming.readyAt) return;
    coming.looks -= 1;
    if (coming.looks > 0) return;
    server.task = null;
    if (coming.fate === 'ACTIVE') server.status = 'ACTIVE';
    else if (server.status === 'ERROR') server.fault = { message: coming.fate.error, code: 500 };
    else server.status = 'ERROR';
  }

  #shown({ id, name, status, task, fault, imageId, flavorId, zone, metadata, ports, volumeId }: FakeServer): object {
    const own = ports.flatMap((port) => this.#neutron.ports.get(port) ?? []);
    const addresses: Record<string, object[]> = {};
    for (const { network_id, fixed_ips, mac_address } of status === 'ACTIVE' ? own : []) {
      const label = this.#neutron.networks.get(network_id)?.name ?? '';
      const entries = fixed_ips.map(({ ip_address: addr }) => ({ addr, 'OS-EXT-IPS-MAC:mac_addr': mac_address }));
      addresses[label] = [...(addresses[label] ?? []), ...entries];
    }
    return {
      id,
      name,
      status,
      'OS-EXT-STS:task_state': task,
      'OS-EXT-AZ:availability_zone': zone,
      image: imageId === null ? '' : { id: imageId, links: [] },
      flavor: { id: flavorId, links: [] },
      metadata,
      addresses,
      'os-extended-volumes:volumes_attached': volumeId === null ? [] : [{ id: volumeId }],
      ...(fault === null ? {} : { fault }),
    };
  }

  #list(query: URLSearchParams): Answer {
    const name = new RegExp(query.get('name') ?? '', 'i');
    const all = [...this.servers.values()].filter((server) => name.test(server.name));
    const from = all.findIndex(({ id }) => id === query.get('marker')) + 1;
    const limit = Math.min(this.page, Number(query.get('limit') ?? this.page));
    const servers = all.slice(from, from + limit).map((server) => this.#shown(server));
    const more = from + limit < all.length ? { servers_links: [{ rel: 'next', href: 'unused' }] } : {};
    return ok({ servers, ...more });
  }

  #delete(server: FakeServer): Answer {
    server.task = 'deleting';
    this.#coming.delete(server.id);
    if (!this.#going.has(server.id)) this.#going.set(server.id, this.looksToDelete);
    if (this.looksToDelete <= 0) this.#remove(server);
    return { status: 204 };
  }

  /** Its own ports go; those that were given to it stay, and are free. */
  #remove({ id, volumeId, ports }: FakeServer): void {
    this.servers.delete(id);
    if (volumeId !== null) this.#cinder.volumes.delete(volumeId);
    const [own, ...given] = ports;
    for (const portId of given) this.#neutron.bind(portId, null);
    if (own !== undefined) this.#neutron.ports.delete(own);
  }

  #bind({ id, zone, host }: FakeServer, portId: string): void {
    this.#neutron.bind(portId, { id, zone, host: `compute-${host}` });
  }

  #answerInterfaces(method: string, server: FakeServer, body: unknown, portId: string): Answer {
    const own = server.ports.flatMap((id) => this.#neutron.ports.get(id) ?? []);
    if (method === 'GET') return ok({ interfaceAttachments: own.map(attachment) });
    if (method === 'DELETE') {
      if (!server.ports.includes(portId)) return missing(`Port ${portId}`);
      if (this.portsStay) return { status: 202 };
      server.ports = server.ports.filter((id) => id !== portId);
      this.#neutron.bind(portId, null);
      return { status: 202 };
    }
    const wanted = (body as { interfaceAttachment: { port_id: string } }).interfaceAttachment.port_id;
    const port = this.#neutron.ports.get(wanted);
    if (port === undefined) return bad(404, 'itemNotFound', `Port id ${wanted} could not be found.`);
    if (port.device_id !== '') return bad(409, 'conflictingRequest', `Port ${wanted} is still in use.`);
    if (server.status !== 'ACTIVE') {
      const message = `Cannot 'attach_interface' instance ${server.id} while it is in vm_state building`;
      return bad(409, 'conflictingRequest', message);
    }
    server.ports.push(wanted);
    this.#bind(server, wanted);
    return ok({ interfaceAttachment: attachment(port) });
  }

  #answerGroups(method: string, id: string, body: unknown, query: URLSearchParams): Answer {
    if (method === 'GET') {
      const from = Number(query.get('offset') ?? 0);
      return ok({ server_groups: [...this.groups.values()].slice(from, from + this.page) });
    }
    if (method === 'DELETE') {
      return this.groups.delete(id)
        ? { status: 204 }
        : bad(404, 'itemNotFound', `Instance group ${id} could not be found.`);
    }
    if (this.groups.size >= this.quota.groups) return bad(403, 'forbidden', 'Quota exceeded, too many server groups.');
    const { name, policies } = (body as { server_group: { name: string; policies: string[] } }).server_group;
    const group = { id: randomUUID(), name, policies };
    this.groups.set(group.id, group);
    return ok({ server_group: group });
  }
}

const attachment = ({ id, network_id, mac_address, fixed_ips }: FakePort): object => ({
  port_id: id,
  net_id: network_id,
  mac_addr: mac_address,
  fixed_ips,
  port_state: 'ACTIVE',
});

const ok = (body: object): Answer => ({ status: 200, body });
const bad = (status: number, fault: string, message: string): Answer => ({
  status,
  body: { [fault]: { code: status, message } },
});
const missing = (what: string): Answer => bad(404, 'itemNotFound', `${what} could not be found.`);
