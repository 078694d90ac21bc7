/**
 * A control plane whose workers can be ended anywhere. Changes are asked for over the real API; operations are run by the
 * real runner, one trial on one cloud of its own, many trials beside each other on one database.
 */

import { randomUUID } from 'node:crypto';
import { SILENT_LOG } from '@octavia/protocol/log';
import type { FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { Policy } from '../../../src/api/policy/policy.ts';
import { buildServer } from '../../../src/api/server.ts';
import { UnconfiguredCertificateManager } from '../../../src/clouds/certificates/barbican/unconfigured.ts';
import type { NetworkDriver } from '../../../src/clouds/network/interface.ts';
import { NoopNetworkDriver } from '../../../src/clouds/network/noop/driver.ts';
import { loadConfig } from '../../../src/config/index.ts';
import { deterministicUuid } from '../../../src/domain/deterministic-uuid.ts';
import type { Operation, OperationKind } from '../../../src/domain/operations.ts';
import type { Topology } from '../../../src/domain/statuses.ts';
import type { FaultListener } from '../../../src/flows/fault-points.ts';
import { DEFAULT_FLOW_OPTIONS, type FlowDependencies } from '../../../src/flows/flow.ts';
import { Fenced } from '../../../src/flows/in-charge.ts';
import { OperationQueue } from '../../../src/flows/operation-queue.ts';
import { flowOf } from '../../../src/flows/registry.ts';
import { runOperation } from '../../../src/flows/runner.ts';
import { Drivers } from '../../../src/processes/drivers/drivers.ts';
import { AmphoraProvider } from '../../../src/providers/amphora/provider.ts';
import { ProviderRegistry } from '../../../src/providers/registry.ts';
import { sql } from '../../../src/store/core/sql.ts';
import * as operations from '../../../src/store/operations/operations.ts';
import { insertOperation } from '../../support/operations.ts';
import { openTestStore, type TestStore } from '../../support/store.ts';
import { turnsIn } from '../support.ts';
import { type Cloud, World } from './world.ts';

export const PUBLIC_SUBNET = deterministicUuid('noop', 'public-subnet');
/** More than any flow here has of crashes to survive. */
const MOST_LIVES = 8;

/** Only the row: trials run their operations themselves. */
const rowsOnly = Object.assign(new OperationQueue(), { submit: insertOperation });

export class Harness {
  readonly #testStore: TestStore;
  readonly #servers: Record<Topology, FastifyInstance>;

  readonly queue: OperationQueue;

  private constructor(testStore: TestStore, queue: OperationQueue, servers: Record<Topology, FastifyInstance>) {
    this.#testStore = testStore;
    this.queue = queue;
    this.#servers = servers;
  }

  /** @param queue for workers that take their operations from it @param network what the API asks; else the no-op service */
  static async open(queue: OperationQueue = rowsOnly, network?: NetworkDriver): Promise<Harness> {
    const testStore = await openTestStore();
    const noop = new NoopNetworkDriver(testStore.store.db);
    await noop.bootstrap();
    const [SINGLE, ACTIVE_STANDBY] = await Promise.all([
      server(testStore, queue, 'SINGLE', network ?? noop),
      server(testStore, queue, 'ACTIVE_STANDBY', network ?? noop),
    ]);
    return new Harness(testStore, queue, { SINGLE, ACTIVE_STANDBY });
  }

  get store() {
    return this.#testStore.store;
  }

  get url(): string {
    return this.#testStore.url;
  }

  async close(): Promise<void> {
    for (const each of Object.values(this.#servers)) await each.close();
    await this.#testStore.close();
  }

  /** A trial with a cloud of its own. @param cloud services of its workers, where it is not theirs alone */
  trial(topology: Topology, cloud?: Cloud): Trial {
    return new Trial(this, this.#servers[topology], topology, cloud);
  }
}

async function server(
  { store }: TestStore,
  queue: OperationQueue,
  topology: Topology,
  network: NetworkDriver,
): Promise<FastifyInstance> {
  const config = loadConfig({
    env: {},
    overrides: { api_settings: { auth_strategy: 'noauth' }, controller_worker: { loadbalancer_topology: topology } },
  });
  const logger = pino({ level: 'silent' });
  const now = () => new Date();
  const drivers = new Drivers({ config, log: logger, database: store.db });
  const identity = await drivers.get('identity');
  const policy = new Policy({
    settings: config.oslo_policy,
    everybodyIsAdmin: identity.trustsEverybody,
    log: logger,
    now,
  });
  const provider = new AmphoraProvider({ name: 'amphora', description: '', queue, network, check: () => undefined });
  const providers = new ProviderRegistry({ amphora: provider }, { amphora: '' }, 'amphora');
  const certificates = new UnconfiguredCertificateManager();
  return buildServer({
    config,
    store,
    network,
    certificates,
    providers,
    identity,
    notifications: (settings) => drivers.notifications(settings),
    policy,
    now,
    newId: randomUUID,
    logger,
  });
}

export class Trial {
  readonly harness: Harness;
  readonly world: World;
  readonly topology: Topology;
  readonly #server: FastifyInstance;
  /** Of the load balancer the trial is about. */
  loadBalancerId = '';

  constructor(harness: Harness, apiServer: FastifyInstance, topology: Topology, cloud?: Cloud) {
    this.harness = harness;
    this.world = new World(harness.store.db, cloud);
    this.topology = topology;
    this.#server = apiServer;
  }

  /** @throws Error when the API refuses */
  // biome-ignore lint/suspicious/noExplicitAny: answers of the API are probed freely in tests
  async api(method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, body?: object): Promise<any> {
    const answer = await this.#server.inject({ method, url: `/v2${path}`, ...(body ? { payload: body } : {}) });
    if (answer.statusCode >= 300) throw new Error(`${method} ${path}: ${answer.statusCode} ${answer.body}`);
    return answer.body === '' ? null : JSON.parse(answer.body);
  }

  /** The operations of the trial that have not ended, oldest first. */
  async open(): Promise<Operation[]> {
    const amphorae = await sql<{ id: string }>`
      select id from amphora where load_balancer_id = ${this.loadBalancerId}`.execute(this.harness.store.db);
    const ids = [this.loadBalancerId, ...amphorae.rows.map(({ id }) => id), ...this.world.instances.keys()];
    const { rows } = await sql<{ id: string }>`select id from operation
      where load_balancer_id = any(${ids}::uuid[]) and ended_at is null order by created_at`.execute(
      this.harness.store.db,
    );
    const found = await Promise.all(rows.map(({ id }) => operations.get(this.harness.store.db, id)));
    return found.flatMap((operation) => operation ?? []);
  }

  /** Runs everything that waits to its end. */
  async settle(): Promise<void> {
    for (const operation of await this.open()) await this.live(operation);
  }

  /**
   * Runs an operation with as many lives as it needs: where the listener ends one, the next worker takes over.
   * @returns the operation as it ended
   */
  async live(operation: Operation, faults: FaultListener | null = null): Promise<Operation> {
    let died = false;
    for (let lives = 1; lives <= MOST_LIVES; lives++) {
      const inherits = died;
      died = false;
      try {
        await runOperation(operation.id, flowOf, this.#dependencies(), { workerId: `worker-${lives}`, faults });
      } catch (error) {
        if (!(error instanceof Fenced)) throw error;
        died = true;
      }
      // Whoever dies has a new owner, even when there was nothing left to do.
      if (died) continue;
      const ended = await operations.get(this.harness.store.db, operation.id);
      if (ended?.endedAt) return ended;
      throw new Error(`${operation.kind} was left ${ended?.state} ${inherits ? 'by a new owner' : 'at once'}`);
    }
    throw new Error(`${operation.kind} did not end in ${MOST_LIVES} lives`);
  }

  /** The operation of the kind that waits. */
  async waiting(kind: OperationKind): Promise<Operation> {
    const found = (await this.open()).find((operation) => operation.kind === kind);
    if (!found) throw new Error(`no ${kind} waits`);
    return found;
  }

  #dependencies(): FlowDependencies {
    const { compute, images, volumes, network, dataplane, certificates, build } = this.world;
    const options = {
      ...DEFAULT_FLOW_OPTIONS,
      antiAffinity: 'anti-affinity' as const,
      build: { ...DEFAULT_FLOW_OPTIONS.build, ...build },
    };
    return {
      store: this.harness.store,
      compute,
      images,
      volumes,
      network,
      dataplane,
      certificates,
      agentConfiguration: ({ id }) => `amphora ${id}`,
      notifications: { name: 'test', notify: () => undefined, notifyWith: async () => undefined },
      options,
      ...turnsIn(this.harness.store, DEFAULT_FLOW_OPTIONS),
      computeWait: { intervalMs: 1, timeoutMs: 1_000 },
      sleep: async () => undefined,
      now: () => new Date(),
      log: SILENT_LOG,
    };
  }
}
