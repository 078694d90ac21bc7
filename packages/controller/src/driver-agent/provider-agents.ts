/**
 * Provider agents, each in a process of its own: one that throws or is killed is started again, one that returns is not. The pause before
 * a start is a second, and grows while the agent keeps failing. When all are to end, one that does not is killed, and keeps nobody else.
 */
import { join } from 'node:path';
import type { Log } from '@octavia/protocol/log';
import type { SocketPaths } from '@octavia/provider-lib';
import type { FoundDriver } from '../providers/packages/load.ts';
import type { AgentProcess, ProviderAgent } from './provider-agent.ts';

/** Manifest key of packages that bring provider agents (name → module), and group of entry points of Python. */
export const PROVIDER_AGENTS_KEY = 'octavia.driver_agent.provider_agents';

/** A start of an agent in Python may take a second of processor time. */
const PAUSE_MS = { first: 1000, longest: 30_000 };
/** Who ran that long begins at the first pause again. */
const STEADY_MS = 60_000;

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
  process: AgentProcess | null;
  restart: NodeJS.Timeout | null;
  /** Before the next start. */
  pauseMs: number;
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
    for (const { process } of this.#running.values()) process?.child.kill('SIGKILL');
  };

  constructor(options: ProviderAgentsOptions) {
    this.#options = options;
  }

  start(agents: readonly ProviderAgent[]): void {
    if (agents.length > 0) process.on('exit', this.#killAll);
    for (const agent of agents) {
      const { promise: ended, resolve: end } = Promise.withResolvers<void>();
      const running: Running = { process: null, restart: null, pauseMs: PAUSE_MS.first, ended, end };
      this.#running.set(agent.name, running);
      this.#begin(agent, running);
    }
  }

  #begin(agent: ProviderAgent, running: Running): void {
    const { sockets, shutdownMs, log } = this.#options;
    const { name } = agent;
    running.restart = null;
    const since = performance.now();
    const begun = agent.begin({ sockets, shutdownMs: shutdownMs(), log });
    const { child } = begun;
    running.process = begun;
    const fields = { agent: name, pid: child.pid };
    log.info(fields, `Provider agent ${name} starts`);
    child.once('error', (error) => log.error({ ...fields, err: error }, `Provider agent ${name} could not be run`));
    const over = (code: number | null, signal: NodeJS.Signals | null) => {
      if (running.process !== begun) return;
      running.process = null;
      if (this.#stopping || code === 0) {
        if (code === 0) log.info(fields, `Provider agent ${name} has ended`);
        return running.end();
      }
      if (performance.now() - since > STEADY_MS) running.pauseMs = PAUSE_MS.first;
      const how = signal === null ? `failed with exit code ${code}` : `was ended by ${signal}`;
      log.error(fields, `Provider agent ${name} ${how}; it starts again in ${running.pauseMs / 1000} s`);
      running.restart = setTimeout(() => this.#begin(agent, running), running.pauseMs);
      running.pauseMs = Math.min(PAUSE_MS.longest, running.pauseMs * 2);
    };
    child.once('exit', over);
    // Never started: there is no exit to wait for.
    child.once('error', () => child.pid === undefined && over(1, null));
  }

  /** All of them are told at once. */
  tellToEnd(): void {
    this.#stopping = true;
    for (const { process, restart, end } of this.#running.values()) {
      if (restart !== null) clearTimeout(restart);
      if (process === null) end();
      else process.tellToEnd();
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
      running.process?.child.kill('SIGKILL');
    }, ms);
    await running.ended;
    clearTimeout(timer);
  }
}
