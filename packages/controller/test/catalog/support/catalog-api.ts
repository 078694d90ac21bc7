import { randomUUID } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { Policy } from '../../../src/api/policy/policy.ts';
import { buildServer } from '../../../src/api/server.ts';
import { UnconfiguredCertificateManager } from '../../../src/clouds/certificates/barbican/unconfigured.ts';
import { NoauthIdentityDriver } from '../../../src/clouds/identity/noauth/driver.ts';
import { NoopNetworkDriver } from '../../../src/clouds/network/noop/driver.ts';
import { NoopNotificationDriver } from '../../../src/clouds/notifications/noop/driver.ts';
import { type ConfigOverrides, loadConfig } from '../../../src/config/index.ts';
import { OperationQueue } from '../../../src/flows/operation-queue.ts';
import { AmphoraProvider } from '../../../src/providers/amphora/provider.ts';
import type { Provider } from '../../../src/providers/interface.ts';
import { NoopProvider } from '../../../src/providers/noop/provider.ts';
import { NoopSettler } from '../../../src/providers/noop/settler.ts';
import { ProviderRegistry } from '../../../src/providers/registry.ts';
import type { NewOperation } from '../../../src/store/operations/operations.ts';
import { openTestStore, type TestStore } from '../../support/store.ts';

export const PROJECT = 'project-1';

// biome-ignore lint/suspicious/noExplicitAny: answers of the API are probed freely in tests
export type Json = any;

export interface Answer {
  status: number;
  body: Json;
}

export const NOOP_PROVIDERS = ['noop_driver', 'noop_driver-alt'];

/** Leaves out everything that may be left out. */
const bare: Provider = {
  name: 'bare',
  description: 'Can nothing.',
  check: () => undefined,
  accept: () => ({ operation: null }),
};

const fatal = { warn: (fields: object) => void process.stderr.write(`${JSON.stringify(fields)}\n`) };

/** The API with the real providers on a real PostgreSQL; nobody carries out what the amphora provider accepts. */
export class CatalogApi {
  readonly url: string;
  readonly database: TestStore;
  readonly settler: NoopSettler;
  readonly network: NoopNetworkDriver;
  /** What the amphora provider accepted. */
  readonly submitted: NewOperation[];
  readonly #server: FastifyInstance;

  private constructor(
    url: string,
    database: TestStore,
    settler: NoopSettler,
    network: NoopNetworkDriver,
    submitted: NewOperation[],
    server: FastifyInstance,
  ) {
    this.url = url;
    this.database = database;
    this.settler = settler;
    this.network = network;
    this.submitted = submitted;
    this.#server = server;
  }

  /** @param others further providers, enabled by their names */
  static async start(overrides: ConfigOverrides = {}, others: Record<string, Provider> = {}): Promise<CatalogApi> {
    const database = await openTestStore();
    const { store } = database;
    const network = new NoopNetworkDriver(store.db);
    await network.bootstrap();
    const config = loadConfig({
      env: {},
      // Anything but noauth: quotas are enforced. Who calls is decided by the driver below.
      overrides: { ...overrides, api_settings: { auth_strategy: 'testing', ...overrides.api_settings } },
    });
    const settler = new NoopSettler({ store, providers: NOOP_PROVIDERS, log: fatal, collectMs: 1 });
    const submitted: NewOperation[] = [];
    const submit = async (_tx: unknown, operation: NewOperation) => void submitted.push(operation);
    const place = (operation: NewOperation) => {
      submitted.push(operation);
      return new OperationQueue().place(operation);
    };
    const queue = Object.assign(new OperationQueue(), { submit, place });
    const amphora = new AmphoraProvider({ name: 'amphora', description: '', queue, network, check: () => undefined });
    const noops = NOOP_PROVIDERS.map(
      (name) =>
        [
          name,
          new NoopProvider({ name, description: '', settler, certificates: new UnconfiguredCertificateManager() }),
        ] as const,
    );
    const enabled = { amphora: 'Amphorae.', bare: 'Can nothing.', ghost: 'Is not there.' };
    const now = () => new Date();
    const logger = pino({ level: 'silent' });
    const server = buildServer({
      config,
      store,
      network,
      certificates: new UnconfiguredCertificateManager(),
      providers: new ProviderRegistry(
        { amphora, bare, ...others, ...Object.fromEntries(noops) },
        {
          ...enabled,
          ...Object.fromEntries([...Object.keys(others), ...NOOP_PROVIDERS].map((name) => [name, 'Does nothing.'])),
        },
        'noop_driver',
      ),
      // Who is trusted with everything has no quotas, either.
      identity: Object.assign(new NoauthIdentityDriver(), {
        trustsEverybody: config.api_settings.auth_strategy === 'noauth',
      }),
      notifications: async () => new NoopNotificationDriver(),
      policy: new Policy({ settings: config.oslo_policy, everybodyIsAdmin: true, log: logger, now }),
      now,
      newId: randomUUID,
      logger,
    });
    const url = await server.listen({ port: 0, host: '127.0.0.1' });
    return new CatalogApi(url, database, settler, network, submitted, server);
  }

  async stop(): Promise<void> {
    await this.#server.close();
    await this.settler.stop();
    await this.database.close();
  }

  async call(method: string, path: string, body?: unknown): Promise<Answer> {
    const response = await fetch(this.url + path, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
    const text = await response.text();
    return { status: response.status, body: text === '' ? null : JSON.parse(text) };
  }

  get(path: string): Promise<Answer> {
    return this.call('GET', path);
  }

  /** Creates, lets the no-op provider settle, and returns the object. */
  async make(kind: string, wrapper: string, attributes: object): Promise<Json> {
    const answer = await this.call('POST', `/v2/lbaas/${kind}`, { [wrapper]: attributes });
    if (answer.status !== 201) throw new Error(`${answer.status} ${JSON.stringify(answer.body)}`);
    await this.settler.idle();
    return answer.body[wrapper];
  }

  loadBalancer(attributes: object = {}): Promise<Json> {
    return this.make('loadbalancers', 'loadbalancer', {
      vip_subnet_id: randomUUID(),
      project_id: PROJECT,
      ...attributes,
    });
  }

  /** A change or delete that must be accepted, carried out. */
  async done(method: string, path: string, body?: unknown): Promise<Json> {
    const answer = await this.call(method, path, body);
    if (answer.status >= 300) throw new Error(`${answer.status} ${JSON.stringify(answer.body)}`);
    await this.settler.idle();
    return answer.body;
  }
}
