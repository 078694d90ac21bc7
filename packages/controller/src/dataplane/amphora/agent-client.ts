/** Requests to the agent of an amphora, repeated as configured, with every failure under a name of the catalogue. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'undici';
import type { Amphora } from '../../domain/resources.ts';
import { OctaviaError } from '../../errors.ts';
import { type AgentAddress, AgentPools } from './agent-pools.ts';
import { hasEnded } from './expired-certificate.ts';
import { type AgentAnswer, answerDetail, connectionFailure, isNotReadyYet } from './failure.ts';
import type { AmphoraDriverOptions, RetryOptions } from './options.ts';
import { TimeLimit } from './time-limit.ts';

export interface AgentRequest {
  method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  path: string;
  /** Text is sent as it is, anything else as JSON. */
  body?: string | object;
  /** Statuses that the caller wants to see instead of an error, beside 2xx. */
  accept?: readonly number[];
  /** The amphora does something that takes long: HAProxy reads a configuration, addresses are checked for duplicates. */
  works?: boolean;
  /** Replaces the agent's certificate: that the present one has ended is no obstacle. */
  renews?: boolean;
}

/** How a request is repeated. */
interface RetryPlan {
  /** Milliseconds to the next try; the pause before is null for the first. */
  pause: (previous: number | null) => number;
  again: () => boolean;
  /** Milliseconds for one try. */
  tryMs: number;
  limit: TimeLimit;
}

type Outcome =
  | { kind: 'answer'; answer: AgentAnswer }
  | { kind: 'not-ready'; error: OctaviaError }
  | { kind: 'failed'; error: OctaviaError };

/** Sandboxes boot in a third of a second, machines in a minute. */
const FIRST_BOOT_PAUSE_MS = 50;
const PAUSE_GROWTH = 1.5;

/** What is only looked up or stored is answered in milliseconds. */
const QUICK_LIMIT_MS = 10_000;
/** A part of the read timeout: with what a request may be repeated, a silent agent ends an operation within a minute. */
const WORK_SHARE = 2 / 3;

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Rejects when the signal says so. */
function ended(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

export class AgentClient {
  readonly #options: AmphoraDriverOptions;
  readonly #pools: AgentPools;
  /** Renewals under way, by amphora. */
  readonly #renewals = new Map<string, Promise<void>>();

  constructor(options: AmphoraDriverOptions) {
    this.#options = options;
    this.#pools = new AgentPools(options);
  }

  /**
   * Asks an amphora that should answer: as often as configured, and never longer than the configured tries would take.
   *
   * @param limit for an amphora that may be dead: the time for this request and the others that share the limit
   * @throws OctaviaError AMPHORA_UNREACHABLE when no try was answered, AMPHORA_REFUSED for an answer that is no success
   */
  async request(amphora: Amphora, request: AgentRequest, limit: TimeLimit | null = null): Promise<AgentAnswer> {
    const { attempts, interval } = limit === null ? this.#options.active : this.#options.failover;
    const tryMs = this.#tryMs(request);
    let left = attempts;
    return this.#repeat(amphora, request, {
      pause: () => interval * 1000,
      again: () => --left > 0,
      tryMs,
      limit: limit ?? new TimeLimit(Math.max(attempts * interval * 1000, tryMs)),
    });
  }

  /**
   * Asks an amphora that boots: at first every few milliseconds, later at the configured interval, for as long as the
   * configured tries at that interval would take.
   */
  async requestWhenBooted(amphora: Amphora, request: AgentRequest): Promise<AgentAnswer> {
    const { attempts, interval }: RetryOptions = this.#options.booting;
    const slowest = interval * 1000;
    return this.#repeat(amphora, request, {
      pause: (previous) => Math.min(slowest, previous === null ? FIRST_BOOT_PAUSE_MS : previous * PAUSE_GROWTH),
      again: () => true,
      tryMs: this.#tryMs(request),
      limit: new TimeLimit(attempts * slowest),
    });
  }

  /** One try, without retries. @throws as `request` */
  async once(amphora: Amphora, request: AgentRequest, timeoutMs: number): Promise<AgentAnswer> {
    const once = { pause: () => 0, again: () => false, tryMs: timeoutMs, limit: new TimeLimit(timeoutMs) };
    return this.#repeat(amphora, request, once);
  }

  async close(): Promise<void> {
    await this.#pools.close();
  }

  #tryMs(request: AgentRequest): number {
    const readMs = this.#options.readTimeout * 1000;
    return request.works ? readMs * WORK_SHARE : Math.min(readMs, QUICK_LIMIT_MS);
  }

  async #repeat(amphora: Amphora, request: AgentRequest, plan: RetryPlan): Promise<AgentAnswer> {
    const agent = this.#addressOf(amphora);
    const ask = () => this.#ask(amphora, agent, request, Math.min(plan.tryMs, plan.limit.left()));
    const first = await ask();
    if (first.kind === 'answer') return first.answer;
    const { untilAnswered = (wait) => wait() } = this.#options;
    return untilAnswered(async () => {
      for (let outcome: Outcome = first, pause: number | null = null; ; outcome = await ask()) {
        if (outcome.kind === 'answer') return outcome.answer;
        if (outcome.kind === 'failed' || !plan.again()) throw outcome.error;
        pause = plan.pause(pause);
        await sleep(Math.min(pause, plan.limit.left()));
        if (plan.limit.left() === 0) throw outcome.error;
      }
    });
  }

  #addressOf(amphora: Amphora): AgentAddress {
    const address = amphora.lbNetworkIp;
    if (address === null) {
      const detail = 'it has no management address';
      throw new OctaviaError('AMPHORA_UNREACHABLE', { id: amphora.id, address: 'none', detail });
    }
    return { amphoraId: amphora.id, address };
  }

  async #ask(amphora: Amphora, agent: AgentAddress, request: AgentRequest, timeoutMs: number): Promise<Outcome> {
    let answer: AgentAnswer;
    try {
      answer = await this.#sendRenewed(amphora, agent, request, timeoutMs);
    } catch (cause) {
      const { passing, detail } = connectionFailure(cause);
      const parameters = { id: agent.amphoraId, address: agent.address, detail };
      const error = new OctaviaError('AMPHORA_UNREACHABLE', parameters, { cause });
      return { kind: passing ? 'not-ready' : 'failed', error };
    }
    const { status } = answer;
    if ((status >= 200 && status < 300) || request.accept?.includes(status)) return { kind: 'answer', answer };
    const called = `${request.method} ${request.path}`;
    const parameters = { id: agent.amphoraId, status, request: called, detail: answerDetail(answer) };
    const error = new OctaviaError('AMPHORA_REFUSED', parameters);
    return { kind: isNotReadyYet(answer) ? 'not-ready' : 'failed', error };
  }

  /** Sends the request; when only the end of the agent's certificate is in the way, after that was renewed. */
  async #sendRenewed(
    amphora: Amphora,
    agent: AgentAddress,
    request: AgentRequest,
    timeoutMs: number,
  ): Promise<AgentAnswer> {
    try {
      return await this.#send(await this.#pools.get(agent), request, timeoutMs);
    } catch (error) {
      if (!hasEnded(error)) throw error;
      if (request.renews) return this.#sendRenewal(agent, request, timeoutMs);
      if (!this.#options.renew) throw error;
      await this.#renew(amphora, this.#options.renew);
      return this.#send(await this.#pools.get(agent), request, timeoutMs);
    }
  }

  async #sendRenewal(agent: AgentAddress, request: AgentRequest, timeoutMs: number): Promise<AgentAnswer> {
    const pool = await this.#pools.renewing(agent);
    try {
      return await this.#send(pool, request, timeoutMs);
    } finally {
      await pool.destroy();
    }
  }

  /** Once for all requests that meet the same certificate. */
  async #renew(amphora: Amphora, renew: (amphora: Amphora) => Promise<void>): Promise<void> {
    const underWay = this.#renewals.get(amphora.id) ?? renew(amphora).finally(() => this.#renewals.delete(amphora.id));
    this.#renewals.set(amphora.id, underWay);
    await underWay;
  }

  async #send(pool: Pool, request: AgentRequest, timeoutMs: number): Promise<AgentAnswer> {
    const { method, path, body } = request;
    const isText = typeof body === 'string';
    const headers = { accept: 'application/json', 'content-type': isText ? 'text/plain' : 'application/json' };
    const payload = body === undefined ? null : isText ? body : JSON.stringify(body);
    const signal = AbortSignal.timeout(Math.max(1, Math.round(timeoutMs)));
    const exchange = pool
      .request({ method, path, headers, body: payload, signal })
      .then(async (response) => ({ status: response.statusCode, text: await response.body.text() }));
    // The signal alone ends no request that still waits for its connection.
    const { status, text } = await Promise.race([exchange, ended(signal)]);
    return { status, json: parseJson(text), text };
  }
}
