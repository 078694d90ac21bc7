/** The driver agent: three sockets for drivers, and the provider agents beside them. */
import type { Log } from '@octavia/protocol/log';
import type { CertificateManager } from '../clouds/certificates/manager.ts';
import type { NetworkDriver } from '../clouds/network/interface.ts';
import type { Config } from '../config/index.ts';
import type { StatisticsDriver } from '../health/statistics/interface.ts';
import { socketsOf } from '../providers/driver/sockets.ts';
import type { Store } from '../store/core/database.ts';
import { ObjectReader } from './object-reader.ts';
import type { ProviderAgent } from './provider-agent.ts';
import { ProviderAgents } from './provider-agents.ts';
import { SocketServer } from './socket-server.ts';
import { StatisticsUpdates } from './statistics-updates.ts';
import { StatusUpdates } from './status-updates.ts';

export interface DriverAgentOptions {
  settings: Config['driver_agent'];
  store: Store;
  network: Pick<NetworkDriver, 'deletePort'>;
  certificates: CertificateManager;
  statistics: readonly StatisticsDriver[];
  /** Names of providers that drivers may not speak for. */
  foreign: readonly string[];
  agents: readonly ProviderAgent[];
  log: Log;
}

type Name = 'status' | 'stats' | 'get';

export class DriverAgent {
  readonly #options: DriverAgentOptions;
  readonly #servers: SocketServer[] = [];
  readonly #agents: ProviderAgents;

  constructor(options: DriverAgentOptions) {
    this.#options = options;
    const { settings, log } = options;
    this.#agents = new ProviderAgents({
      sockets: socketsOf(settings),
      shutdownMs: () => settings.provider_agent_shutdown_timeout * 1000,
      log,
    });
  }

  /** @throws OctaviaError LISTEN_FAILED; nothing listens then */
  async start(): Promise<void> {
    const { settings, store, network, certificates, statistics, foreign, agents, log } = this.#options;
    const missingMs = settings.status_request_timeout * 1000;
    const status = new StatusUpdates({ store, network, foreign, missingMs, log });
    const counts = new StatisticsUpdates({ store, statistics, foreign, log });
    const objects = new ObjectReader({ db: store.db, certificates });
    try {
      await this.#listen('status', (message) => status.answer(message));
      await this.#listen('stats', (message) => counts.answer(message));
      await this.#listen('get', (request) => objects.answer(request));
    } catch (error) {
      await this.#closeSockets();
      throw error;
    }
    this.#agents.start(agents);
  }

  async #listen(name: Name, answer: (request: unknown) => Promise<object>): Promise<void> {
    const { settings, log } = this.#options;
    const server = new SocketServer({
      name,
      path: settings[`${name}_socket_path`],
      maximum: settings[`${name}_max_processes`],
      warningShare: settings.max_process_warning_percent,
      timeoutMs: settings[`${name}_request_timeout`] * 1000,
      answer,
      log,
      now: () => performance.now(),
    });
    await server.listen();
    this.#servers.push(server);
  }

  async #closeSockets(): Promise<void> {
    await Promise.all(this.#servers.splice(0).map((server) => server.stop()));
  }

  /** Everybody is told at once; requests under way are answered, then provider agents are waited for. */
  async stop(): Promise<void> {
    this.#agents.tellToEnd();
    await this.#closeSockets();
    await this.#agents.ended();
  }
}
