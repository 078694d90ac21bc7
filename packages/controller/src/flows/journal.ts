/** What an operation remembers of its steps, written under the fencing token of one attempt: a fenced worker cannot write. */
import type { Operation, OperationStep } from '../domain/operations.ts';
import type { Store } from '../store/core/database.ts';
import { isContention, isDatabaseUnavailable } from '../store/core/unavailable.ts';
import * as operations from '../store/operations/operations.ts';
import { Fenced, LeaseExpired } from './in-charge.ts';

/** A run waits for the database this long before it leaves the operation to the reconciler (600 × 1 s). */
const PATIENCE = { attempts: 600, intervalMs: 1_000 };

/** Whoever was in the way of a deadlock's victim has gone on: it tries again at once, this often. */
const CONTENTIONS = 20;

/** Says nothing about the step that met it: it is worth waiting. */
const isPassing = (error: unknown): boolean =>
  error instanceof LeaseExpired ||
  isDatabaseUnavailable(error) ||
  isDatabaseUnavailable((error as Error | undefined)?.cause);

/** Does the work again while the database is away or the lease is in doubt, and when others were in its way. */
export async function retryWhileUnavailable<T>(
  sleep: (ms: number) => Promise<void>,
  work: () => Promise<T>,
): Promise<T> {
  let contentions = 0;
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (isContention(error) && ++contentions < CONTENTIONS) continue;
      if (!isPassing(error) || attempt === PATIENCE.attempts) throw error;
      await sleep(PATIENCE.intervalMs);
    }
  }
}

export class Journal {
  readonly #store: Store;
  readonly #operation: Operation;
  /** What former attempts wrote, by phase and name. */
  readonly #former: ReadonlyMap<string, OperationStep>;

  private constructor(store: Store, operation: Operation, former: OperationStep[]) {
    this.#store = store;
    this.#operation = operation;
    this.#former = new Map(former.map((step) => [`${step.phase} ${step.name}`, step]));
  }

  /** A first attempt has nothing to read. */
  static async open(store: Store, operation: Operation): Promise<Journal> {
    if (operation.attempts === 1) return new Journal(store, operation, []);
    const steps = await operations.stepsOf(store.db, [operation.id]);
    return new Journal(store, operation, steps.get(operation.id) ?? []);
  }

  former(phase: OperationStep['phase'], name: string): OperationStep | null {
    return this.#former.get(`${phase} ${name}`) ?? null;
  }

  /** @returns why the operation is to be abandoned, or null. @throws Fenced */
  async advance(ended: operations.StepEnd | null, next: operations.StepBegin | null): Promise<string | null> {
    const answer = await operations.advance(this.#store.db, this.#operation, ended, next);
    if (!answer) throw new Fenced();
    return answer.abandonReason;
  }
}
