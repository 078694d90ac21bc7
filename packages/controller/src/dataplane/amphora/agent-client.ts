/** Requests to the agent of an amphora, repeated as configured, with every failure under a name of the catalogue. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Amphora } from '../../domain/resources.ts';
import { OctaviaError } from '../../errors.ts';
import { type AgentAddress, AgentPools } from './agent-pools.ts';
import { type AgentAnswer, answerDetail, connectionFailure, isNotReadyYet } from './failure.ts';
import type { AmphoraDriverOptions, RetryOptions } from './options.ts';

export interface AgentRequest {
  method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  path: string;
  /** Text is sent as it is, anything else as JSON. */
  body?: string | object;
  /** Statuses that the caller wants to see instead of an error, beside 2xx. */
  accept?: readonly number[];
}

type Outcome =
  | { kind: 'answer'; answer: AgentAnswer }
  | { kind: 'not-ready'; error: OctaviaError }
  | { kind: 'failed'; error: OctaviaError };

/** Time between two tries: the next one after `previous` milliseconds (null for the first pause). */
type Pause = (previous: number | null) => number;

/** Sandboxes boot in a third of a second, machines in a minute. */
const FIRST_BOOT_PAUSE_MS = 50;
const PAUSE_GROWTH = 1.5;

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export class AgentClient {
  readonly #options: AmphoraDriverOptions;
  readonly #pools: AgentPools;

  constructor(options: AmphoraDriverOptions) {
    this.#options = options;
    this.#pools = new AgentPools(options);
  }

  /**
   * Asks an amphora that should answer.
   *
   * @throws OctaviaError AMPHORA_UNREACHABLE when no try was answered, AMPHORA_REFUSED for an answer that is no success
   */
  async request(amphora: Amphora, request: AgentRequest): Promise<AgentAnswer> {
    const { attempts, interval } = this.#options.active;
    let left = attempts;
    return this.#repeat(
      amphora,
      request,
      () => interval * 1000,
      () => --left > 0,
    );
  }

  /**
   * Asks an amphora that boots: at first every few milliseconds, later at the configured interval, for as long as the
   * configured tries at that interval would take.
   */
  async requestWhenBooted(amphora: Amphora, request: AgentRequest): Promise<AgentAnswer> {
    const { attempts, interval }: RetryOptions = this.#options.booting;
    const slowest = interval * 1000;
    const end = performance.now() + attempts * slowest;
    const pause: Pause = (previous) =>
      Math.min(slowest, previous === null ? FIRST_BOOT_PAUSE_MS : previous * PAUSE_GROWTH);
    return this.#repeat(amphora, request, pause, () => performance.now() < end);
  }

  async close(): Promise<void> {
    await this.#pools.close();
  }

  async #repeat(amphora: Amphora, request: AgentRequest, pause: Pause, again: () => boolean): Promise<AgentAnswer> {
    const agent = this.#addressOf(amphora);
    for (let previous: number | null = null; ; ) {
      const outcome = await this.#ask(agent, request);
      if (outcome.kind === 'answer') return outcome.answer;
      if (outcome.kind === 'failed' || !again()) throw outcome.error;
      previous = pause(previous);
      await sleep(previous);
    }
  }

  #addressOf(amphora: Amphora): AgentAddress {
    const address = amphora.lbNetworkIp;
    if (address === null) {
      const detail = 'it has no management address';
      throw new OctaviaError('AMPHORA_UNREACHABLE', { id: amphora.id, address: 'none', detail });
    }
    return { amphoraId: amphora.id, address };
  }

  async #ask(agent: AgentAddress, request: AgentRequest): Promise<Outcome> {
    let answer: AgentAnswer;
    try {
      answer = await this.#send(agent, request);
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

  async #send(agent: AgentAddress, request: AgentRequest): Promise<AgentAnswer> {
    const pool = await this.#pools.get(agent);
    const { method, path, body } = request;
    const isText = typeof body === 'string';
    const headers = { accept: 'application/json', 'content-type': isText ? 'text/plain' : 'application/json' };
    const payload = body === undefined ? null : isText ? body : JSON.stringify(body);
    const response = await pool.request({ method, path, headers, body: payload });
    const text = await response.body.text();
    return { status: response.statusCode, json: parseJson(text), text };
  }
}
