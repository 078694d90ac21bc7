import { randomUUID } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { pino } from 'pino';
import type { ApiDependencies } from '../../../src/api/dependencies.ts';
import { createInstance } from '../../../src/api/instance.ts';
import { Policy } from '../../../src/api/policy/policy.ts';
import { buildServer, RESOURCES } from '../../../src/api/server.ts';
import type { ChangeSummary } from '../../../src/api/v2/change.ts';
import type { NetworkDriver, Port, PortRequest, Subnet } from '../../../src/clouds/network/interface.ts';
import { NoopNetworkDriver } from '../../../src/clouds/network/noop/driver.ts';
import { type ConfigOverrides, loadConfig } from '../../../src/config/index.ts';
import { OctaviaError } from '../../../src/errors.ts';
import { Drivers } from '../../../src/processes/drivers/drivers.ts';
import { ProviderRegistry } from '../../../src/providers/registry.ts';
import { Store } from '../../../src/store/core/database.ts';
import { sql } from '../../../src/store/core/sql.ts';
import { openTestStore, type TestStore } from '../../support/store.ts';
import { RecordingProvider } from './recording-provider.ts';

export const PROJECT = 'project-1';
/** A subnet that the network service does not know. */
export const MISSING_SUBNET = 'deadbeef-0000-4000-8000-000000000000';

/** Strict where the no-op network is not: the rules of the API about networks are those of networks that exist. */
class TestNetwork extends NoopNetworkDriver {
  /** Runs before the next question about a subnet is answered: the request that asks is under way then. */
  meanwhile: (() => Promise<void>) | null = null;
  /** As the no-op network is to clients. */
  lenient = false;

  override async getSubnet(id: string): Promise<Subnet | null> {
    const { meanwhile } = this;
    this.meanwhile = null;
    await meanwhile?.();
    return id === MISSING_SUBNET ? null : super.getSubnet(id);
  }

  override joins(subnet: Subnet, networkId: string): boolean {
    return this.lenient || subnet.networkId === networkId;
  }

  override async createPort(request: PortRequest): Promise<Port> {
    const chosen = request.fixedIps.map(({ ipAddress }) => ipAddress).filter((address) => address !== undefined);
    const taken = chosen.length === 0 ? [] : (await this.listPorts('')).flatMap(({ fixedIps }) => fixedIps);
    const detail = this.lenient
      ? undefined
      : chosen.find((address) => taken.some(({ ipAddress }) => ipAddress === address));
    if (detail !== undefined) throw new OctaviaError('VIP_ADDRESS_IN_USE', { detail });
    return super.createPort(request);
  }
}

// biome-ignore lint/suspicious/noExplicitAny: answers of the API are probed freely in tests
export type Json = any;

export interface Answer {
  status: number;
  headers: Headers;
  body: Json;
}

const TABLES = [
  'load_balancer',
  'listener',
  'pool',
  'member',
  'health_monitor',
  'l7policy',
  'l7rule',
  'operation',
  'local_port',
] as const;

/** The API on a loopback port with a real PostgreSQL, the no-op network and a provider that records. */
export class TestApi {
  readonly url: string;
  readonly database: TestStore;
  readonly provider: RecordingProvider;
  readonly network: TestNetwork;
  readonly #servers: FastifyInstance[];

  constructor(
    url: string,
    database: TestStore,
    provider: RecordingProvider,
    network: TestNetwork,
    server: FastifyInstance,
  ) {
    this.url = url;
    this.database = database;
    this.provider = provider;
    this.network = network;
    this.#servers = [server];
  }

  static async start(overrides: ConfigOverrides = {}): Promise<TestApi> {
    const database = await openTestStore();
    const network = new TestNetwork(database.store.db);
    await network.bootstrap();
    const provider = new RecordingProvider();
    const server = await buildTestServer(database, network, provider, overrides);
    return new TestApi(await server.listen({ port: 0, host: '127.0.0.1' }), database, provider, network, server);
  }

  /** Another server with another configuration on the same database. @param network what it asks; else the no-op network */
  async sibling(overrides: ConfigOverrides, network: NetworkDriver = this.network): Promise<TestApi> {
    const server = await buildTestServer(this.database, network, this.provider, overrides);
    this.#servers.push(server);
    const url = await server.listen({ port: 0, host: '127.0.0.1' });
    return new TestApi(url, this.database, this.provider, this.network, server);
  }

  async stop(): Promise<void> {
    for (const server of this.#servers) await server.close();
    await this.database.close();
  }

  /** `body` is sent as it is when it is text, as JSON otherwise. */
  async call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const response = await fetch(this.url + path, {
      method,
      headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: text === '' ? null : JSON.parse(text) };
  }

  get(path: string): Promise<Answer> {
    return this.call('GET', path);
  }

  settle(): Promise<void> {
    return this.provider.settle(this.database.store);
  }

  /** Creates through the API, carries the change out, and returns the object. */
  async make(kind: string, wrapper: string, attributes: object): Promise<Json> {
    const answer = await this.call('POST', `/v2/lbaas/${kind}`, { [wrapper]: attributes });
    if (answer.status !== 201) throw new Error(`${answer.status} ${JSON.stringify(answer.body)}`);
    await this.settle();
    return answer.body[wrapper];
  }

  loadBalancer(attributes: object = {}): Promise<Json> {
    return this.make('loadbalancers', 'loadbalancer', {
      vip_subnet_id: randomUUID(),
      project_id: PROJECT,
      ...attributes,
    });
  }

  listener(loadBalancerId: string, attributes: object = {}): Promise<Json> {
    return this.make('listeners', 'listener', {
      loadbalancer_id: loadBalancerId,
      protocol: 'HTTP',
      protocol_port: 80,
      ...attributes,
    });
  }

  pool(loadBalancerId: string, attributes: object = {}): Promise<Json> {
    return this.make('pools', 'pool', {
      loadbalancer_id: loadBalancerId,
      protocol: 'HTTP',
      lb_algorithm: 'ROUND_ROBIN',
      ...attributes,
    });
  }

  member(poolId: string, attributes: object = {}): Promise<Json> {
    return this.make(`pools/${poolId}/members`, 'member', { address: '192.0.2.1', protocol_port: 80, ...attributes });
  }

  monitor(poolId: string, attributes: object = {}): Promise<Json> {
    return this.make('healthmonitors', 'healthmonitor', {
      pool_id: poolId,
      type: 'HTTP',
      delay: 5,
      timeout: 5,
      max_retries: 3,
      ...attributes,
    });
  }

  policy(listenerId: string, attributes: object = {}): Promise<Json> {
    return this.make('l7policies', 'l7policy', { listener_id: listenerId, action: 'REJECT', ...attributes });
  }

  rule(policyId: string, attributes: object = {}): Promise<Json> {
    const rule = { type: 'PATH', compare_type: 'STARTS_WITH', value: '/', ...attributes };
    return this.make(`l7policies/${policyId}/rules`, 'rule', rule);
  }

  async status(kind: string, id: string): Promise<string> {
    const { body } = await this.get(`/v2/lbaas/${kind}/${id}`);
    return (Object.values(body)[0] as { provisioning_status: string }).provisioning_status;
  }

  async setStatus(table: 'load_balancer' | 'pool' | 'l7policy', id: string, status: string): Promise<void> {
    const { db } = this.database.store;
    await sql`update ${sql.table(table)} set provisioning_status = ${status} where id = ${id}`.execute(db);
  }

  async setOperatingStatus(table: 'member', id: string, status: string): Promise<void> {
    const { db } = this.database.store;
    await sql`update ${sql.table(table)} set operating_status = ${status} where id = ${id}`.execute(db);
  }

  /** Everything a write could leave behind, as text: rows and their states. */
  async snapshot(): Promise<string> {
    const parts = await Promise.all(
      TABLES.map(async (table) => {
        const { rows } = await sql`select * from ${sql.table(table)} order by id`.execute(this.database.store.db);
        return JSON.stringify(rows);
      }),
    );
    return parts.join('\n');
  }
}

export interface TestRoute {
  method: string;
  url: string;
  /** Of routes that submit a change. */
  change: ChangeSummary | undefined;
}

/** The routes of all resources, as they are registered. Nothing is connected to. */
export async function routesOfResources(): Promise<TestRoute[]> {
  const store = new Store({ url: 'postgresql://127.0.0.1:1/none', maxConnections: 1 });
  const deps = await testDependencies({ store }, new TestNetwork(store.db), new RecordingProvider(), {});
  const instance = createInstance(deps);
  const routes: TestRoute[] = [];
  instance.addHook('onRoute', ({ method, url, config }) => {
    for (const one of [method].flat()) routes.push({ method: one, url, change: config?.change });
  });
  for (const register of RESOURCES) register(instance, deps);
  await instance.close();
  await deps.identity.close();
  await store.close();
  return routes;
}

async function testDependencies(
  { store }: Pick<TestStore, 'store'>,
  network: NetworkDriver,
  provider: RecordingProvider,
  overrides: ConfigOverrides,
): Promise<ApiDependencies> {
  const config = loadConfig({
    env: {},
    overrides: { ...overrides, api_settings: { auth_strategy: 'noauth', ...overrides.api_settings } },
  });
  const providers = { amphora: provider, octavia: provider };
  const enabled = { ...config.api_settings.enabled_provider_drivers, ghost: 'Enabled but not installed.' };
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
  return {
    config,
    store,
    network,
    certificates: await drivers.get('certificateManager'),
    providers: new ProviderRegistry(providers, enabled, 'amphora'),
    identity,
    notifications: (settings) => drivers.notifications(settings),
    policy,
    now,
    newId: randomUUID,
    logger,
  };
}

async function buildTestServer(
  database: TestStore,
  network: NetworkDriver,
  provider: RecordingProvider,
  overrides: ConfigOverrides,
): Promise<FastifyInstance> {
  const deps = await testDependencies(database, network, provider, overrides);
  const server = buildServer(deps);
  server.addHook('onClose', () => deps.identity.close());
  return server;
}
