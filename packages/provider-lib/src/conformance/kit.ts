/** What cases are written with: calls of the driver, and changes with all that the API and the driver owe each other. */
import { setTimeout as pause } from 'node:timers/promises';
import { type Answered, answerOf, greetingOf, type Method, type RaisedFault, requestBody } from '../driver-protocol.ts';
import { DriverError } from '../errors.ts';
import type { KitAgent } from './agent.ts';
import { type Channel, NoReply, type Reply } from './channel.ts';
import type { DriverProcess } from './driver-process.ts';
import type { Fault, FaultName } from './faults.ts';
import { type Entry, ID_OF, type Lock, type Witness, type World } from './world.ts';

export interface Limits {
  /** Of a call, in milliseconds. */
  deadlineMs: number;
  /** Within which the end states of a change are reported, in milliseconds. */
  settleMs: number;
}

export type Outcome = 'passed' | 'unsupported' | 'skipped' | 'failed';

export interface Result {
  name: string;
  outcome: Outcome;
  faults: Fault[];
  /** What may be worth knowing and is no fault. */
  notes: string[];
  milliseconds: number;
}

/** The case needs what this driver does not have. */
export class Skipped extends Error {}

/** The driver has no such call, or option. */
export class Unsupported extends Error {}

/** Nothing more can be asked in this case; the fault is told. */
export class Over extends Error {}

export interface Change {
  method: Method;
  arguments: readonly unknown[];
  /** Id of the load balancer. */
  owner: string;
  /** Everything that the API locks for it. */
  locks: readonly Lock[];
}

/** How a change ends: as it should; in ERROR for all that matters; not at all, for nobody hears of it. */
export type Expected = 'success' | 'any end' | 'no end';

/** Errors that calls may be refused with, besides DriverError and NotImplementedError. */
function mayRaise(method: Method, kind: string): boolean {
  if (kind === 'DriverError' || kind === 'NotImplementedError') return true;
  if (kind === 'Conflict') return method === 'create_vip_port';
  if (kind === 'NotFound') return method.startsWith('validate_');
  return /_(create|update)$|^validate_/.test(method);
}

/** A start of Python on a busy host takes seconds; where the process of the driver ends, nobody waits for it. */
const GREETING_MS = 60_000;
/** How often a wait looks whether it is in vain. */
const LOOK_MS = 300;
const BETWEEN_TRIES_MS = 50;
/** Within which a process whose connections broke has ended, and said why. */
const LAST_WORDS_MS = 2000;

export interface KitParts {
  channel: Channel;
  agent: KitAgent;
  world: World;
  limits: Limits;
  process: DriverProcess | null;
  /** The driver leaves it to whoever calls it to end its changes. */
  isSilent: boolean;
}

export class Kit implements Witness {
  readonly agent: KitAgent;
  readonly world: World;
  readonly limits: Limits;
  readonly isSilent: boolean;
  readonly #channel: Channel;
  readonly #process: DriverProcess | null;
  #result: Result | null = null;

  constructor({ channel, agent, world, limits, process, isSilent }: KitParts) {
    this.agent = agent;
    this.world = world;
    this.limits = limits;
    this.isSilent = isSilent;
    this.#channel = channel;
    this.#process = process;
    world.witness = this;
  }

  /** From now on faults are those of this result. @returns whom late reports are told to */
  begin(result: Result): void {
    this.#result = result;
  }

  fault(name: FaultName, text: string): void {
    witnessOf(this.#result).fault(name, text);
  }

  note(text: string): void {
    if (this.#result && !this.#result.notes.includes(text)) this.#result.notes.push(text);
  }

  /** Whether the driver can be started anew. */
  get canRestart(): boolean {
    return this.#process !== null;
  }

  /** @throws Over when nobody is there */
  async greet(timeoutMs = GREETING_MS): Promise<void> {
    const until = performance.now() + timeoutMs;
    for (;;) {
      try {
        greetingOf((await this.#channel.ask('GET', '/', null, Math.max(1, until - performance.now()))).text);
        return;
      } catch (error) {
        if (error instanceof DriverError) throw this.#over('nonsense', error.operator_fault_string);
        const isEarly = error instanceof NoReply && error.why !== 'late' && performance.now() < until;
        if (!isEarly || (this.#process && !this.#process.isRunning))
          throw this.#over('unreachable', this.#withLastWords(error));
        await pause(BETWEEN_TRIES_MS);
      }
    }
  }

  /** The driver is made anew, as when the API is started again. */
  async restart(): Promise<void> {
    if (!this.#process) throw new Skipped('The kit did not start this driver.');
    await this.#process.stop();
    this.#process.start();
    await this.greet();
  }

  /** What the driver says, whatever that is. @throws Over where it says nothing */
  async ask(verb: 'GET' | 'POST', path: string, body: string | null): Promise<Reply> {
    try {
      return await this.#channel.ask(verb, path, body, this.limits.deadlineMs);
    } catch (error) {
      throw await this.#noReply(path, error);
    }
  }

  /** @throws Over */
  async call(method: Method, given: readonly unknown[]): Promise<Answered> {
    const { status, text } = await this.ask(
      'POST',
      `/v1/${method}`,
      requestBody(method, given, this.limits.deadlineMs),
    );
    try {
      const answer = answerOf(text);
      if (status !== 200) throw new Error(`its status is ${status}: ${text.slice(0, 200)}`);
      if ('error' in answer) this.#checkError(method, answer.error);
      return answer;
    } catch (error) {
      if (error instanceof Over) throw error;
      const why = error instanceof DriverError ? error.operator_fault_string : (error as Error).message;
      throw this.#over('nonsense', `${method}: ${why}`);
    }
  }

  /** A call whose answer is its result. @throws Unsupported, Over */
  async result(method: Method, given: readonly unknown[]): Promise<unknown> {
    const answer = await this.call(method, given);
    if ('result' in answer) return answer.result;
    throw this.#refusal(method, answer.error);
  }

  /**
   * A change that there is no reason to refuse: it ends as it should. @throws Unsupported, Over
   */
  async change(change: Change): Promise<void> {
    const left = await this.attempt(change);
    if (left !== null) throw this.#refusal(change.method, left);
  }

  /** A change that may be refused. @returns the refusal; null: it was accepted, and has ended */
  async attempt(
    { method, arguments: given, owner, locks }: Change,
    expected: Expected = 'success',
  ): Promise<RaisedFault | null> {
    const entries = this.world.lock(owner, locks, witnessOf(this.#result));
    this.agent.uncommitted.add(owner);
    let answer: Answered;
    try {
      answer = await this.call(method, given);
    } catch (error) {
      this.world.rollBack(entries);
      this.agent.release(owner);
      throw error;
    }
    if ('error' in answer) {
      this.world.rollBack(entries);
      this.agent.release(owner);
      return answer.error;
    }
    if (answer.result !== null) this.note(`${method} returns something, which nobody looks at.`);
    this.world.commit(entries);
    for (const { list, id, waits, model } of locks) {
      const entry = this.world.get(id);
      if (entry && model && waits === 'PENDING_UPDATE') Object.assign(entry.model, mentioned(model, ID_OF[list]));
    }
    this.agent.release(owner);
    if (!this.isSilent && expected !== 'no end') {
      for (const { list, id, waits } of await this.#late(entries)) {
        this.fault('not-released', `${list} ${id} is still ${waits} ${this.limits.settleMs} ms after ${method}.`);
      }
    }
    for (const { list, id, ended } of expected === 'success' ? entries : []) {
      if (ended === 'ERROR')
        this.fault('ended-in-error', this.#withLastWords(`${list} ${id} is in ERROR after ${method}.`));
    }
    // Whatever the driver owes, the next case begins at rest.
    for (const [index, entry] of entries.entries()) {
      const goes = locks[index]?.waits === 'PENDING_DELETE';
      if (entry.fate === 'there' && (entry.waits !== null || goes)) this.world.end(entry, goes ? 'DELETED' : 'ACTIVE');
    }
    return null;
  }

  /** What of a change has no end when the time is over. */
  async #late(entries: readonly Entry[]): Promise<Entry[]> {
    const until = performance.now() + this.limits.settleMs;
    for (;;) {
      const left = await this.world.waitForEnds(entries, Math.min(LOOK_MS, until - performance.now()));
      if (left.length === 0 || performance.now() >= until) return left;
      // Something is wrong already: what is missing besides is mostly its consequence.
      if (this.#result && this.#result.faults.length > 0) return [];
    }
  }

  #refusal(method: Method, { kind, user_fault_string: text = '' }: RaisedFault): Error {
    if (kind === 'NotImplementedError' || kind === 'UnsupportedOptionError') return new Unsupported(text);
    return this.#over('refused', `${method}: ${kind}: ${text}`);
  }

  #checkError(method: Method, { kind, user_fault_string: user, operator_fault_string: operator }: RaisedFault): void {
    if (kind === 'Error') throw this.#over('unexpected-error', `${method}: ${operator ?? ''}`);
    if (!mayRaise(method, kind)) this.fault('wrong-error', `${method} raises ${kind}.`);
    if (user === undefined || user.trim() === '') this.fault('no-words', `${method} raises ${kind} without words.`);
  }

  /** Finds out what became of a driver that said nothing, and has it started again. */
  async #noReply(path: string, error: unknown): Promise<Error> {
    const { why, message } = error instanceof NoReply ? error : { why: 'broke' as const, message: String(error) };
    const hasEnded = why !== 'late' && (await this.#process?.ends(LAST_WORDS_MS)) === true;
    const late = this.agent.isHolding ? 'waits-for-itself' : 'stalled';
    const name = why === 'late' ? late : why === 'broke' || hasEnded ? 'crashed' : 'unreachable';
    const over = this.#over(name, `${path}: ${this.#withLastWords(message)}`);
    if (this.#process) {
      await this.#process.stop();
      this.#process.start();
      // Whether it comes up again is for the next case to see.
      await this.greet().catch(() => undefined);
    }
    return over;
  }

  #withLastWords(error: unknown): string {
    const text = error instanceof Error ? error.message : String(error);
    const lines = this.#process?.said ?? [];
    // The frames of a stack come last and would hide what happened.
    const words = lines.filter((line) => !/^\s+at /.test(line));
    const said = words.slice(-3).join(' | ');
    return said === '' ? text : `${text} (it said: ${said})`;
  }

  #over(name: FaultName, text: string): Over {
    this.fault(name, text);
    return new Over(text);
  }
}

/** The fields that an update mentions, without the id. */
function mentioned(model: object, id: string): object {
  const dict = (model as { to_dict(options: object): Record<string, unknown> }).to_dict({ recurse: true });
  return Object.fromEntries(Object.entries(dict).filter(([name]) => name !== id));
}

/** Where faults of a result go: also late ones, of which each is told once. */
function witnessOf(result: Result | null): Witness {
  return {
    fault(name, text) {
      if (result && !result.faults.some((one) => one.name === name && one.text === text))
        result.faults.push({ name, text });
    },
  };
}
