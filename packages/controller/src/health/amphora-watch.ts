/**
 * Looks for amphorae that fell silent and has them replaced: within a budget, never more than the circuit breaker allows, and
 * not at all while this process or the way of the heartbeats is the more likely culprit.
 */
import type { Log } from '@octavia/protocol/log';
import { OctaviaError } from '../errors.ts';
import { markUnheard } from '../status/measured.ts';
import type { Store, Tx } from '../store/core/database.ts';
import { isDatabaseUnavailable } from '../store/core/unavailable.ts';
import * as stale from '../store/heartbeats/stale-amphorae.ts';
import { type Clock, systemClock } from './clock.ts';
import { allowance, type BudgetLimits, isMassLoss, SMALL_CLOUD } from './failover-budget.ts';
import { FailoverGate } from './failover-gate.ts';
import type { Hearing } from './heartbeat-receiver.ts';
import { Repeated } from './repeated.ts';

export interface WatchOptions extends BudgetLimits {
  /** Names this process among health managers. */
  id: string;
  /** Seconds. */
  heartbeatTimeout: number;
  heartbeatInterval: number;
  healthCheckInterval: number;
  /** [health_manager] failover_threshold; null: no breaker. */
  failoverThreshold: number | null;
}

export interface WatchDependencies {
  store: Store;
  hearing: Hearing;
  /** Has an amphora replaced. The transaction holds its load balancer and its health row. */
  requestFailover: (tx: Tx, amphoraId: string, cause: string) => Promise<'queued' | 'busy' | 'gone'>;
  /** Whether the agent answers; asked where silence alone proves little. */
  answers: (amphoraId: string) => Promise<boolean>;
  log: Log;
  clock?: Clock;
}

/** More pause than a busy machine causes, less than a heartbeat can wait in the kernel unnoticed. */
const MAXIMUM_GAP_MS = 10_000;
const MARKED_AT_ONCE = 500;
const NEVER_HEARD_INTERVAL_MS = 60_000;
const NAMED = 5;

export class AmphoraWatch {
  readonly #options: WatchOptions;
  readonly #dependencies: WatchDependencies;
  readonly #clock: Clock;
  readonly #failoverGate: FailoverGate;
  readonly #news: Repeated;
  #timer: NodeJS.Timeout | null = null;
  #round: Promise<void> = Promise.resolve();
  #nextSweep = 0;
  /** Mass loss in the round before. */
  #lost = false;

  constructor(options: WatchOptions, dependencies: WatchDependencies) {
    const { clock = systemClock, hearing, log } = dependencies;
    this.#options = options;
    this.#dependencies = dependencies;
    this.#clock = clock;
    const timeoutMs = options.heartbeatTimeout * 1000;
    const maximumGapMs = options.healthCheckInterval * 1000 + Math.min(MAXIMUM_GAP_MS, timeoutMs / 4);
    this.#failoverGate = new FailoverGate({ timeoutMs, maximumGapMs }, hearing, clock);
    this.#news = new Repeated(log, clock);
  }

  start(): void {
    const interval = this.#options.healthCheckInterval * 1000;
    const tick = () => {
      this.#round = this.look().finally(() => {
        if (this.#timer) this.#timer = setTimeout(tick, interval);
      });
    };
    this.#timer = setTimeout(tick, interval);
  }

  async stop(): Promise<void> {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    await this.#round;
  }

  /** One round. Never throws. */
  async look(): Promise<void> {
    try {
      if (this.#blind()) return;
      await this.#judge();
    } catch (error) {
      // A deadlock costs one round; a database that was away makes everything it says old.
      if (isDatabaseUnavailable(error) || error instanceof OctaviaError) this.#failoverGate.databaseLost();
      this.#dependencies.log.warn({ err: error }, 'A round of the health manager failed; trying again');
    }
  }

  #blind(): boolean {
    const blindness = this.#failoverGate.look();
    const sentence = 'Not judging amphorae: this process could not hear all of their heartbeats';
    // After a start it is as it should be.
    const level = blindness?.reason === 'start' ? 'info' : 'warn';
    this.#news.say(level, 'blind', blindness, sentence, 'Judging amphorae again');
    return blindness !== null;
  }

  async #judge(): Promise<void> {
    const { store } = this.#dependencies;
    const { heartbeatTimeout, heartbeatInterval, massLossPercent, failoverThreshold } = this.#options;
    const late = Math.min(heartbeatTimeout, Math.max(heartbeatTimeout / 2, heartbeatInterval * 1.5));
    const health = await stale.cloudHealth(store.db, late, heartbeatTimeout);
    await this.#sweep();
    const count = health.zones.reduce((sum, zone) => sum + zone.stale, 0);
    if (this.#holdsForMassLoss(health.zones, massLossPercent) || health.at === '') return;
    const unheard = await store.transaction(async (tx) => {
      const ids = await stale.lockUnheard(tx, health.at, heartbeatTimeout, MARKED_AT_ONCE);
      await markUnheard(tx, ids);
      return ids.length;
    });
    if (unheard > 0) {
      this.#dependencies.log.warn({ loadBalancers: unheard }, 'No amphora of these load balancers is heard any more');
    }
    if (failoverThreshold !== null && count >= failoverThreshold) return this.#trip(health.at, count);
    const broken = health.zones.reduce((sum, zone) => sum + zone.broken, 0);
    if (count + broken > 0) await this.#failOver(health, count + broken);
  }

  /** @returns true also right after the end: who is heard again and who is not shows within one timeout */
  #holdsForMassLoss(zones: readonly stale.ZoneCounts[], massLossPercent: number): boolean {
    const lost = isMassLoss(zones, massLossPercent);
    const late = zones.reduce((sum, zone) => sum + zone.late, 0);
    const total = zones.reduce((sum, zone) => sum + zone.total, 0);
    const sentence =
      'Automatic failover is on hold: so many amphorae fell silent at once that rather their way to the health managers is broken';
    const fields = lost ? { silent: late, amphorae: total } : null;
    this.#news.say('error', 'mass-loss', fields, sentence, 'Most amphorae are heard again');
    const ended = this.#lost && !lost;
    this.#lost = lost;
    if (ended) this.#failoverGate.massLossEnded();
    return lost || ended;
  }

  /** The operator's circuit breaker. Logged when it stops further amphorae, and now and then while it is open. */
  async #trip(at: string, count: number): Promise<void> {
    const { store, log } = this.#dependencies;
    const { failoverThreshold, heartbeatTimeout } = this.#options;
    const stopped = await store.transaction((tx) => stale.stopFailovers(tx, at, heartbeatTimeout));
    const sentence = `Stale amphora count reached the threshold (${failoverThreshold}). ${count} amphorae were set into FAILOVER_STOPPED status.`;
    const fields = { component: 'octavia.db.repositories' };
    if (stopped > 0) {
      log.error(fields, sentence);
      this.#news.said('breaker');
    } else this.#news.say('error', 'breaker', fields, sentence);
  }

  async #failOver(health: stale.CloudHealth, count: number): Promise<void> {
    const { store, log } = this.#dependencies;
    const { id, heartbeatTimeout } = this.#options;
    const allowed = allowance(health.zones, await stale.underWay(store.db, id), this.#options);
    const picks = await stale.candidates(store.db, health.at, heartbeatTimeout, allowed.fullZones, allowed.count);
    const results = { queued: 0, cancelled: 0, failed: 0 };
    const unproven = this.#isSilent(health.zones);
    for (const pick of picks) {
      // A pause in the middle of a round: what follows would act on what was true before.
      if (this.#failoverGate.look() !== null) break;
      if (unproven && (await this.#dependencies.answers(pick.amphoraId))) {
        this.#news.say(
          'error',
          'way',
          { amphora: pick.amphoraId },
          'An amphora answers, but none of its heartbeats arrives: check [health_manager] controller_ip_port_list and the way of UDP to it',
        );
        results.cancelled += 1;
        continue;
      }
      results[await this.#replace(pick, health)] += 1;
    }
    const fields = { stale: count, attempted: picks.length, ...results };
    if (picks.length > 0) log.info(fields, 'Replacing amphorae that are not heard any more');
    const rest = allowed.count <= picks.length && count > picks.length;
    this.#news.say(
      'warn',
      'budget',
      rest ? fields : null,
      'More amphorae are stale than may be replaced at a time; the others wait',
    );
  }

  /** In a small cloud all may be dead, or the way of heartbeats is: their agents know. */
  #isSilent(zones: readonly stale.ZoneCounts[]): boolean {
    const total = zones.reduce((sum, zone) => sum + zone.total, 0);
    return total < SMALL_CLOUD && zones.every((zone) => zone.late === zone.total);
  }

  async #replace(pick: stale.Candidate, health: stale.CloudHealth): Promise<'queued' | 'cancelled' | 'failed'> {
    const { store, requestFailover, log } = this.#dependencies;
    const { id, heartbeatTimeout } = this.#options;
    const cause = `no heartbeat for ${Math.round(pick.silence)} s`;
    try {
      const outcome = await store.transaction(async (tx) => {
        await stale.takeTurn(tx);
        const allowed = allowance(health.zones, await stale.underWay(tx, id), this.#options);
        if (allowed.count === 0 || allowed.fullZones.includes(pick.zone)) return 'busy';
        if (!(await stale.claim(tx, pick, health.at, heartbeatTimeout))) return 'busy';
        const requested = await requestFailover(tx, pick.amphoraId, cause);
        if (requested === 'queued') await stale.noteFailover(tx, pick, id);
        return requested;
      });
      if (outcome !== 'queued') return 'cancelled';
      log.warn({ amphora: pick.amphoraId, loadBalancer: pick.loadBalancerId, cause }, 'Replacing an amphora');
      return 'queued';
    } catch (error) {
      log.warn({ err: error, amphora: pick.amphoraId }, 'A failover could not be requested');
      return 'failed';
    }
  }

  /** Once a minute: amphorae that were never heard are nobody's candidates, but somebody should know. */
  async #sweep(): Promise<void> {
    const now = this.#clock.monotonic();
    if (now < this.#nextSweep) return;
    this.#nextSweep = now + NEVER_HEARD_INTERVAL_MS;
    const { store } = this.#dependencies;
    await stale.forgetFailovers(store.db);
    const amphorae = await stale.neverHeard(store.db, this.#options.heartbeatTimeout * 2, NAMED);
    this.#news.say(
      'error',
      'never-heard',
      amphorae.length > 0 ? { amphorae } : null,
      'Amphorae were never heard and would not be replaced: check [health_manager] controller_ip_port_list and the way of UDP to it',
    );
  }
}
