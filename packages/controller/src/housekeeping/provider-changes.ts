/**
 * Providers that carry changes out by themselves owe an end of each. When the process with the driver is gone, or the driver agent it
 * reports to, or the time is over, the end comes from here, so that nothing is PENDING for ever.
 */
import type { Log } from '@octavia/protocol/log';
import { OctaviaError } from '../errors.ts';
import type { Failure } from '../status/failures.ts';
import { abandonChange, abandonChildren, type Overdue, overdueChanges } from '../status/provider-changes.ts';
import type { Store } from '../store/core/database.ts';
import { forgetDead } from '../store/operations/driver-hosts.ts';
import type { Duty, DutyOutcome } from './housekeeper.ts';

export interface ProviderChangesOptions {
  store: Store;
  /** Providers whose changes end in another way. */
  others: readonly string[];
  /** Names of the other providers that are enabled. */
  providers: readonly string[];
  mostSeconds(): number;
  log: Log;
  /** Monotonic milliseconds. */
  now(): number;
}

const INTERVAL_SECONDS = 5;
/** Three beats were missed. */
const DEAD_AFTER_SECONDS = 20;
/** A process that is gone may have told its backend, and one that starts again may go on: so long the report is waited for. */
const GRACE_MS = 15_000;
/** A driver may report in several messages. */
const CHILDREN_SECONDS = 60;
const FORGET_SECONDS = 3600;

function failureOf(provider: string, why: Overdue['why'] | 'children', seconds: number): Failure {
  const causes = {
    host: 'the process with its driver has ended.',
    agent: 'no driver agent runs where its driver could report to.',
    time: `it has taken longer than ${seconds} s.`,
    children: 'it released the load balancer and not this object.',
  };
  const { message, code } = new OctaviaError('PROVIDER_CHANGE_LOST', { provider, detail: causes[why] });
  return { reason: message, code, operationId: null };
}

export class ProviderChanges implements Duty {
  readonly name = 'providers';
  readonly intervalSeconds = INTERVAL_SECONDS;
  readonly #options: ProviderChangesOptions;
  /** Changes seen overdue, and since when. */
  #seen = new Map<string, number>();
  #childrenAt = Number.NEGATIVE_INFINITY;

  constructor(options: ProviderChangesOptions) {
    this.#options = options;
  }

  async run(): Promise<DutyOutcome> {
    const { store, others, mostSeconds, log, now } = this.#options;
    const seconds = mostSeconds();
    const overdue = await overdueChanges(store.db, {
      others,
      deadAfterSeconds: DEAD_AFTER_SECONDS,
      mostSeconds: seconds,
    });
    const at = now();
    const key = ({ id, why, deliveredAt }: Overdue) => `${id} ${why} ${deliveredAt.getTime()}`;
    this.#seen = new Map(overdue.map((one) => [key(one), this.#seen.get(key(one)) ?? at]));
    let ended = 0;
    for (const one of overdue) {
      const isDue = one.why === 'time' || at - (this.#seen.get(key(one)) ?? at) >= GRACE_MS;
      if (!isDue) continue;
      const failure = failureOf(one.provider, one.why, seconds);
      if (!(await store.transaction((tx) => abandonChange(tx, one, failure)))) continue;
      ended += 1;
      log.warn({ loadBalancer: one.id, provider: one.provider }, failure.reason);
    }
    ended += await this.#children(at);
    return { summary: ended === 0 ? null : `Ended ${ended} changes that providers left` };
  }

  async #children(at: number): Promise<number> {
    if (at - this.#childrenAt < CHILDREN_SECONDS * 500) return 0;
    this.#childrenAt = at;
    const { store, providers, log } = this.#options;
    await forgetDead(store.db, FORGET_SECONDS);
    let ended = 0;
    for (const provider of providers) {
      const failure = failureOf(provider, 'children', 0);
      const children = await abandonChildren(store.db, provider, failure, CHILDREN_SECONDS);
      ended += children.length;
      if (children.length > 0) log.warn({ children, provider }, failure.reason);
    }
    return ended;
  }
}
