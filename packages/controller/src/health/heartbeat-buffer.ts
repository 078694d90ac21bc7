/**
 * Heartbeats between their arrival and their batch. One entry per amphora: while the database is away messages melt
 * together, so that memory depends on the number of amphorae, not on how long it lasts.
 */
import { hash } from 'node:crypto';
import type { HeartbeatMessage } from '@octavia/protocol/heartbeat';
import type { Report } from '../domain/operating-status.ts';
import { isUuid } from '../store/core/table.ts';
import type { ListenerCounts } from '../store/heartbeats/heartbeat-statistics.ts';

/** From this version of the message on, statistics are differences. */
const DELTA_VERSION = 3;
/** Of more amphorae than this no datagram is kept while they wait; the next heartbeat brings its report again. */
const DATAGRAMS_KEPT = 10_000;
const MAX_AMPHORAE = 200_000;

export interface Waiting {
  amphoraId: string;
  /** Of the newest message. */
  seq: number;
  /** The messages in here: bit n is message seq - n. */
  bits: bigint;
  /** Monotonic milliseconds at which the newest arrived. */
  receivedAt: number;
  deltas: boolean;
  counts: ListenerCounts[];
  /**
   * The newest, for who has to know its report; null when there was no room. Nearly nobody has to, and thousands of parsed
   * reports would only keep the garbage collector busy.
   */
  datagram: Buffer | null;
  /** Equal for reports that say the same. */
  digest: string;
  restarted: boolean;
}

/** @param receivedAt monotonic milliseconds */
export function waitingOf(message: HeartbeatMessage, datagram: Buffer, receivedAt: number): Waiting {
  return {
    amphoraId: message.id,
    seq: message.seq,
    bits: 1n,
    receivedAt,
    deltas: message.ver >= DELTA_VERSION,
    counts: countsOf(message),
    datagram,
    digest: digestOf(message),
    restarted: false,
  };
}

function countsOf(message: HeartbeatMessage): ListenerCounts[] {
  const counts: ListenerCounts[] = [];
  for (const listenerId of Object.keys(message.listeners)) {
    const stats = message.listeners[listenerId]?.stats;
    if (!stats || !isUuid(listenerId)) continue;
    counts.push({
      listenerId,
      amphoraId: message.id,
      // Seen from the client: what it sent in, what it got out.
      bytesIn: stats.rx,
      bytesOut: stats.tx,
      activeConnections: stats.conns,
      totalConnections: stats.totconns,
      requestErrors: stats.ereq,
    });
  }
  return counts;
}

function digestOf({ listeners, pools }: Report): string {
  let text = '';
  for (const id of Object.keys(listeners)) text += `${id} ${listeners[id]?.status}\n`;
  for (const key of Object.keys(pools)) {
    const { status = '', members = {} } = pools[key] ?? {};
    text += `${key} ${status}\n`;
    for (const id of Object.keys(members)) text += `${id} ${members[id]}\n`;
  }
  return hash('sha1', text, 'base64');
}

/** One entry that stands for both. The report and the open connections are those of the newer. */
export function together(older: Waiting, newer: Waiting): Waiting {
  const distance = newer.seq - older.seq;
  const bits = newer.bits | (distance >= 0 && distance < 63 ? BigInt.asUintN(63, older.bits << BigInt(distance)) : 0n);
  const counts = newer.deltas && older.deltas ? summed(older.counts, newer.counts) : newer.counts;
  return { ...newer, bits, counts };
}

function summed(older: readonly ListenerCounts[], newer: readonly ListenerCounts[]): ListenerCounts[] {
  const sums = new Map(older.map((count) => [count.listenerId, count]));
  for (const count of newer) {
    const before = sums.get(count.listenerId);
    sums.set(count.listenerId, {
      ...count,
      bytesIn: count.bytesIn + (before?.bytesIn ?? 0),
      bytesOut: count.bytesOut + (before?.bytesOut ?? 0),
      totalConnections: count.totalConnections + (before?.totalConnections ?? 0),
      requestErrors: count.requestErrors + (before?.requestErrors ?? 0),
    });
  }
  return [...sums.values()];
}

const contains = (entry: Waiting, seq: number): boolean =>
  seq <= entry.seq && entry.seq - seq < 63 && (entry.bits >> BigInt(entry.seq - seq)) % 2n === 1n;

export class HeartbeatBuffer {
  #entries = new Map<string, Waiting>();

  get size(): number {
    return this.#entries.size;
  }

  /** Monotonic milliseconds at which the newest message of the amphora that waits longest arrived. */
  get oldest(): number | null {
    const first = this.#entries.values().next();
    return first.done ? null : first.value.receivedAt;
  }

  /** @returns false for a message that is here already, and for amphorae beyond all bounds */
  add(entry: Waiting): boolean {
    const { amphoraId, seq } = entry;
    const waiting = this.#entries.get(amphoraId);
    if (!waiting) {
      if (this.#entries.size >= MAX_AMPHORAE) return false;
      this.#entries.set(amphoraId, this.#entries.size < DATAGRAMS_KEPT ? entry : { ...entry, datagram: null });
      return true;
    }
    // 0: the sender does not count.
    if (seq !== 0 && contains(waiting, seq)) return false;
    this.#entries.set(amphoraId, seq >= waiting.seq ? together(waiting, entry) : together(entry, waiting));
    return true;
  }

  /** Takes at most so many, those that wait longest first. */
  take(limit: number): Waiting[] {
    if (this.#entries.size <= limit) {
      const all = [...this.#entries.values()];
      this.#entries = new Map();
      return all;
    }
    const taken: Waiting[] = [];
    for (const entry of this.#entries.values()) {
      if (taken.length === limit) break;
      taken.push(entry);
    }
    for (const { amphoraId } of taken) this.#entries.delete(amphoraId);
    return taken;
  }

  /** Puts back what could not be applied, before what came since. */
  putBack(batch: readonly Waiting[]): void {
    const since = this.#entries;
    this.#entries = new Map();
    for (const entry of batch) this.add(entry);
    for (const entry of since.values()) this.add(entry);
  }
}
