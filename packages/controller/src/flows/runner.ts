/**
 * Runs one operation to its end state. Knows nothing of the engine: whatever interrupts it, running it again goes on at the
 * first step that is not recorded as done.
 *
 * A failing step is an *answer*, never an exception. Whatever is thrown from here therefore means that this worker is no
 * longer in charge, or cannot reach the database: nothing is undone by a worker that is not in charge.
 */
import { onBehalfOf } from '../clouds/openstack/request-id.ts';
import type { Operation } from '../domain/operations.ts';
import { type ErrorCode, OctaviaError } from '../errors.ts';
import { endOperation } from '../status/outcome.ts';
import { isContention } from '../store/core/unavailable.ts';
import * as operations from '../store/operations/operations.ts';
import { announce } from './announcement.ts';
import { type FaultListener, type Moment, stepNamer } from './fault-points.ts';
import { type Flow, type FlowDependencies, type FlowPart, isParallel, type Step, type StepContext } from './flow.ts';
import { guarded } from './guarded-dependencies.ts';
import { Fenced, type Lease, LeaseExpired } from './in-charge.ts';
import { Journal, retryWhileUnavailable } from './journal.ts';

/**
 * Time (ms) an operation may spend on amphorae that should be there: it ends, as failed, within a minute of its acceptance, and
 * of what other services take for their part. What waited (for its turn, or for a worker to take it over) is gone from it, but
 * enough remains for amphorae that answer.
 */
const AMPHORA_BUDGET_MS = 50_000;
const LEAST_AMPHORA_BUDGET_MS = 20_000;

export interface RunOptions {
  workerId: string;
  lease?: Lease;
  /** Attempts at the operation before this one; when there were more by now, another worker has it. */
  attempts?: number;
  faults?: FaultListener | null;
}

interface Failure {
  reason: string;
  code: ErrorCode;
}

/** A step with its place in the flow. */
interface Placed {
  step: Step;
  number: number;
}

/** @throws Fenced when another worker is in charge; errors of the database after long patience */
export async function runOperation(
  operationId: string,
  flowOf: (operation: Operation) => Flow,
  dependencies: FlowDependencies,
  options: RunOptions,
): Promise<void> {
  const { store, sleep } = dependencies;
  const operation = await retryWhileUnavailable(sleep, () =>
    operations.begin(store.db, operationId, options.workerId, options.attempts),
  );
  if (!operation) return;
  const journal = await retryWhileUnavailable(sleep, () => Journal.open(store, operation));
  await new OperationRun(operation, flowOf, dependencies, journal, options).toItsEnd();
}

/** Milliseconds during which at least one of several things is done. */
class Stopwatch {
  readonly #now: () => number;
  #sum = 0;
  #began = 0;
  #running = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  get ms(): number {
    return this.#sum + (this.#running > 0 ? this.#now() - this.#began : 0);
  }

  async during<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running === 0) this.#began = this.#now();
    this.#running += 1;
    try {
      return await work();
    } finally {
      this.#running -= 1;
      if (this.#running === 0) this.#sum += this.#now() - this.#began;
    }
  }
}

class OperationRun {
  readonly #operation: Operation;
  readonly #context: StepContext;
  readonly #journal: Journal;
  readonly #sleep: FlowDependencies['sleep'];
  readonly #faults: FaultListener | null;
  readonly #pointName: (name: string) => string;
  readonly #parts: Placed[][][];
  readonly #announces: Flow['announces'];
  /** Of the first step that failed, or why there is nothing to do but undo. */
  #failure: Failure | null;
  #fenced = false;
  /** Names of the steps this run has begun. */
  readonly #begun = new Set<string>();

  constructor(
    operation: Operation,
    flowOf: (operation: Operation) => Flow,
    dependencies: FlowDependencies,
    journal: Journal,
    { lease, faults }: RunOptions,
  ) {
    const planned = plan(operation, flowOf);
    const startedAt = dependencies.now().getTime();
    const waited = Math.max(0, startedAt - operation.createdAt.getTime());
    const budget = Math.max(LEAST_AMPHORA_BUDGET_MS, AMPHORA_BUDGET_MS - waited);
    const others = new Stopwatch(() => dependencies.now().getTime());
    this.#operation = operation;
    this.#journal = journal;
    this.#sleep = dependencies.sleep;
    this.#faults = faults ?? null;
    this.#failure = planned.failure ?? (operation.abandonReason === null ? null : abandoned(operation.abandonReason));
    this.#parts = placed(planned.parts);
    this.#announces = planned.announces;
    this.#pointName = stepNamer(this.#parts.flat(2).map(({ step }) => step.name));
    this.#context = {
      ...guarded(dependencies, () => {
        if (this.#fenced) throw new Fenced();
        if (lease && !lease.holds()) throw new LeaseExpired();
      }),
      operation,
      remainingMs: () => Math.max(0, budget + others.ms - (dependencies.now().getTime() - startedAt)),
      elsewhere: (work) => others.during(work),
    };
  }

  async toItsEnd(): Promise<void> {
    await this.#point('begin', 'after-commit');
    for (const lanes of this.#parts) {
      if (this.#failure) break;
      await this.#beside(lanes, (lane) => this.#onward(lane));
    }
    if (this.#failure && !this.#context.options.disableRevert) {
      for (const lanes of this.#parts.toReversed()) await this.#beside(lanes, (lane) => this.#back(lane));
    }
    await this.#settle(this.#failure);
  }

  #beside(lanes: Placed[][], work: (lane: Placed[]) => Promise<void>): Promise<void> {
    return this.#context.places.beside(lanes.map((lane) => () => work(lane)));
  }

  /** The steps of one lane until one fails, here or in a lane beside it. */
  async #onward(lane: Placed[]): Promise<void> {
    let ended: operations.StepEnd | null = null;
    let endedName = '';
    for (const { step, number } of lane) {
      const former = this.#journal.former('do', step.name);
      if (former?.state === 'done') continue;
      if (former?.state === 'failed') this.#failure ??= failureOf(former);
      if (this.#failure) break;
      const begin = { number, phase: 'do' as const, name: step.name };
      ended = await this.#attempt(begin, endedName, ended, (context) => step.run(context));
      endedName = step.name;
      if (ended?.state === 'failed') this.#failure ??= failureOf(ended);
    }
    await this.#record(ended, endedName);
  }

  /** Undoes what was begun in one lane, last step first. The failing step is undone too: it may have half happened. */
  async #back(lane: Placed[]): Promise<void> {
    let ended: operations.StepEnd | null = null;
    let endedName = '';
    for (const { step, number } of lane.toReversed()) {
      const { undo } = step;
      if (!undo || !(this.#begun.has(step.name) || this.#journal.former('do', step.name))) continue;
      // An undo that failed before would fail again; what it leaves behind is for the orphan collector.
      const former = this.#journal.former('undo', step.name)?.state;
      if (former === 'done' || former === 'failed') continue;
      const begin = { number, phase: 'undo' as const, name: step.name };
      ended = await this.#attempt(begin, endedName, ended, (context) => undo.call(step, context));
      endedName = `undo ${step.name}`;
    }
    await this.#record(ended, endedName);
  }

  /**
   * Records the end of the step before and the begin of this one, then does it.
   * @returns how it ended, to be recorded; null when the operation is to be abandoned and the step was not begun
   */
  async #attempt(
    begin: operations.StepBegin,
    formerName: string,
    former: operations.StepEnd | null,
    work: (context: StepContext) => Promise<unknown>,
  ): Promise<operations.StepEnd | null> {
    const { number, phase, name } = begin;
    const shown = phase === 'do' ? name : `undo ${name}`;
    let toRecord = former;
    return retryWhileUnavailable(this.#sleep, async () => {
      this.#mustBeInCharge();
      const abandonReason = await this.#inCharge(() => this.#journal.advance(toRecord, begin));
      if (toRecord) {
        toRecord = null;
        await this.#point(formerName, 'after-commit');
      }
      if (abandonReason !== null && phase === 'do') {
        this.#failure ??= abandoned(abandonReason);
        return null;
      }
      if (phase === 'do') this.#begun.add(name);
      try {
        await this.#point(shown, 'before-effect');
        const detail = await onBehalfOf(this.#operation.id, () => work(this.#context));
        await this.#point(shown, 'after-effect');
        return { number, phase, state: 'done', detail: typeof detail === 'string' ? detail : null, cause: null };
      } catch (error) {
        if (error instanceof Fenced) this.#fenced = true;
        this.#mustBeInCharge();
        // Says nothing about the step: it is done again when the database is back.
        if (error instanceof LeaseExpired) throw error;
        if (error instanceof OctaviaError && error.code === 'DATABASE_UNAVAILABLE') throw error;
        if (isContention(error)) throw error;
        const { reason, code } = describe(error);
        const fields = { operation: this.#operation.id, step: name, phase, err: error };
        this.#context.log.error(fields, `Step failed: ${reason}`);
        return { number, phase, state: 'failed', detail: reason, cause: code };
      }
    });
  }

  async #record(ended: operations.StepEnd | null, name: string): Promise<void> {
    if (!ended) return;
    await retryWhileUnavailable(this.#sleep, () => this.#inCharge(() => this.#journal.advance(ended, null)));
    await this.#point(name, 'after-commit');
  }

  async #settle(failure: Failure | null): Promise<void> {
    const { store, log } = this.#context;
    const operation = this.#operation;
    await this.#point('settle', 'before-effect');
    await retryWhileUnavailable(this.#sleep, () =>
      this.#inCharge(() =>
        store.transaction(async (tx) => {
          if (!failure && this.#announces) await announce(tx, this.#announces, operation, this.#context);
          if (!(await endOperation(tx, operation, failure))) throw new Fenced();
          await this.#point('settle', 'after-effect');
        }),
      ),
    );
    const fields = { operation: operation.id, kind: operation.kind, loadBalancer: operation.loadBalancerId };
    if (failure) log.error(fields, `${operation.kind} ${operation.resourceId} failed: ${failure.reason}`);
    else log.info(fields, `${operation.kind} ${operation.resourceId} done`);
    await this.#point('settle', 'after-commit');
  }

  #mustBeInCharge(): void {
    if (this.#fenced) throw new Fenced();
  }

  /** Notes for all lanes when one learns that another worker is in charge. */
  async #inCharge<T>(work: () => Promise<T>): Promise<T> {
    this.#mustBeInCharge();
    try {
      return await work();
    } catch (error) {
      if (error instanceof Fenced) this.#fenced = true;
      throw error;
    }
  }

  async #point(step: string, moment: Moment): Promise<void> {
    const { kind } = this.#operation;
    const listener = this.#faults;
    if (listener === null) return;
    await this.#inCharge(async () => listener(`${kind}/${this.#pointName(step)}/${moment}`, this.#operation));
  }
}

/** An operation this release has no flow for ends as failed, it is not left pending. */
function plan(operation: Operation, flowOf: (operation: Operation) => Flow) {
  try {
    const flow = flowOf(operation);
    return { parts: flow.steps(operation), announces: flow.announces, failure: null };
  } catch (error) {
    return { parts: [], announces: undefined, failure: describe(error) };
  }
}

/** Parts of lanes of steps, numbered in the order they are written. Steps in a row are one lane: it needs fewer statements. */
function placed(parts: FlowPart[]): Placed[][][] {
  let number = 0;
  const place = (step: Step): Placed => ({ step, number: ++number });
  const result: Placed[][][] = [];
  let row: Placed[] | null = null;
  for (const part of parts) {
    if (isParallel(part)) {
      result.push(part.parallel.map((lane) => lane.map(place)));
      row = null;
    } else if (row) row.push(place(part));
    else {
      row = [place(part)];
      result.push([row]);
    }
  }
  return result;
}

/** What the tenant may read: catalogue texts as they are, anything else only in the log. */
function describe(error: unknown): Failure {
  const { message, code } = error instanceof OctaviaError ? error : new OctaviaError('UNEXPECTED_ERROR');
  return { reason: message, code };
}

const abandoned = (reason: string): Failure => ({ reason, code: 'OPERATION_ABANDONED' });

const failureOf = ({ detail, cause }: Pick<operations.StepEnd, 'detail' | 'cause'>): Failure => ({
  reason: detail ?? '',
  code: cause ?? 'UNEXPECTED_ERROR',
});
