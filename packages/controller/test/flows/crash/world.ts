/**
 * A cloud and its amphorae, in memory, that note every change made to them. Calls are idempotent as the interfaces demand:
 * what is asked twice changes once. `afterCall` is where a test ends the caller, the effect being there and the answer lost.
 */
import type { CertificateGenerator } from '../../../src/clouds/certificates/interface.ts';
import { NoopCertificateGenerator } from '../../../src/clouds/certificates/noop/generator.ts';
import type { BuildRequest, ComputeDriver, ComputeInstance } from '../../../src/clouds/compute/interface.ts';
import type { ImageDriver } from '../../../src/clouds/image/interface.ts';
import { NoopImageDriver } from '../../../src/clouds/image/noop/driver.ts';
import type { NetworkDriver, Port, Subnet } from '../../../src/clouds/network/interface.ts';
import { NoopNetworkDriver } from '../../../src/clouds/network/noop/driver.ts';
import type { VolumeDriver } from '../../../src/clouds/volume/interface.ts';
import { NoopVolumeDriver } from '../../../src/clouds/volume/noop/driver.ts';
import type { ApplyOutcome, DataplaneDriver, PluggedPort } from '../../../src/dataplane/interface.ts';
import type { Amphora, LoadBalancerTree } from '../../../src/domain/resources.ts';
import { OctaviaError } from '../../../src/errors.ts';
import type { FlowOptions } from '../../../src/flows/flow.ts';
import type { Database } from '../../../src/store/core/database.ts';

interface Instance extends Pick<ComputeInstance, 'name' | 'imageId' | 'flavor' | 'zone'> {
  ports: Set<string>;
  /** Interfaces the agent has taken: their addresses by port. */
  plugged: Map<string, string[]>;
  configuration: string | null;
  vrrp: string | null;
  certificate: string | null;
  agentConfiguration: string | null;
}

/** What of a tree a configuration is made of: no statuses, no times, nothing that is on its way out. */
function configurationOf(tree: LoadBalancerTree): string {
  const stays = <T extends { provisioningStatus: string }>(rows: readonly T[]) =>
    rows.filter((row) => row.provisioningStatus !== 'PENDING_DELETE');
  const { loadBalancer, listeners, pools, members, healthMonitors, l7policies, l7rules } = tree;
  const parts = [[loadBalancer], listeners, pools, members, healthMonitors, l7policies, l7rules].map((rows) =>
    stays<{ provisioningStatus: string }>(rows),
  );
  return JSON.stringify(parts, (key, value: unknown) =>
    ['provisioningStatus', 'operatingStatus', 'statusReason', 'statusCode', 'createdAt', 'updatedAt'].includes(key)
      ? undefined
      : value,
  );
}

/** Services in place of what the world keeps itself. */
export interface Cloud {
  /** Left out: the no-op service, which keeps ports as rows. */
  network?: NetworkDriver;
  servers?: { compute: ComputeDriver; build: Partial<FlowOptions['build']> };
}

const instanceFrom = (made: Pick<ComputeInstance, 'name' | 'imageId' | 'flavor' | 'zone'>): Instance => ({
  name: made.name,
  imageId: made.imageId,
  flavor: made.flavor,
  zone: made.zone,
  ports: new Set(),
  plugged: new Map(),
  configuration: null,
  vrrp: null,
  certificate: null,
  agentConfiguration: null,
});

export class World {
  readonly instances = new Map<string, Instance>();
  readonly serverGroups = new Map<string, string>();
  /** Ids of all instances that ever were. */
  readonly built = new Set<string>();
  readonly #ports = new Set<string>();
  /** Every change, in order, e.g. `+ instance amphora-<id>`. */
  readonly changes: string[] = [];
  /** Called when a changing call has had its effect and before it answers. */
  afterCall: (call: string) => void = () => undefined;

  readonly compute: ComputeDriver;
  readonly network: NetworkDriver;
  readonly dataplane: DataplaneDriver;
  readonly images: ImageDriver = new NoopImageDriver();
  /** The image of each volume, by its name. */
  readonly imagesOfVolumes = new Map<string, string>();
  readonly volumes: VolumeDriver;
  /** What amphorae are built from, where they are built by a cloud of its own. */
  readonly build: Partial<FlowOptions['build']>;
  readonly certificates: CertificateGenerator = new NoopCertificateGenerator();

  constructor(database: Database, { network, servers }: Cloud = {}) {
    this.compute = servers ? this.#around(servers.compute) : this.#computeDriver();
    this.volumes = servers ? new NoopVolumeDriver() : this.#volumeDriver();
    this.build = servers?.build ?? {};
    this.network = this.#networkDriver(network ?? new NoopNetworkDriver(database));
    this.dataplane = this.#dataplaneDriver();
  }

  #changed(change: string): void {
    this.changes.push(change);
  }

  /** Servers of somebody else, of which only what their agents know is kept here. */
  #around(inner: ComputeDriver): ComputeDriver {
    const { instances } = this;
    const own: Partial<ComputeDriver> = {
      build: async (request) => {
        const made = await inner.build(request);
        if (!instances.has(made.id)) instances.set(made.id, instanceFrom(made));
        this.built.add(made.id);
        this.afterCall('build');
        return made;
      },
      delete: async (id) => {
        await inner.delete(id);
        instances.delete(id);
        this.afterCall('delete instance');
      },
      attachPort: async (id, port) => {
        await inner.attachPort(id, port);
        instances.get(id)?.ports.add(port.id);
        this.afterCall('attach');
      },
      detachPort: async (id, portId) => {
        await inner.detachPort(id, portId);
        instances.get(id)?.ports.delete(portId);
        instances.get(id)?.plugged.delete(portId);
        this.afterCall('detach');
      },
    };
    return new Proxy<ComputeDriver>(inner, {
      get: (target, property) => {
        const value: unknown = Reflect.get(own, property) ?? Reflect.get(target, property, target);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  }

  #computeDriver(): ComputeDriver {
    const { instances } = this;
    const describe = (id: string, { name, imageId, flavor, zone }: Instance): ComputeInstance => ({
      id,
      name,
      imageId,
      flavor,
      zone,
      status: 'ACTIVE',
      lbNetworkIp: '10.253.0.9',
      fault: null,
    });
    const existing = (id: string): Instance => {
      const instance = instances.get(id);
      if (!instance) throw new OctaviaError('COMPUTE_ATTACH_FAILED', { port: 'a', instance: id, detail: 'gone' });
      return instance;
    };
    return {
      name: 'compute_world',
      build: async ({ amphoraId, name, imageId, flavor, zone }: BuildRequest) => {
        if (!instances.has(amphoraId)) {
          instances.set(amphoraId, instanceFrom({ name, imageId, flavor, zone }));
          this.built.add(amphoraId);
          this.#changed(`+ instance ${name}`);
        }
        this.afterCall('build');
        return describe(amphoraId, existing(amphoraId));
      },
      get: async (id) => {
        const instance = instances.get(id);
        return instance ? describe(id, instance) : null;
      },
      find: async (amphoraId) => {
        const instance = instances.get(amphoraId);
        return instance ? describe(amphoraId, instance) : null;
      },
      delete: async (id) => {
        const instance = instances.get(id);
        if (instances.delete(id)) this.#changed(`- instance ${instance?.name}`);
        this.afterCall('delete instance');
      },
      attachPort: async (id, port) => {
        const { ports } = existing(id);
        if (!ports.has(port.id)) {
          ports.add(port.id);
          this.#changed(`+ attachment ${port.name}`);
        }
        this.afterCall('attach');
      },
      detachPort: async (id, portId) => {
        const instance = instances.get(id);
        instance?.plugged.delete(portId);
        if (instance?.ports.delete(portId)) this.#changed(`- attachment ${portId}`);
        this.afterCall('detach');
      },
      list: async () => [...instances].map(([id, instance]) => describe(id, instance)),
      createServerGroup: async (name) => {
        const id = `group-${name}`;
        if (!this.serverGroups.has(id)) {
          this.serverGroups.set(id, name);
          this.#changed(`+ server group ${name}`);
        }
        this.afterCall('create server group');
        return id;
      },
      serverGroups: async (prefix) =>
        [...this.serverGroups].flatMap(([id, name]) => (name.startsWith(prefix) ? { id, name } : [])),
      deleteServerGroup: async (id) => {
        if (this.serverGroups.delete(id)) this.#changed(`- server group ${id}`);
        this.afterCall('delete server group');
      },
      recover: async () => undefined,
    };
  }

  #volumeDriver(): VolumeDriver {
    const { imagesOfVolumes } = this;
    return {
      name: 'volume_world',
      createFromImage: async ({ name, imageId }) => {
        if (!imagesOfVolumes.has(name)) {
          imagesOfVolumes.set(name, imageId);
          this.#changed(`+ volume ${name}`);
        }
        this.afterCall('create volume');
        return name;
      },
      imageOf: async (id) => imagesOfVolumes.get(id) ?? null,
      delete: async (name) => {
        if (imagesOfVolumes.delete(name)) this.#changed(`- volume ${name}`);
        this.afterCall('delete volume');
      },
    };
  }

  /** What it changes is noted. */
  #networkDriver(inner: NetworkDriver): NetworkDriver {
    return new Proxy<NetworkDriver>(inner, {
      get: (target, property) => {
        if (property === 'createPort') {
          return async (...[request]: Parameters<NetworkDriver['createPort']>) => {
            const port = await target.createPort(request);
            if (!this.#ports.has(port.id)) this.#changed(`+ port ${request.name}`);
            this.#ports.add(port.id);
            this.afterCall('create port');
            return port;
          };
        }
        if (property === 'deletePort') {
          return async (...[id]: Parameters<NetworkDriver['deletePort']>) => {
            const before: Port | null = await target.getPort(id);
            await target.deletePort(id);
            for (const instance of this.instances.values()) {
              instance.ports.delete(id);
              instance.plugged.delete(id);
            }
            if (before && this.#ports.delete(id)) this.#changed(`- port ${before.name}`);
            this.afterCall('delete port');
          };
        }
        if (property === 'plugFixedIp' || property === 'unplugFixedIp') {
          return async (portId: string, subnetId: string) => {
            const before = await target.getPort(portId);
            const answer = await target[property](portId, subnetId);
            const after = await target.getPort(portId);
            if (before?.fixedIps.length !== after?.fixedIps.length) this.#changed(`= ${property} of ${before?.name}`);
            this.afterCall(property);
            return answer;
          };
        }
        const value: unknown = Reflect.get(target, property, target);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  }

  #dataplaneDriver(): DataplaneDriver {
    const agent = ({ id, computeId }: Amphora): Instance => {
      const instance = this.instances.get(computeId ?? '');
      if (!instance) throw new OctaviaError('AMPHORA_UNREACHABLE', { id, address: 'nowhere', detail: 'gone' });
      return instance;
    };
    const plug = (amphora: Amphora, { port }: PluggedPort, subnets: Subnet[], what: string) => {
      const { ports, plugged } = agent(amphora);
      if (!ports.has(port.id)) {
        throw new OctaviaError('AMPHORA_REFUSED', {
          id: amphora.id,
          status: 404,
          request: what,
          detail: 'no interface',
        });
      }
      const addresses = port.fixedIps
        .filter(({ subnetId }) => subnets.some(({ id }) => id === subnetId))
        .map(({ ipAddress }) => ipAddress)
        .toSorted();
      const before = plugged.get(port.id);
      plugged.set(port.id, addresses);
      if (!before) this.#changed(`+ ${what} ${port.name}`);
      else if (before.join() !== addresses.join()) this.#changed(`= addresses of ${port.name}: ${addresses.join()}`);
      this.afterCall(what);
    };
    /** Sets one thing of an agent; the same again is no change. */
    const set = (
      amphora: Amphora,
      what: 'configuration' | 'vrrp' | 'certificate' | 'agentConfiguration',
      text: string,
    ): boolean => {
      const instance = agent(amphora);
      const changes = instance[what] !== text;
      instance[what] = text;
      if (changes) this.#changed(`= ${what} of ${amphora.id}: ${text}`);
      this.afterCall(`set ${what}`);
      return changes;
    };
    return {
      name: 'amphora_world',
      waitUntilReachable: async (amphora) => void agent(amphora),
      probe: async ({ computeId }) => this.instances.has(computeId ?? ''),
      plugVip: async (amphora, plugged) => {
        const { subnet, additional = [], memberSubnets } = plugged;
        plug(amphora, plugged, [subnet, ...additional.map((each) => each.subnet), ...memberSubnets], 'VIP');
        return 'eth1';
      },
      plugNetwork: async (amphora, plugged) => plug(amphora, plugged, plugged.subnets, 'network'),
      apply: async (amphora, tree): Promise<ApplyOutcome> => {
        const first = agent(amphora).configuration === null;
        if (!set(amphora, 'configuration', configurationOf(tree))) return { method: 'none' };
        return { method: first ? 'start' : 'reload' };
      },
      knowsSessions: async (amphora) => agent(amphora).configuration !== null,
      applyVrrp: async (amphora, tree, group) => {
        const peers = tree.amphorae.map(({ id, vrrpIp }) => `${id} ${vrrpIp}`).sort();
        set(amphora, 'vrrp', JSON.stringify([amphora.role, group, peers]));
      },
      yieldVip: async (amphora) => void agent(amphora),
      uploadCertificate: async (amphora, pem) => void set(amphora, 'certificate', pem),
      updateAgentConfiguration: async (amphora, text) => {
        set(amphora, 'agentConfiguration', text);
        return 'applied';
      },
      details: async () => ({ active: true }),
    };
  }
}
