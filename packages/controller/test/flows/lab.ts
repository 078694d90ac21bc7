/** A load balancer on the noop cloud, operations run in this process, and a journal of what they asked of the outside. */

import { randomUUID } from 'node:crypto';
import { SILENT_LOG } from '@octavia/protocol/log';
import { NoopCertificateGenerator } from '../../src/clouds/certificates/noop/generator.ts';
import { NoopComputeDriver } from '../../src/clouds/compute/noop/driver.ts';
import type { ImageDriver } from '../../src/clouds/image/interface.ts';
import { NoopImageDriver } from '../../src/clouds/image/noop/driver.ts';
import { NoopNetworkDriver } from '../../src/clouds/network/noop/driver.ts';
import type { Notification, NotificationDriver } from '../../src/clouds/notifications/interface.ts';
import type { VolumeDriver } from '../../src/clouds/volume/interface.ts';
import { NoopVolumeDriver } from '../../src/clouds/volume/noop/driver.ts';
import { NoopDataplaneDriver } from '../../src/dataplane/noop/driver.ts';
import { deterministicUuid } from '../../src/domain/deterministic-uuid.ts';
import type { Operation, OperationInput, OperationKind, ResourceType } from '../../src/domain/operations.ts';
import type { Amphora, LoadBalancer, LoadBalancerTree } from '../../src/domain/resources.ts';
import type { Topology } from '../../src/domain/statuses.ts';
import { OctaviaError } from '../../src/errors.ts';
import type { FaultListener } from '../../src/flows/fault-points.ts';
import { DEFAULT_FLOW_OPTIONS, type Flow, type FlowDependencies, type FlowOptions } from '../../src/flows/flow.ts';
import { flowOf as releasedFlowOf } from '../../src/flows/registry.ts';
import { runOperation } from '../../src/flows/runner.ts';
import * as operations from '../../src/store/operations/operations.ts';
import * as amphorae from '../../src/store/resources/amphorae.ts';
import * as loadBalancers from '../../src/store/resources/load-balancers.ts';
import { insertOperation } from '../support/operations.ts';
import { setStatuses } from '../support/statuses.ts';
import { aLoadBalancer, openTestStore, type TestStore } from '../support/store.ts';
import { turnsIn } from './support.ts';

const SUBNET = deterministicUuid('noop', 'public-subnet');
const NETWORK = deterministicUuid('noop', 'public-net');

/** A call to the outside: driver, method and what it was about. */
export interface Call {
  call: string;
  amphoraId: string | null;
}

type Arguments = readonly unknown[];

const amphoraIdIn = (args: Arguments): string | null => {
  const [first] = args;
  if (typeof first === 'string') return first;
  const { amphoraId, deviceId, id } = Object(first) as { amphoraId?: string; deviceId?: string; id?: string };
  return amphoraId ?? deviceId ?? id ?? null;
};

export class Lab {
  readonly calls: Call[] = [];
  readonly notifications: Notification[] = [];
  /** Hears of operations in place of `notifications`. */
  teller: NotificationDriver | null = null;
  /** Asked before each call; throws to make it fail. */
  interfere: (call: string, amphoraId: string | null) => void = () => undefined;
  /** The amphora that says it has the VIP. */
  active: string | null = null;
  /** How long (ms) operations have waited when they are begun. */
  waitedMs = 0;
  readonly #testStore: TestStore;
  readonly compute = new NoopComputeDriver();
  images: ImageDriver = new NoopImageDriver();
  volumes: VolumeDriver = new NoopVolumeDriver();
  readonly network: NoopNetworkDriver;
  readonly dataplane = new NoopDataplaneDriver({ keep: 10_000 });
  options: FlowOptions = {
    ...DEFAULT_FLOW_OPTIONS,
    amphoraDelete: { attempts: 2, intervalMs: 1 },
    failover: { attempts: 1, intervalMs: 1 },
  };

  private constructor(testStore: TestStore) {
    this.#testStore = testStore;
    this.network = new NoopNetworkDriver(testStore.store.db);
  }

  static async open(): Promise<Lab> {
    const lab = new Lab(await openTestStore());
    await lab.network.bootstrap();
    return lab;
  }

  get store() {
    return this.#testStore.store;
  }

  close(): Promise<void> {
    return this.#testStore.close();
  }

  /** Back to a world in which nothing goes wrong. */
  calm(): void {
    this.calls.length = 0;
    this.notifications.length = 0;
    this.interfere = () => undefined;
    this.active = null;
    this.waitedMs = 0;
  }

  dependencies(): FlowDependencies {
    const dataplane = {
      probe: async ({ id }: Amphora) => this.#reachable(id),
      details: async ({ id }: Amphora) => ({ active: id === this.active }),
    };
    return {
      store: this.store,
      compute: this.#watched('compute', this.compute),
      images: this.images,
      volumes: this.volumes,
      network: this.#watched('network', this.network),
      certificates: new NoopCertificateGenerator(),
      dataplane: this.#watched('dataplane', this.dataplane, dataplane),
      agentConfiguration: ({ id }) => `amphora_id = ${id}`,
      notifications: this.teller ?? {
        name: 'lab',
        notify: () => undefined,
        notifyWith: async (tx, notification) => tx.afterCommit(() => void this.notifications.push(notification)),
      },
      options: this.options,
      ...turnsIn(this.store, this.options),
      computeWait: { intervalMs: 5, timeoutMs: 500 },
      sleep: (ms) => new Promise((resolve) => setTimeout(resolve, Math.min(ms, 2))),
      now: () => new Date(Date.now() + this.waitedMs),
      log: SILENT_LOG,
    };
  }

  /** Unreachable: whoever `interfere` lets no call through to. */
  #reachable(id: string): boolean {
    try {
      this.interfere('dataplane.probe', id);
      return true;
    } catch {
      return false;
    }
  }

  #watched<T extends object>(name: string, driver: T, instead: Record<string, unknown> = {}): T {
    return new Proxy(driver, {
      get: (target, property) => {
        const value: unknown = instead[String(property)] ?? Reflect.get(target, property, target);
        if (typeof value !== 'function') return value;
        return async (...args: unknown[]) => {
          const call = `${name}.${String(property)}`;
          const amphoraId = amphoraIdIn(args);
          if (call !== 'dataplane.probe') this.interfere(call, amphoraId);
          this.calls.push({ call, amphoraId });
          return (value as (...given: unknown[]) => unknown).apply(target, args);
        };
      },
    });
  }

  /** A load balancer as the API writes it, with its operation not yet run. */
  async accepted(topology: Topology, changes: Partial<LoadBalancer> = {}): Promise<LoadBalancer> {
    const draft = aLoadBalancer({ provisioningStatus: 'PENDING_CREATE', topology });
    const port = await this.network.createPort({
      name: `octavia-lb-${draft.id}`,
      networkId: NETWORK,
      fixedIps: [{ subnetId: SUBNET }],
      deviceId: `lb-${draft.id}`,
      deviceOwner: 'Octavia',
    });
    const vip = {
      ...draft.vip,
      address: port.fixedIps[0]?.ipAddress ?? '',
      portId: port.id,
      subnetId: SUBNET,
      networkId: NETWORK,
      portOwned: true,
    };
    const loadBalancer = { ...draft, vip, ...changes };
    await this.store.transaction((tx) => loadBalancers.insert(tx, loadBalancer));
    return loadBalancer;
  }

  /** A load balancer that was created and works. */
  async balancer(topology: Topology): Promise<LoadBalancer> {
    const loadBalancer = await this.accepted(topology);
    const operation = await this.run('create_load_balancer', loadBalancer);
    if (operation.state !== 'succeeded') throw new Error(operation.reason ?? 'not created');
    this.calls.length = 0;
    this.notifications.length = 0;
    return loadBalancer;
  }

  /** Runs an operation to its end. The caller has set the statuses as the API does. */
  async run(
    kind: OperationKind,
    loadBalancer: LoadBalancer,
    {
      resource = { type: 'load_balancer', id: loadBalancer.id },
      input = { topology: loadBalancer.topology },
      flowOf = releasedFlowOf,
      faults = null,
    }: {
      resource?: { type: ResourceType; id: string };
      input?: OperationInput;
      flowOf?: (operation: Operation) => Flow;
      faults?: FaultListener | null;
    } = {},
  ): Promise<Operation> {
    const id = randomUUID();
    await this.store.transaction((tx) =>
      insertOperation(tx, {
        id,
        loadBalancerId: loadBalancer.id,
        projectId: loadBalancer.projectId,
        kind,
        resourceType: resource.type,
        resourceId: resource.id,
        input,
        flowVersion: 1,
      }),
    );
    await runOperation(id, flowOf, this.dependencies(), { workerId: 'lab', faults });
    const ended = await operations.get(this.store.db, id);
    if (!ended) throw new Error('the operation is gone');
    return ended;
  }

  async failover(loadBalancer: LoadBalancer, flowOf = releasedFlowOf): Promise<Operation> {
    await this.pending(loadBalancer.id);
    return this.run('failover_load_balancer', loadBalancer, { flowOf });
  }

  async failoverAmphora(loadBalancer: LoadBalancer, { id }: Amphora, flowOf = releasedFlowOf): Promise<Operation> {
    await this.pending(loadBalancer.id);
    return this.run('failover_amphora', loadBalancer, { resource: { type: 'amphora', id }, flowOf });
  }

  async pending(id: string, status: 'PENDING_UPDATE' | 'PENDING_DELETE' = 'PENDING_UPDATE'): Promise<void> {
    await setStatuses(this.store.db, 'load_balancer', id, { provisioningStatus: status });
  }

  async tree({ id }: LoadBalancer): Promise<LoadBalancerTree> {
    const tree = await loadBalancers.tree(this.store.db, id);
    if (!tree) throw new Error('the load balancer is gone');
    return tree;
  }

  /** By role; amphorae of one role by age. */
  async amphorae(loadBalancer: LoadBalancer): Promise<Amphora[]> {
    const rank = ({ role }: Amphora) => ['MASTER', 'BACKUP', 'STANDALONE'].indexOf(role ?? '');
    const all = await amphorae.byLoadBalancer(this.store.db, loadBalancer.id);
    return all.toSorted((one, other) => rank(one) - rank(other));
  }

  /** What the cloud holds: instances by name, ports by name. */
  async leftovers(): Promise<string[]> {
    const instances = await this.compute.list();
    const ports = await this.network.listPorts('octavia-lb');
    return [...instances, ...ports].map(({ name }) => name).toSorted();
  }

  /** Calls to drivers that change something, in order. */
  changes(): string[] {
    const reads = /\.(get|list|probe|details|waitUntil)/;
    return this.calls.map(({ call }) => call).filter((call) => !reads.test(call));
  }
}

/** An agent that does not answer. */
export function dead(...ids: string[]): Lab['interfere'] {
  return (call, amphoraId) => {
    if (!call.startsWith('dataplane.') || !ids.includes(amphoraId ?? '')) return;
    throw new OctaviaError('AMPHORA_UNREACHABLE', { id: amphoraId ?? '', address: '10.253.0.9', detail: 'no answer' });
  };
}

/** Every step does its work twice, as after a crash between the work and its record. */
export const twice = (operation: Operation): Flow => {
  const flow = releasedFlowOf(operation);
  const double = (step: import('../../src/flows/flow.ts').Step) => ({
    ...step,
    run: async (context: import('../../src/flows/flow.ts').StepContext) => {
      await step.run(context);
      return step.run(context);
    },
  });
  return {
    ...flow,
    steps: (given) =>
      flow
        .steps(given)
        .map((part) =>
          'parallel' in part ? { ...part, parallel: part.parallel.map((lane) => lane.map(double)) } : double(part),
        ),
  };
};
