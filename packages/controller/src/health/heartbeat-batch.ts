/**
 * Turns received heartbeats into statuses and statistics. The cost in statements depends on the number of batches, not of
 * amphorae; trees are read only where a report or the tree itself is new.
 */
import type { Log } from '@octavia/protocol/log';
import { statusChanges } from '../domain/operating-status.ts';
import { type TreeChanges, writeMeasured } from '../status/measured.ts';
import type { Store } from '../store/core/database.ts';
import { isUuid } from '../store/core/table.ts';
import * as health from '../store/heartbeats/health.ts';
import type { ListenerCounts } from '../store/heartbeats/heartbeat-statistics.ts';
import type { Clock } from './clock.ts';
import { together, type Waiting } from './heartbeat-buffer.ts';
import type { HeartbeatKeys } from './heartbeat-keys.ts';
import { Repeated } from './repeated.ts';
import { ReportMemory } from './report-memory.ts';
import type { StatisticsDriver } from './statistics/interface.ts';

const MAX_CANDIDATES = 10_000;
/** Our agents number their messages from the clock and never go back. */
const NEVER_GOES_BACK = 1_000_000_000_000;

/**
 * Agents of other makes (ours do not) count from zero again when they are restarted; so does somebody who replays old messages. A low number
 * is believed once a higher one follows: replaying a single message revives no amphora, and a restarted agent is heard one
 * interval later. What the first message counted is not lost.
 */
class Restarts {
  readonly #candidates = new Map<string, Waiting>();

  /** @returns the entry to apply as a new beginning, or null when it has to wait for the next */
  consider(entry: Waiting): Waiting | null {
    if (entry.seq >= NEVER_GOES_BACK) return null;
    const candidate = this.#candidates.get(entry.amphoraId);
    this.#candidates.delete(entry.amphoraId);
    if (candidate && entry.seq > candidate.seq) return { ...together(candidate, entry), restarted: true };
    if (this.#candidates.size < MAX_CANDIDATES) this.#candidates.set(entry.amphoraId, entry);
    return null;
  }

  forget(amphoraId: string): void {
    if (this.#candidates.size > 0) this.#candidates.delete(amphoraId);
  }
}

const LOG_INTERVAL_MS = 60_000;
const NAMED = 5;

const SENTENCES = {
  unknown: 'Amphorae nobody knows send heartbeats; their instances have to be deleted by hand',
  deleted: 'Amphorae that were deleted still send heartbeats; their instances have to be deleted by hand',
} as const;
type Kind = keyof typeof SENTENCES;

/** Signed heartbeats of amphorae this control plane does not have: a line a minute, with names and the number of messages. */
class UnknownAmphorae {
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #seen = { unknown: new Set<string>(), deleted: new Set<string>() };
  readonly #messages = { unknown: 0, deleted: 0 };
  readonly #nextLog = { unknown: 0, deleted: 0 };

  constructor(log: Log, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
  }

  note(kind: Kind, amphoraId: string): void {
    this.#messages[kind] += 1;
    if (this.#seen[kind].size < NAMED) this.#seen[kind].add(amphoraId);
    const now = this.#clock.monotonic();
    if (now < this.#nextLog[kind]) return;
    this.#log.warn({ amphorae: [...this.#seen[kind]], heartbeats: this.#messages[kind] }, SENTENCES[kind]);
    this.#nextLog[kind] = now + LOG_INTERVAL_MS;
    this.#messages[kind] = 0;
    this.#seen[kind].clear();
  }
}

/** Reports that wait to be compared with their tree; those beyond come back with the next heartbeat. */
const MAX_REPORTS = 10_000;
/** Trees compared between two batches. */
const TREES_AT_ONCE = 500;

interface Told {
  amphoraId: string;
  loadBalancerId: string;
  digest: string;
  datagram: Buffer;
}

interface Different extends TreeChanges {
  told: Told;
}

export interface BatchDependencies {
  store: Store;
  keys: Pick<HeartbeatKeys, 'read'>;
  statistics: readonly StatisticsDriver[];
  clock: Clock;
  log: Log;
}

export class HeartbeatBatches {
  readonly #store: Store;
  readonly #keys: Pick<HeartbeatKeys, 'read'>;
  readonly #statistics: readonly StatisticsDriver[];
  readonly #clock: Clock;
  readonly #memory = new ReportMemory();
  readonly #restarts = new Restarts();
  readonly #unknownAmphorae: UnknownAmphorae;
  readonly #repeated: Repeated;
  /** Reports that could not be read or written, since the start. */
  refused = 0;
  #reports = new Map<string, Told>();
  /** Beginnings of restarted agents, confirmed in the batch before. */
  #restarted: Waiting[] = [];

  constructor({ store, keys, statistics, clock, log }: BatchDependencies) {
    this.#store = store;
    this.#keys = keys;
    this.#statistics = statistics;
    this.#clock = clock;
    this.#unknownAmphorae = new UnknownAmphorae(log, clock);
    this.#repeated = new Repeated(log, clock);
  }

  /** Whether `apply` has work without new heartbeats. */
  get unfinished(): boolean {
    return this.#reports.size > 0 || this.#restarted.length > 0;
  }

  /** Notes who was heard, and adds what listeners counted. @throws when nothing of the batch was applied */
  async apply(batch: readonly Waiting[]): Promise<void> {
    const entries = new Map<string, Waiting>();
    for (const entry of [...this.#restarted, ...batch]) {
      const other = entries.get(entry.amphoraId);
      if (isUuid(entry.amphoraId)) {
        entries.set(entry.amphoraId, other ? { ...together(other, entry), restarted: other.restarted } : entry);
      }
    }
    if (entries.size > 0) {
      const restarted = this.#restarted;
      // Whatever the database cannot take of them must not spoil the next batches: they are noticed again.
      this.#restarted = [];
      try {
        const heard = await this.#hear([...entries.values()].sort((a, b) => (a.amphoraId < b.amphoraId ? -1 : 1)));
        this.#sort(entries, heard);
      } catch (error) {
        if (health.isPassing(error)) this.#restarted = restarted;
        throw error;
      }
    }
  }

  async #hear(entries: readonly Waiting[]): Promise<health.Heard[]> {
    const now = this.#clock.monotonic();
    const beats = entries.map(({ amphoraId, seq, bits, receivedAt, restarted }) => {
      const ageSeconds = Math.max(0, now - receivedAt) / 1000;
      return { amphoraId, seq, bits, restarted, ageSeconds };
    });
    return this.#store.transaction(async (tx) => {
      const heard = await health.hear(tx, beats);
      const stopped = heard.filter(({ status, verdict }) => status === 'FAILOVER_STOPPED' && verdict === 'fresh');
      if (stopped.length > 0) {
        await health.resumeStopped(
          tx,
          stopped.map(({ amphoraId }) => amphoraId),
        );
      }
      const verdicts = new Map(heard.map(({ amphoraId, verdict }) => [amphoraId, verdict]));
      const deltas: ListenerCounts[] = [];
      const totals: ListenerCounts[] = [];
      for (const entry of entries) {
        const verdict = verdicts.get(entry.amphoraId);
        // A late message's differences still count; its totals are old.
        if (entry.deltas && (verdict === 'fresh' || verdict === 'late')) deltas.push(...entry.counts);
        else if (!entry.deltas && verdict === 'fresh') totals.push(...entry.counts);
      }
      for (const driver of this.#statistics) {
        if (deltas.length > 0) await driver.update(tx, deltas, true);
        if (totals.length > 0) await driver.update(tx, totals, false);
      }
      return heard;
    });
  }

  /** What follows from a heartbeat beyond being heard. */
  #sort(entries: Map<string, Waiting>, heard: readonly health.Heard[]): void {
    const now = this.#clock.monotonic();
    for (const { amphoraId, verdict, status, loadBalancerId, version } of heard) {
      const entry = entries.get(amphoraId);
      if (!entry) continue;
      if (status === 'DELETED') this.#unknownAmphorae.note('deleted', amphoraId);
      else if (verdict === 'refused') {
        const beginning = this.#restarts.consider(entry);
        if (beginning) this.#restarted.push(beginning);
      } else if (verdict === 'fresh') {
        this.#restarts.forget(amphoraId);
        if (loadBalancerId !== null && !this.#memory.isApplied(entry, version, now)) this.#ask(entry, loadBalancerId);
      }
    }
    if (heard.length === entries.size) return;
    const known = new Set(heard.map(({ amphoraId }) => amphoraId));
    for (const amphoraId of entries.keys()) if (!known.has(amphoraId)) this.#unknownAmphorae.note('unknown', amphoraId);
  }

  #ask({ amphoraId, digest, datagram }: Waiting, loadBalancerId: string): void {
    if (datagram === null || (this.#reports.size >= MAX_REPORTS && !this.#reports.has(amphoraId))) return;
    this.#reports.set(amphoraId, { amphoraId, digest, datagram, loadBalancerId });
  }

  /** Compares reports that wait with their trees, and writes what differs. */
  async compare(): Promise<void> {
    // Of a pair only one at a time: the second is compared with what the first left.
    const round = new Map<string, Told>();
    for (const told of this.#reports.values()) {
      if (!round.has(told.loadBalancerId)) round.set(told.loadBalancerId, told);
      if (round.size === TREES_AT_ONCE) break;
    }
    if (round.size === 0) return;
    const now = this.#clock.monotonic();
    const trees = await health.expectedTrees(this.#store.db, [...round.keys()]);
    const different: Different[] = [];
    for (const [loadBalancerId, told] of round) {
      const tree = trees.get(loadBalancerId);
      try {
        const changes = tree ? statusChanges(tree, this.#keys.read(told.datagram)) : [];
        if (tree && changes.length > 0) different.push({ told, loadBalancerId, version: tree.version, changes });
        else this.#settled(told, tree?.version ?? null, now);
      } catch (error) {
        this.#refuse(told, error);
      }
    }
    await this.#write(different, now);
  }

  /** One report the database cannot take must not hold up the others. */
  async #write(different: readonly Different[], now: number): Promise<void> {
    const [first] = different;
    if (!first) return;
    try {
      const written = await this.#store.transaction((tx) => writeMeasured(tx, different));
      for (const { told, loadBalancerId } of different) {
        const version = written.get(loadBalancerId);
        if (version !== undefined) this.#settled(told, version, now);
      }
    } catch (error) {
      if (health.isPassing(error)) throw error;
      if (different.length === 1) {
        this.#refuse(first.told, error);
        return;
      }
      const middle = different.length >> 1;
      await this.#write(different.slice(0, middle), now);
      await this.#write(different.slice(middle), now);
    }
  }

  /** Statuses stay as they are until the amphora reports something else. */
  #refuse(told: Told, error: unknown): void {
    this.refused += 1;
    this.#forget(told);
    const fields = { err: error, amphora: told.amphoraId, reports: this.refused };
    this.#repeated.say('warn', 'refused', fields, 'What an amphora reports could not be read or written');
  }

  #settled(told: Told, version: string | null, now: number): void {
    this.#memory.note(told, version, now);
    this.#forget(told);
  }

  #forget(told: Told): void {
    // A newer report may have come meanwhile.
    if (this.#reports.get(told.amphoraId) === told) this.#reports.delete(told.amphoraId);
  }
}
