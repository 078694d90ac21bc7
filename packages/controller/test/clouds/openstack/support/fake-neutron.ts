import { randomUUID } from 'node:crypto';
import ipaddr from 'ipaddr.js';
import { NeutronGroups } from './fake-neutron-groups.ts';
import { type Answer, type Asked, FakeService } from './fake-service.ts';

// biome-ignore lint/suspicious/noExplicitAny: bodies of requests are what somebody sent
type Json = any;

interface FakeNetwork {
  id: string;
  name: string;
  project_id: string;
  shared: boolean;
  mtu: number;
  port_security_enabled: boolean;
  subnets: string[];
}

interface FakeSubnet {
  id: string;
  name: string;
  network_id: string;
  cidr: string;
  gateway_ip: string | null;
  ip_version: 4 | 6;
  host_routes: { destination: string; nexthop: string }[];
  ipv6_address_mode?: 'slaac';
}

export interface FakePort {
  id: string;
  name: string;
  network_id: string;
  mac_address: string;
  fixed_ips: { subnet_id: string; ip_address: string }[];
  device_id: string;
  device_owner: string;
  project_id: string;
  admin_state_up: boolean;
  status: string;
  allowed_address_pairs: { ip_address: string }[];
  qos_policy_id: string | null;
  security_groups: string[];
  'binding:vnic_type': string;
  'binding:host_id': string;
  dns_name: string;
  tags: string[];
}

export const fault = (status: number, type: string, message: string): Answer => ({
  status,
  body: { NeutronError: { type, message, detail: '' } },
});

const notFound = (type: string, what: string, id: string): Answer =>
  fault(404, type, `${what} ${id} could not be found.`);

const SERVICE_PROJECT = 'service';
const EXTENSIONS = [
  'allowed-address-pairs',
  'dns-integration',
  'network-ip-availability',
  'qos',
  'security-group',
  'standard-attr-tag',
];

/** Version 2.0 of the network API, as far as load balancers use it. */
export class FakeNeutron extends FakeService {
  readonly networks = new Map<string, FakeNetwork>();
  readonly subnets = new Map<string, FakeSubnet>();
  readonly ports = new Map<string, FakePort>();
  readonly groups = new NeutronGroups(this);
  /** QoS policies: the project of each; null: everybody's. */
  readonly policies = new Map<string, string | null>();
  readonly extensions = new Set(EXTENSIONS);
  /** Most objects of each kind (`port`, `security_group`, `security_group_rule`). */
  readonly quota: Record<string, number> = {};
  /** Most ports of a project, by its id. */
  readonly projectQuota = new Map<string, number>();
  /** Ids of ports that nobody can delete. */
  readonly stuck = new Set<string>();
  /** Ports with such names stay DOWN on servers, until `wire`. null: each is ACTIVE at once. */
  unwired: RegExp | null = null;
  #made = 0;

  /** A network with a subnet for each CIDR. */
  network(cidrs: readonly string[], attributes: Partial<FakeNetwork> = {}): { id: string; subnets: string[] } {
    const id = randomUUID();
    const subnets = cidrs.map((cidr) => {
      const subnet = randomUUID();
      const ip_version = cidr.includes(':') ? 6 : 4;
      const gateway_ip = hostOf(cidr, 1);
      this.subnets.set(subnet, { id: subnet, name: '', network_id: id, cidr, gateway_ip, ip_version, host_routes: [] });
      return subnet;
    });
    const defaults = { name: 'net', project_id: SERVICE_PROJECT, shared: true, mtu: 1450, port_security_enabled: true };
    this.networks.set(id, { id, ...defaults, subnets, ...attributes });
    return { id, subnets };
  }

  /** A port of the service's, with an address in the first subnet of the network. @throws Error where Neutron would refuse it */
  port(networkId: string, wish: Partial<FakePort> = {}): FakePort {
    const subnet_id = this.networks.get(networkId)?.subnets[0];
    const made = this.#makePort({ network_id: networkId, fixed_ips: [{ subnet_id }], ...wish });
    if (made.status !== 201) throw new Error(JSON.stringify(made.body));
    return (made.body as { port: FakePort }).port;
  }

  /** As Nova does when a server takes a port (`device`), and when it lets go of it (null). */
  bind(portId: string, device: { id: string; zone: string; host: string } | null): void {
    const port = this.ports.get(portId);
    if (port === undefined) return;
    port.device_id = device?.id ?? '';
    port.device_owner = device === null ? '' : `compute:${device.zone}`;
    port['binding:host_id'] = device?.host ?? '';
    port.status = device === null || !port.admin_state_up || this.unwired?.test(port.name) ? 'DOWN' : 'ACTIVE';
  }

  /** What servers have by now lets traffic pass. */
  wire(): void {
    for (const port of this.ports.values())
      if (port['binding:host_id'] !== '' && port.admin_state_up) port.status = 'ACTIVE';
  }

  overQuota(kind: string, count: number): Answer | null {
    if (count <= (this.quota[kind] ?? Number.MAX_SAFE_INTEGER)) return null;
    return fault(409, 'OverQuota', `Quota exceeded for resources: ['${kind}'].`);
  }

  protected answer(asked: Asked, url: URL): Answer {
    const [, kind = '', id, part, name] =
      /^\/v2\.0\/([\w/-]+?)(?:\/([^/]+))?(?:\/(tags)\/(.+))?$/.exec(url.pathname) ?? [];
    // null: the service, which sees everything.
    const holder = this.keystone.holder(asked.headers['x-auth-token'])?.projectId;
    const project = holder === SERVICE_PROJECT ? null : (holder ?? '');
    const sees = (owner: string | null, shared = false) => project === null || shared || owner === project;
    const path = url.pathname.replace('/v2.0/', '');
    if (path === 'extensions') return ok({ extensions: [...this.extensions].map((alias) => ({ alias })) });
    if (part === 'tags') return this.#tag(kind, id ?? '', decodeURIComponent(name ?? ''));
    if (path.startsWith('qos/policies/')) return this.#policy(path.slice('qos/policies/'.length), sees);
    switch (kind) {
      case 'quotas':
        this.projectQuota.set(id ?? '', (asked.body as Json).quota.port);
        return ok({ quota: {} });
      case 'networks':
        return asked.method === 'GET' ? this.#networks(id, sees) : this.#changeNetworks(asked, id);
      case 'subnets':
        return asked.method === 'GET' ? this.#subnets(id, sees) : this.#makeSubnet((asked.body as Json).subnet);
      case 'network-ip-availabilities':
        return project === null
          ? this.#availability(id ?? '')
          : fault(403, 'Forbidden', 'rule:admin_only is disallowed.');
      case 'ports':
        return this.#ports(asked, url, id, sees);
      default:
        return this.groups.answer(asked, url, id, sees);
    }
  }

  #policy(id: string, sees: Sees): Answer {
    const owner = this.policies.get(id);
    if (owner === undefined || !sees(owner, owner === null)) return notFound('QosPolicyNotFound', 'QoS policy', id);
    return ok({ policy: { id } });
  }

  #networks(id: string | undefined, sees: Sees): Answer {
    const visible = [...this.networks.values()].filter(({ project_id, shared }) => sees(project_id, shared));
    if (id === undefined) return ok({ networks: visible });
    const network = visible.find((one) => one.id === id);
    return network ? ok({ network }) : notFound('NetworkNotFound', 'Network', id);
  }

  #changeNetworks({ method, body }: Asked, id: string | undefined): Answer {
    if (method === 'DELETE') {
      for (const subnet of this.networks.get(id ?? '')?.subnets ?? []) this.subnets.delete(subnet);
      return this.networks.delete(id ?? '') ? { status: 204 } : notFound('NetworkNotFound', 'Network', String(id));
    }
    const made = this.network([], (body as Json).network);
    return { status: 201, body: { network: this.networks.get(made.id) } };
  }

  #makeSubnet(wish: Json): Answer {
    const id = randomUUID();
    const subnet = { name: '', gateway_ip: hostOf(wish.cidr, 1), host_routes: [], ...wish, id };
    this.subnets.set(id, subnet);
    this.networks.get(wish.network_id)?.subnets.push(id);
    return { status: 201, body: { subnet } };
  }

  #subnets(id: string | undefined, sees: Sees): Answer {
    const visible = [...this.subnets.values()].filter(({ network_id }) => {
      const network = this.networks.get(network_id);
      return network && sees(network.project_id, network.shared);
    });
    if (id === undefined) return ok({ subnets: visible });
    const subnet = visible.find((one) => one.id === id);
    return subnet ? ok({ subnet }) : notFound('SubnetNotFound', 'Subnet', id);
  }

  #availability(id: string): Answer {
    const network = this.networks.get(id);
    if (network === undefined) return notFound('NetworkNotFound', 'Network', id);
    const subnet_ip_availability = network.subnets.map((subnet_id) => {
      const { cidr } = this.subnets.get(subnet_id)!;
      return { subnet_id, total_ips: sizeOf(cidr), used_ips: this.#taken(subnet_id).size };
    });
    return ok({ network_ip_availability: { network_id: id, subnet_ip_availability } });
  }

  #ports({ method, body }: Asked, { searchParams }: URL, id: string | undefined, sees: Sees): Answer {
    if (id === undefined)
      return method === 'POST' ? this.#makePort((body as Json).port) : this.#listPorts(searchParams, sees);
    const port = this.ports.get(id);
    if (port === undefined || !sees(port.project_id)) return notFound('PortNotFound', 'Port', id);
    if (method === 'GET') return ok({ port });
    if (method === 'PUT') return this.#changePort(port, (body as Json).port);
    if (this.stuck.has(id)) return fault(409, 'PortInUse', `Unable to complete operation on port ${id}.`);
    this.ports.delete(id);
    return { status: 204 };
  }

  #listPorts(query: URLSearchParams, sees: Sees): Answer {
    const has = (name: string, value: string) => query.getAll(name).length === 0 || query.getAll(name).includes(value);
    const found = [...this.ports.values()]
      .filter(
        (port) =>
          sees(port.project_id) &&
          has('name', port.name) &&
          has('network_id', port.network_id) &&
          has('device_owner', port.device_owner) &&
          has('project_id', port.project_id) &&
          (!query.has('security_groups') || port.security_groups.includes(query.get('security_groups')!)),
      )
      .sort((a, b) => a.id.localeCompare(b.id));
    const after = found.filter(({ id }) => id > (query.get('marker') ?? ''));
    return ok({ ports: after.slice(0, Number(query.get('limit') ?? after.length)) });
  }

  #makePort(wish: Json): Answer {
    const owned = [...this.ports.values()].filter(({ project_id }) => project_id === wish.project_id);
    const isFull = owned.length >= (this.projectQuota.get(wish.project_id) ?? Number.POSITIVE_INFINITY);
    const over = this.overQuota('port', isFull ? Number.POSITIVE_INFINITY : this.ports.size + 1);
    if (over) return over;
    const network = this.networks.get(wish.network_id);
    if (!network) return notFound('NetworkNotFound', 'Network', wish.network_id);
    const id = randomUUID();
    const project_id = wish.project_id ?? SERVICE_PROJECT;
    this.#made += 1;
    const port: FakePort = {
      id,
      name: '',
      mac_address: `fa:16:3e:00:${hex(this.#made >> 8)}:${hex(this.#made)}`,
      device_id: '',
      device_owner: '',
      admin_state_up: true,
      status: 'DOWN',
      allowed_address_pairs: [],
      qos_policy_id: null,
      'binding:vnic_type': 'normal',
      'binding:host_id': '',
      dns_name: '',
      tags: [],
      ...wish,
      project_id,
      security_groups: wish.security_groups ?? [`default of ${project_id}`],
      fixed_ips: [],
    };
    const fixed = this.#addresses(port, wish.fixed_ips);
    if (!Array.isArray(fixed)) return fixed;
    const missing = this.groups.missing(port.security_groups);
    if (missing) return missing;
    this.ports.set(id, { ...port, fixed_ips: fixed });
    return { status: 201, body: { port: this.ports.get(id) } };
  }

  #changePort(port: FakePort, changes: Json): Answer {
    const missing = this.groups.missing(changes.security_groups ?? []);
    if (missing) return missing;
    const fixed = changes.fixed_ips === undefined ? port.fixed_ips : this.#addresses(port, changes.fixed_ips);
    if (!Array.isArray(fixed)) return fixed;
    Object.assign(port, changes, { fixed_ips: fixed });
    if (changes.admin_state_up === false) port.status = 'DOWN';
    return ok({ port });
  }

  #taken(subnetId: string, besides?: string): Set<string> {
    const others = [...this.ports.values()].filter(({ id }) => id !== besides);
    return new Set(
      others.flatMap((port) => port.fixed_ips.flatMap((ip) => (ip.subnet_id === subnetId ? ip.ip_address : []))),
    );
  }

  #addresses({ id, network_id }: FakePort, wishes: Json[]): FakePort['fixed_ips'] | Answer {
    const given: FakePort['fixed_ips'] = [];
    const formed = [...this.subnets.values()].filter((one) => one.network_id === network_id && one.ipv6_address_mode);
    const unasked = formed.filter((one) => wishes.every(({ subnet_id }) => subnet_id !== one.id));
    for (const { subnet_id, ip_address } of [...wishes, ...unasked.map((one) => ({ subnet_id: one.id }) as Json)]) {
      const subnet = this.subnets.get(subnet_id);
      if (subnet?.network_id !== network_id) return notFound('SubnetNotFound', 'Subnet', subnet_id);
      const taken = this.#taken(subnet_id, id);
      if (ip_address !== undefined) {
        const [range, bits] = ipaddr.parseCIDR(subnet.cidr);
        const address = ipaddr.parse(ip_address);
        if (address.kind() !== range.kind() || !address.match(range as never, bits)) {
          const message = `IP address ${ip_address} is not a valid IP for the specified subnet.`;
          return fault(400, 'InvalidIpForSubnet', message);
        }
        if (taken.has(ip_address)) {
          const message = `IP address ${ip_address} already allocated in subnet ${subnet_id}`;
          return fault(409, 'IpAddressAlreadyAllocated', message);
        }
        given.push({ subnet_id, ip_address });
        continue;
      }
      const free = Array.from({ length: Math.min(sizeOf(subnet.cidr), 250) }, (_, host) =>
        hostOf(subnet.cidr, host + 2),
      );
      const address = free.find((one) => !taken.has(one));
      if (address === undefined) {
        return fault(409, 'IpAddressGenerationFailure', `No more IP addresses available on network ${network_id}.`);
      }
      given.push({ subnet_id, ip_address: address });
    }
    return given;
  }

  #tag(kind: string, id: string, name: string): Answer {
    const tags = kind === 'ports' ? this.ports.get(id)?.tags : this.groups.tagsOf(id);
    if (tags === undefined) return notFound('TagResourceNotFound', kind, id);
    if (!tags.includes(name)) tags.push(name);
    return { status: 201 };
  }
}

export type Sees = (owner: string | null, shared?: boolean) => boolean;

const ok = (body: object): Answer => ({ status: 200, body });
const hex = (value: number): string => (value & 0xff).toString(16).padStart(2, '0');

/** Of IPv4 without network, gateway and broadcast. */
const sizeOf = (cidr: string): number => (cidr.includes(':') ? 65_536 : 2 ** (32 - Number(cidr.split('/')[1])) - 3);

function hostOf(cidr: string, host: number): string {
  const bytes = ipaddr.parse(cidr.split('/')[0]!).toByteArray();
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) + host;
  return ipaddr.fromByteArray(bytes).toString();
}
