/** How drivers report and read. Source: octavia-lib, `octavia_lib.api.drivers.driver_lib`. */
import { access } from 'node:fs/promises';
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { HealthMonitor, L7Policy, L7Rule, Listener, LoadBalancer, Member, Pool } from './data-models.ts';
import {
  DriverAgentNotFound,
  DriverAgentTimeout,
  DriverError,
  type StatisticsFault,
  type StatusFault,
  UpdateStatisticsError,
  UpdateStatusError,
} from './errors.ts';
import { FrameReader, frame, MalformedMessage } from './wire.ts';

export interface SocketPaths {
  status_socket: string;
  stats_socket: string;
  get_socket: string;
}

export const DEFAULT_SOCKETS: Readonly<SocketPaths> = {
  status_socket: '/var/run/octavia/status.sock',
  stats_socket: '/var/run/octavia/stats.sock',
  get_socket: '/var/run/octavia/get.sock',
};

export interface LibraryOptions extends Partial<SocketPaths> {
  /** How often each socket is looked for; pauses grow from 1 s to 5 s. Default 30. */
  attempts?: number;
  /** Milliseconds within which a connection is taken. Default 5,000. */
  connectTimeoutMs?: number;
  /** Milliseconds within which the header of an answer comes, and again its body. Default 30,000. */
  answerTimeoutMs?: number;
}

export interface StatusRecord {
  id: string;
  /** ACTIVE, ERROR or DELETED, once the driver is done. */
  provisioning_status?: string;
  operating_status?: string;
}

/** By kind. Objects that are not named stay as they are. */
export interface StatusUpdate {
  loadbalancers?: StatusRecord[];
  listeners?: StatusRecord[];
  pools?: StatusRecord[];
  members?: StatusRecord[];
  healthmonitors?: StatusRecord[];
  l7policies?: StatusRecord[];
  l7rules?: StatusRecord[];
}

/** Absolute numbers since the listener was made, not differences. */
export interface ListenerStatistics {
  id: string;
  active_connections: number;
  bytes_in: number;
  bytes_out: number;
  request_errors: number;
  total_connections: number;
}

type StatusAnswer = StatusFault & { status_code?: number };
type StatisticsAnswer = StatisticsFault & { status_code?: number };
type Getter = 'loadbalancers' | 'listeners' | 'pools' | 'healthmonitors' | 'members' | 'l7policies' | 'l7rules';
type Values = Record<string, unknown>;

const OK = 200;
const LONGEST_PAUSE_MS = 5000;
const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

export class DriverLibrary {
  readonly #paths: SocketPaths;
  readonly #connectTimeoutMs: number;
  readonly #answerTimeoutMs: number;

  private constructor({ connectTimeoutMs = 5000, answerTimeoutMs = 30_000, ...options }: LibraryOptions) {
    this.#paths = {
      status_socket: options.status_socket ?? DEFAULT_SOCKETS.status_socket,
      stats_socket: options.stats_socket ?? DEFAULT_SOCKETS.stats_socket,
      get_socket: options.get_socket ?? DEFAULT_SOCKETS.get_socket,
    };
    this.#connectTimeoutMs = connectTimeoutMs;
    this.#answerTimeoutMs = answerTimeoutMs;
  }

  /** Waits until the driver agent is there. @throws DriverAgentNotFound */
  static async open(options: LibraryOptions = {}): Promise<DriverLibrary> {
    const library = new DriverLibrary(options);
    for (const path of Object.values(library.#paths) as string[]) await ready(path, options.attempts ?? 30);
    return library;
  }

  /** @throws UpdateStatusError where a record is refused, or the driver agent cannot be reached */
  async update_loadbalancer_status(status: StatusUpdate): Promise<void> {
    const answer = await this.#ask<StatusAnswer>(this.#paths.status_socket, status).catch((error: unknown) => {
      throw new UpdateStatusError({ fault_string: textOf(error) }, { cause: error });
    });
    if (answer.status_code !== OK) throw new UpdateStatusError(answer);
  }

  /** @throws UpdateStatisticsError */
  async update_listener_statistics(statistics: { listeners: ListenerStatistics[] }): Promise<void> {
    const answer = await this.#ask<StatisticsAnswer>(this.#paths.stats_socket, statistics).catch((error: unknown) => {
      const fault = { fault_string: textOf(error), stats_object: 'listeners' };
      throw new UpdateStatisticsError(fault, { cause: error });
    });
    if (answer.status_code !== OK) throw new UpdateStatisticsError(answer);
  }

  /** All getters: null where there is no such object. Nested objects are plain maps. @throws DriverAgentTimeout, DriverError */
  get_loadbalancer(loadbalancer_id: string): Promise<LoadBalancer | null> {
    return this.#get('loadbalancers', loadbalancer_id, (values) => LoadBalancer.from_dict(values));
  }

  get_listener(listener_id: string): Promise<Listener | null> {
    return this.#get('listeners', listener_id, (values) => Listener.from_dict(values));
  }

  get_pool(pool_id: string): Promise<Pool | null> {
    return this.#get('pools', pool_id, (values) => Pool.from_dict(values));
  }

  get_healthmonitor(healthmonitor_id: string): Promise<HealthMonitor | null> {
    return this.#get('healthmonitors', healthmonitor_id, (values) => HealthMonitor.from_dict(values));
  }

  get_member(member_id: string): Promise<Member | null> {
    return this.#get('members', member_id, (values) => Member.from_dict(values));
  }

  get_l7policy(l7policy_id: string): Promise<L7Policy | null> {
    return this.#get('l7policies', l7policy_id, (values) => L7Policy.from_dict(values));
  }

  get_l7rule(l7rule_id: string): Promise<L7Rule | null> {
    return this.#get('l7rules', l7rule_id, (values) => L7Rule.from_dict(values));
  }

  async #get<T>(object: Getter, id: string, read: (values: Values) => T): Promise<T | null> {
    try {
      const answer = await this.#ask<Values>(this.#paths.get_socket, { object, id });
      return Object.keys(answer).length > 0 ? read(answer) : null;
    } catch (error) {
      if (error instanceof DriverAgentTimeout) throw error;
      throw new DriverError({ operator_fault_string: textOf(error) }, { cause: error });
    }
  }

  #ask<T extends object>(path: string, request: unknown): Promise<T> {
    return new Promise((resolve, reject) => {
      const socket = connect({ path });
      const reader = new FrameReader();
      const seconds = this.#answerTimeoutMs / 1000;
      const late = () => {
        socket.destroy(
          new DriverAgentTimeout({ fault_string: `The driver agent did not respond in ${seconds} seconds.` }),
        );
      };
      let timer = setTimeout(() => {
        socket.destroy(new Error(`The driver agent did not take the connection at ${path} in time.`));
      }, this.#connectTimeoutMs);
      const restart = () => {
        clearTimeout(timer);
        timer = setTimeout(late, this.#answerTimeoutMs);
      };
      socket.once('connect', () => {
        restart();
        socket.write(frame(request));
      });
      socket.on('data', (piece: Buffer) => {
        try {
          const before = reader.hasHeader;
          const message = reader.push(piece);
          // The body has a limit of its own.
          if (!before && reader.hasHeader) restart();
          if (!message) return;
          if (typeof message.value !== 'object' || message.value === null) {
            throw new MalformedMessage('The answer of the driver agent is not an object.');
          }
          resolve(message.value as T);
          socket.destroy();
        } catch (error) {
          socket.destroy(error as Error);
        }
      });
      socket.once('error', reject);
      socket.once('close', () => {
        clearTimeout(timer);
        reject(new Error('The driver agent closed the connection without an answer.'));
      });
    });
  }
}

async function ready(path: string, attempts: number): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await access(path);
    } catch (error) {
      if (attempt >= attempts) {
        const fault_string = `Unable to open the driver agent socket: ${path}`;
        throw new DriverAgentNotFound({ fault_string }, { cause: error });
      }
    }
    await pause(Math.min(1000 * 2 ** (attempt - 1), LONGEST_PAUSE_MS));
  }
}
