import { createHash } from 'node:crypto';
import type { Log } from '@octavia/protocol/log';
import { isOctaviaError, OctaviaError } from '../../../errors.ts';
import type { NetworkDriver, Port } from '../../network/interface.ts';
import type { NewServer, Nova, NovaServer } from '../../openstack/nova.ts';
import { persistently, type Retries } from '../../openstack/retries.ts';
import type { AntiAffinity, BuildRequest, ComputeDriver, ComputeInstance, ServerGroup } from '../interface.ts';
import { attachRefusal, buildRefusal, isTaken, lacksResources, refusesFiles } from './refusal.ts';
import { cloudConfig } from './user-data.ts';

export interface NovaSettings {
  /** Key pair of the service user; null: none. */
  keyName: string | null;
  /** Of the port on the management network; names or ids. */
  securityGroups: readonly string[];
  /** Where the availability zone of the load balancer names none; null: the scheduler chooses. */
  zone: string | null;
  /** Characters of the names of servers; 0: they are named after their amphora. */
  randomNameLength: number;
  /** Files come by user data, not by themselves. */
  filesInUserData: boolean;
  retries: Retries;
  /** Milliseconds until a port must be free. */
  detachTimeoutMs: number;
}

export interface NovaDependencies {
  nova: Nova;
  /** Neutron tells when a port is free. */
  ports: Pick<NetworkDriver, 'getPort'>;
  log: Pick<Log, 'warn'>;
  clock: {
    /** Milliseconds, of any beginning. */
    now(): number;
    sleep(milliseconds: number): Promise<void>;
  };
}

/** Under which a server with a name of its own says whose it is. */
const AMPHORA = 'octavia_amphora';
const NAMED = /^amphora-([0-9a-f-]{36})$/;

const GOING: ReadonlySet<string | null> = new Set(['deleting', 'soft-deleting']);
const GONE: ReadonlySet<string> = new Set(['DELETED', 'SOFT_DELETED']);
const DOWN = /^(SHUTOFF|STOPPED|PAUSED|SUSPENDED|SHELVED.*|RESCUE)$/;

/** A server is deleted in seconds; one that takes longer is Nova's to end. */
const DELETE_WAIT_MS = 60_000;
const DELETE_PAUSES_MS = [500, 1000, 1000, 2000, 5000];
const DETACH_PAUSES_MS = [500, 1000, 1000, 2000];
/** Flavors and zones rarely go. */
const EXISTS_MS = 60_000;
/** The reason of an ERROR may come this much later. */
const FAULT_PAUSES_MS = [500, 2000];

const isGone = (server: NovaServer): boolean => GONE.has(server.status);
const isGoing = (server: NovaServer): boolean => isGone(server) || GOING.has(server.task);
const isBusy = (error: unknown): boolean =>
  isOctaviaError(error, 'OPENSTACK_UNAVAILABLE') || isOctaviaError(error, 'OPENSTACK_CONFLICT');
const at = (pauses: readonly number[], index: number): number => pauses[Math.min(index, pauses.length - 1)] ?? 0;

function statusOf({ status }: NovaServer): ComputeInstance['status'] {
  if (status === 'ACTIVE' || status === 'ERROR') return status;
  return DOWN.test(status) ? 'STOPPED' : 'BUILD';
}

/** `[controller_worker] compute_driver = compute_nova_driver`: amphorae are servers of Nova. */
export class NovaComputeDriver implements ComputeDriver {
  readonly name = 'compute_nova_driver';
  readonly looksAfterMs = [1000, 1000, 2000, 3000, 5000];
  readonly #nova: Nova;
  readonly #ports: NovaDependencies['ports'];
  readonly #log: NovaDependencies['log'];
  readonly #clock: NovaDependencies['clock'];
  readonly #settings: NovaSettings;
  #filesInUserData: boolean;
  readonly #existsUntil = new Map<string, number>();

  constructor({ nova, ports, log, clock }: NovaDependencies, settings: NovaSettings) {
    this.#nova = nova;
    this.#ports = ports;
    this.#log = log;
    this.#clock = clock;
    this.#settings = settings;
    this.#filesInUserData = settings.filesInUserData;
  }

  /** @throws OctaviaError COMPUTE_FLAVOR_UNUSABLE, COMPUTE_NETWORK_UNUSABLE, COMPUTE_ZONE_UNUSABLE, IMAGE_NOT_FOUND, OPENSTACK_… */
  async build(request: BuildRequest): Promise<ComputeInstance> {
    const { flavor } = request;
    if (flavor === null) throw new OctaviaError('COMPUTE_FLAVOR_UNUSABLE', { detail: 'none is configured' });
    const mayPass = (error: unknown): boolean => isOctaviaError(error, 'OPENSTACK_UNAVAILABLE');
    const building = this.#persistently(mayPass, async () => {
      const former = await this.#adopt(request.amphoraId);
      if (former !== null) return this.#describe(former);
      const id = await this.#create(request, flavor);
      const unknown = { lbNetworkIp: null, imageId: null, flavor: null, zone: null, fault: null };
      return { id, name: request.name, status: 'BUILD', ...unknown } as const;
    });
    return building.catch((error: unknown) => {
      throw buildRefusal(error);
    });
  }

  async get(id: string, networks: readonly string[] = []): Promise<ComputeInstance | null> {
    let server = await this.#look(id);
    for (const pause of FAULT_PAUSES_MS) {
      if (server?.status !== 'ERROR' || server.fault !== null) break;
      await this.#clock.sleep(pause);
      server = await this.#look(id);
    }
    if (server === null) return null;
    const lbNetworkIp = server.status === 'ACTIVE' ? await this.#managementAddress(server, networks) : null;
    return { ...this.#describe(server), lbNetworkIp };
  }

  async find(amphoraId: string): Promise<ComputeInstance | null> {
    const [server] = await this.#named(amphoraId);
    return server === undefined ? null : this.#describe(server);
  }

  /** Ends when the server is gone, or when Nova does not come to its end with what it has accepted. */
  async delete(id: string): Promise<void> {
    const began = this.#clock.now();
    await this.#delete(id);
    for (let index = 0; ; index += 1) {
      await this.#clock.sleep(at(DELETE_PAUSES_MS, index));
      const server = await this.#look(id);
      if (server === null) return;
      if (this.#clock.now() - began >= DELETE_WAIT_MS) {
        this.#log.warn({ server: id, status: server.status, task: server.task }, 'Nova is slow to delete a server');
        return;
      }
      // It tried and failed.
      if (server.status === 'ERROR' && server.task === null) await this.#delete(id);
    }
  }

  async attachPort(id: string, port: Port): Promise<void> {
    // Nova writes both into the port, when it takes it.
    if (port.deviceId === id && port.deviceOwner.startsWith('compute:')) return;
    const mayPass = (error: unknown): boolean => isBusy(error) && !isTaken(error) && !lacksResources(error);
    const attaching = this.#persistently(mayPass, async () => {
      try {
        await this.#nova.attach(id, port.id);
      } catch (error) {
        // Its own already: by a try whose answer was lost.
        if (isBusy(error) && (await this.#nova.interfaces(id)).some(({ portId }) => portId === port.id)) return;
        throw error;
      }
    });
    await attaching.catch((error: unknown) => {
      throw attachRefusal(error, port.id, id);
    });
  }

  async detachPort(id: string, portId: string): Promise<void> {
    try {
      await this.#persistently(isBusy, () => this.#nova.detach(id, portId));
    } catch (error) {
      if (isOctaviaError(error, 'OPENSTACK_NOT_FOUND')) return;
      if (!isOctaviaError(error)) throw error;
      const detail = String(error.parameters.detail);
      throw new OctaviaError('COMPUTE_DETACH_FAILED', { port: portId, instance: id, detail }, { cause: error });
    }
    const began = this.#clock.now();
    for (let index = 0; ; index += 1) {
      await this.#clock.sleep(at(DETACH_PAUSES_MS, index));
      const holder = await this.#holderOf(portId);
      if (holder !== undefined && holder !== id) return;
      if (this.#clock.now() - began < this.#settings.detachTimeoutMs) continue;
      const detail = `it is not free after ${this.#settings.detachTimeoutMs / 1000} s`;
      throw new OctaviaError('COMPUTE_DETACH_FAILED', { port: portId, instance: id, detail });
    }
  }

  async list(): Promise<ComputeInstance[]> {
    // Names of their own begin with the same letter.
    const servers = await this.#nova.servers('^a');
    return servers
      .filter((server) => amphoraOf(server) !== null && !isGone(server))
      .map((server) => this.#describe(server));
  }

  async createServerGroup(name: string, policy: AntiAffinity): Promise<string> {
    const mayPass = (error: unknown): boolean => isOctaviaError(error, 'OPENSTACK_UNAVAILABLE');
    return this.#persistently(mayPass, async () => {
      const groups = await this.#nova.serverGroups();
      const former = groups.find((group) => group.name === name && group.policies.includes(policy));
      return former?.id ?? this.#nova.createServerGroup(name, policy);
    });
  }

  async serverGroups(namePrefix: string): Promise<ServerGroup[]> {
    const groups = await this.#nova.serverGroups();
    return groups.filter(({ name }) => name.startsWith(namePrefix)).map(({ id, name }) => ({ id, name }));
  }

  async deleteServerGroup(id: string): Promise<void> {
    await this.#persistently(isBusy, () => this.#nova.deleteServerGroup(id)).catch(absent);
  }

  flavorExists(id: string): Promise<boolean> {
    return this.#exists(`flavor ${id}`, async () => (await this.#nova.flavor(id).catch(absent)) !== null);
  }

  zoneExists(name: string): Promise<boolean> {
    return this.#exists(`zone ${name}`, async () => (await this.#nova.zones()).includes(name));
  }

  async recover(): Promise<void> {}

  /** What of the configuration Nova does not know, one sentence each. @throws OctaviaError OPENSTACK_… */
  async missing(flavor: string | null): Promise<string[]> {
    const { keyName, zone } = this.#settings;
    const lacks: string[] = [];
    if (flavor !== null && !(await this.flavorExists(flavor))) {
      lacks.push(`Nova shows the service user no flavor ${flavor} ([controller_worker] amp_flavor_id)`);
    }
    if (keyName !== null && (await this.#nova.keyPair(keyName).catch(absent)) === null) {
      lacks.push(`the service user has no key pair ${keyName} ([controller_worker] amp_ssh_key_name)`);
    }
    if (zone !== null && !(await this.zoneExists(zone))) {
      lacks.push(`Nova has no availability zone ${zone} ([nova] availability_zone)`);
    }
    return lacks;
  }

  /** Each load balancer with a flavor or a zone asks: what was there a moment ago is there. */
  async #exists(what: string, ask: () => Promise<boolean>): Promise<boolean> {
    const now = this.#clock.now();
    if (now < (this.#existsUntil.get(what) ?? now)) return true;
    const exists = await ask();
    if (exists) this.#existsUntil.set(what, now + EXISTS_MS);
    else this.#existsUntil.delete(what);
    return exists;
  }

  #persistently<T>(mayPass: (error: unknown) => boolean, work: () => Promise<T>): Promise<T> {
    return persistently(this.#settings.retries, (ms) => this.#clock.sleep(ms), mayPass, work);
  }

  async #create(request: BuildRequest, flavorId: string): Promise<string> {
    const { imageId, volumeId, zone, networks, files, userData, serverGroupId = null } = request;
    const { keyName, securityGroups, zone: usual, randomNameLength } = this.#settings;
    const wish: NewServer = {
      name: this.#nameOf(request.amphoraId),
      imageId: volumeId === null ? imageId : null,
      volumeId,
      flavorId,
      networkIds: networks.length === 0 ? null : networks,
      keyName,
      securityGroups,
      zone: zone ?? usual,
      files,
      userData: cloudConfig(userData),
      serverGroupId,
      metadata: randomNameLength > 0 ? { [AMPHORA]: request.amphoraId } : {},
    };
    const bare: NewServer = { ...wish, files: {}, userData: cloudConfig(userData, files) };
    if (this.#filesInUserData) return this.#nova.create(bare);
    try {
      return await this.#nova.create(wish);
    } catch (error) {
      if (!refusesFiles(error)) throw error;
      const id = await this.#nova.create(bare);
      this.#filesInUserData = true;
      const why = 'Nova refuses files for servers: from now on they come by user data, as with user_data_config_drive';
      this.#log.warn({ err: error }, why);
      return id;
    }
  }

  /** What a former try has made: its answer may have been lost, its worker may have died. */
  async #adopt(amphoraId: string): Promise<NovaServer | null> {
    const [first, ...others] = (await this.#named(amphoraId)).filter((server) => !isGoing(server));
    // Of a request that reached Nova after its sender had given it up.
    for (const { id } of others) await this.#delete(id);
    return first ?? null;
  }

  async #named(amphoraId: string): Promise<NovaServer[]> {
    const name = this.#nameOf(amphoraId);
    const servers = await this.#nova.servers(`^${name}$`);
    // Not every database heeds the pattern's case.
    return servers.filter((server) => server.name === name && !isGone(server));
  }

  /** Random to everybody else: whoever builds the amphora again comes to the same. */
  #nameOf(amphoraId: string): string {
    const length = this.#settings.randomNameLength;
    if (length <= 0) return `amphora-${amphoraId}`;
    const digest = createHash('sha512').update(amphoraId).digest('hex');
    return `a${BigInt(`0x${digest}`).toString(36).toUpperCase()}`.slice(0, length);
  }

  #look(id: string): Promise<NovaServer | null> {
    return this.#nova.server(id).then((server) => (isGone(server) ? null : server), absent);
  }

  async #delete(id: string): Promise<void> {
    await this.#persistently(isBusy, () => this.#nova.delete(id)).catch(absent);
  }

  /** Who has the port; null: it is gone; undefined: there was no answer. */
  async #holderOf(portId: string): Promise<string | null | undefined> {
    try {
      return (await this.#ports.getPort(portId))?.deviceId ?? null;
    } catch (error) {
      if (isOctaviaError(error, 'OPENSTACK_UNAVAILABLE')) return undefined;
      throw error;
    }
  }

  /** Of one network the server itself tells it. */
  async #managementAddress({ id, addresses }: NovaServer, networks: readonly string[]): Promise<string | null> {
    const first = addresses[0]?.[0] ?? null;
    if (networks.length === 0 || (networks.length === 1 && addresses.length <= 1)) return first;
    try {
      const interfaces = await this.#nova.interfaces(id);
      const own = networks.flatMap((network) => interfaces.filter(({ networkId }) => networkId === network));
      return own[0]?.addresses[0] ?? null;
    } catch (error) {
      if (!isOctaviaError(error)) throw error;
      this.#log.warn(
        { server: id, err: error },
        'Nova does not tell the interfaces of a server; its first address is taken',
      );
      return first;
    }
  }

  #describe(server: NovaServer): ComputeInstance {
    const { id, imageId, flavorId: flavor, zone, fault } = server;
    const amphoraId = amphoraOf(server);
    const name = amphoraId === null ? server.name : `amphora-${amphoraId}`;
    return { id, name, status: statusOf(server), lbNetworkIp: null, imageId, flavor, zone, fault };
  }
}

function amphoraOf({ name, metadata }: NovaServer): string | null {
  const marked = metadata[AMPHORA];
  return typeof marked === 'string' ? marked : (NAMED.exec(name)?.[1] ?? null);
}

function absent(error: unknown): null {
  if (isOctaviaError(error, 'OPENSTACK_NOT_FOUND')) return null;
  throw error;
}
