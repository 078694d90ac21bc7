/**
 * Provider agents, each in a process of its own: one that throws or is killed is started again after a second, one that returns is not.
 * When all are to end, one that does not is killed, and keeps nobody else.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import type { Log } from '@octavia/protocol/log';
import type { SocketPaths } from '@octavia/provider-lib';
import type { FoundDriver } from '../providers/packages/load.ts';
import type { FromProcess, ToProcess } from './provider-agent-protocol.ts';

/** Manifest key of packages that bring provider agents: name → module. */
export const PROVIDER_AGENTS_KEY = 'octavia.driver_agent.provider_agents';

const PROCESS = join(import.meta.dirname, 'provider-agent-process.ts');
const RESTART_MS = 1000;

/** Those that come with Octavia. */
export const OWN_AGENTS: Readonly<Record<string, Omit<FoundDriver, 'name'>>> = {
  noop_agent: { from: 'octavia', module: join(import.meta.dirname, 'noop-agent.ts') },
};

export interface ProviderAgentsOptions {
  sockets: SocketPaths;
  /** How long an agent may take to end once it is to. */
  shutdownMs(): number;
  log: Log;
}

interface Running {
  child: ChildProcess | null;
  restart: NodeJS.Timeout | null;
  /** Resolves when it has ended for good. */
  ended: Promise<void>;
  end(): void;
}

export class ProviderAgents {
  readonly #options: ProviderAgentsOptions;
  readonly #running = new Map<string, Running>();
  #stopping = false;
  /** Whatever ends this process, no agent stays behind. */
  readonly #killAll = () => {
    for (const { child } of this.#running.values()) child?.kill('SIGKILL');
  };

  constructor(options: ProviderAgentsOptions) {
    this.#options = options;
  }

  start(agents: readonly FoundDriver[]): void {
    if (agents.length > 0) process.on('exit', this.#killAll);
    for (const agent of agents) {
      const { promise: ended, resolve: end } = Promise.withResolvers<void>();
      const running: Running = { child: null, restart: null, ended, end };
      this.#running.set(agent.name, running);
      this.#begin(agent, running);
    }
  }

  #begin(agent: FoundDriver, running: Running): void {
    const { sockets, shutdownMs, log } = this.#options;
    const { name, module } = agent;
    running.restart = null;
    const child = fork(PROCESS, [], { execArgv: ['--disable-warning=ExperimentalWarning'] });
    running.child = child;
    const fields = { agent: name, pid: child.pid };
    log.info(fields, `Provider agent ${name} starts`);
    child.on('message', ({ level, text }: FromProcess) => log[level]({ agent: name }, text));
    child.once('error', (error) => log.error({ ...fields, err: error }, `Provider agent ${name} could not be run`));
    const over = (code: number | null, signal: NodeJS.Signals | null) => {
      if (running.child !== child) return;
      running.child = null;
      if (this.#stopping || code === 0) {
        if (code === 0) log.info(fields, `Provider agent ${name} has ended`);
        return running.end();
      }
      const how = signal === null ? `failed with exit code ${code}` : `was ended by ${signal}`;
      log.error(fields, `Provider agent ${name} ${how}; it starts again in a second`);
      running.restart = setTimeout(() => this.#begin(agent, running), RESTART_MS);
    };
    child.once('exit', over);
    // Never started: there is no exit to wait for.
    child.once('error', () => child.pid === undefined && over(1, null));
    child.send({ start: { name, module, sockets, shutdownMs: shutdownMs() } } satisfies ToProcess, () => undefined);
  }

  /** All of them are told at once. */
  tellToEnd(): void {
    this.#stopping = true;
    for (const { child, restart, end } of this.#running.values()) {
      if (restart !== null) clearTimeout(restart);
      if (child === null) end();
      else if (child.connected) child.send('exit' satisfies ToProcess, () => undefined);
    }
  }

  /** Resolves when none is left. */
  async ended(): Promise<void> {
    const ms = this.#options.shutdownMs();
    await Promise.all([...this.#running].map(([name, running]) => this.#await(name, running, ms)));
    process.off('exit', this.#killAll);
  }

  async #await(name: string, running: Running, ms: number): Promise<void> {
    const timer = setTimeout(() => {
      this.#options.log.warn({ agent: name }, `Provider agent ${name} did not end within ${ms / 1000} s and is killed`);
      running.child?.kill('SIGKILL');
    }, ms);
    await running.ended;
    clearTimeout(timer);
  }
}
