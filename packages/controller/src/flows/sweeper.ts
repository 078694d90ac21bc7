/**
 * Whatever says that something is going on has an owner. Statuses without one are settled within a minute; what is in ERROR
 * for a cause that can pass is tried again. One process at a time does this (the reconciler elects it).
 */

import { randomUUID } from 'node:crypto';
import type { Log } from '@octavia/protocol/log';
import { OctaviaError } from '../errors.ts';
import type { Failure } from '../status/failures.ts';
import * as recovery from '../status/recovery.ts';
import { retryable, waitAgain } from '../status/retries.ts';
import type { Store, Tx } from '../store/core/database.ts';
import * as operations from '../store/operations/operations.ts';
import type { OperationQueue } from './operation-queue.ts';
import { TRANSIENT_ERRORS } from './transient-errors.ts';

export interface SweeperOptions {
  /** Names of the providers whose load balancers change by operations. */
  providers: readonly string[];
  /** Retries of what failed for a transient error; 0: none. */
  retries: number;
  /** Seconds before the first retry; each further one waits twice as long. */
  retryIntervalSeconds: number;
  /** A status without an owner is settled when it was seen this long (ms). */
  graceMs?: number;
  /** Between looks at all children (ms): they are many, and wait for nobody only after a mishap. */
  childrenEveryMs?: number;
}

function gone(advice: string): Failure {
  const { message, code } = new OctaviaError('OPERATION_GONE', { advice });
  return { reason: message, code, operationId: null };
}

const GONE = gone('Fail over or delete the load balancer.');
const CHILD_GONE = gone('Update or delete it.');

export class Sweeper {
  readonly #store: Store;
  readonly #queue: Pick<OperationQueue, 'submit'>;
  readonly #log: Log;
  readonly #options: Required<SweeperOptions>;
  readonly #now: () => number;
  /** Load balancers seen without an owner, and since when. */
  #seen = new Map<string, number>();
  #childrenAt = Number.NEGATIVE_INFINITY;

  /** @param now monotonic milliseconds */
  constructor(
    store: Store,
    queue: Pick<OperationQueue, 'submit'>,
    log: Log,
    options: SweeperOptions,
    now: () => number = () => performance.now(),
  ) {
    this.#store = store;
    this.#queue = queue;
    this.#log = log;
    this.#options = { graceMs: 15_000, childrenEveryMs: 40_000, ...options };
    this.#now = now;
  }

  async sweep(): Promise<void> {
    await this.#settleStuck();
    await this.#retryFailed();
  }

  async #settleStuck(): Promise<void> {
    const { providers, graceMs, childrenEveryMs } = this.#options;
    const now = this.#now();
    const stuck = await recovery.stuckLoadBalancers(this.#store.db, providers);
    this.#seen = new Map(stuck.map((id) => [id, this.#seen.get(id) ?? now]));
    for (const [id, since] of this.#seen) {
      if (now - since < graceMs) continue;
      const settled = await this.#store.transaction((tx) => recovery.settleStuck(tx, id, GONE));
      if (settled) this.#log.warn({ loadBalancer: id }, 'Settled a load balancer that nothing was working on');
    }
    if (now - this.#childrenAt < childrenEveryMs) return;
    this.#childrenAt = now;
    const children = await recovery.settleStuckChildren(this.#store.db, providers, CHILD_GONE);
    if (children.length > 0) this.#log.warn({ children }, 'Settled children that nothing was working on');
    const amphorae = await recovery.releaseUnownedAmphorae(this.#store.db);
    if (amphorae.length > 0) this.#log.warn({ amphorae }, 'Released amphorae that nothing was working on');
  }

  async #retryFailed(): Promise<void> {
    const { retries, retryIntervalSeconds } = this.#options;
    if (retries === 0) return;
    const rules = { causes: TRANSIENT_ERRORS, most: retries, firstAfterSeconds: retryIntervalSeconds };
    for (const id of await retryable(this.#store.db, rules)) {
      const again = await this.#store.transaction((tx) => repeat(tx, this.#queue, id));
      if (again) this.#log.info({ operation: again, repeats: id }, 'Trying again what failed for a passing cause');
    }
  }
}

async function repeat(tx: Tx, queue: Pick<OperationQueue, 'submit'>, operationId: string): Promise<string | null> {
  const failed = await operations.get(tx, operationId);
  if (!failed || !(await waitAgain(tx, failed, true))) return null;
  const id = randomUUID();
  await queue.submit(tx, { ...failed, id, retryOf: failed.id, retryNumber: failed.retryNumber + 1 });
  return id;
}
