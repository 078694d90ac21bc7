/**
 * How many amphorae may be replaced now. Pure. Two questions: do so many miss at once that rather the way of the heartbeats
 * is broken (hold), and, if not, how much replacing does the cloud bear at a time (budget)?
 */

export interface ZoneHealth {
  zone: string;
  /** Amphorae that serve and were heard at least once. */
  total: number;
  /** Of these, unheard for more than half of `heartbeat_timeout`. */
  late: number;
  /** Of these, unheard for `heartbeat_timeout`, and nobody works on them yet. */
  stale: number;
}

export interface UnderWay {
  /** Automatic failovers that have not ended, by zone. */
  byZone: ReadonlyMap<string, number>;
  /** Of these, asked for by this health manager. */
  own: number;
  /** Automatic failovers of the last minute, of all health managers. */
  lastMinute: number;
}

export interface BudgetLimits {
  /** [health_manager] failover_threads */
  threads: number;
  massLossPercent: number;
  budgetPercent: number;
  zoneBudgetPercent: number;
  ratePerMinute: number;
}

/** Below this number shares say nothing: one of three is a third. */
export const SMALL_CLOUD = 10;
/** So many may always be replaced at a time, however small the cloud. */
const SMALLEST_BUDGET = 3;

const sum = (values: Iterable<number>): number => [...values].reduce((a, b) => a + b, 0);
const share = (total: number, percent: number): number => Math.max(SMALLEST_BUDGET, Math.ceil((total * percent) / 100));

/** So many late ones at the same time mean that nobody can be judged. */
export function isMassLoss(zones: readonly ZoneHealth[], massLossPercent: number): boolean {
  const late = sum(zones.map((zone) => zone.late));
  return late >= SMALL_CLOUD && late * 100 > sum(zones.map((zone) => zone.total)) * massLossPercent;
}

export interface Allowance {
  /** Failovers that may start now. */
  count: number;
  /** Zones that bear no further one. */
  fullZones: string[];
}

export function allowance(zones: readonly ZoneHealth[], underWay: UnderWay, limits: BudgetLimits): Allowance {
  const total = sum(zones.map((zone) => zone.total));
  const running = sum(underWay.byZone.values());
  const count = Math.min(
    limits.threads - underWay.own,
    share(total, limits.budgetPercent) - running,
    limits.ratePerMinute - underWay.lastMinute,
  );
  const fullZones = zones
    .filter(({ zone, total: inZone }) => (underWay.byZone.get(zone) ?? 0) >= share(inZone, limits.zoneBudgetPercent))
    .map(({ zone }) => zone);
  return { count: Math.max(0, count), fullZones };
}
