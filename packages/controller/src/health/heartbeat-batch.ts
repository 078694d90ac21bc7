/**
 * Turns received heartbeats into statuses and statistics. Heartbeats wait in memory for a moment and are applied together:
 * the cost in statements depends on the number of batches, not of amphorae.
 */
import type { HeartbeatMessage } from '@octavia/amphora/protocol/heartbeat';
import { type StatusChange, statusChanges } from '../domain/operating-status.ts';
import type { Store } from '../store/database.ts';
import * as health from '../store/health.ts';
import { isUuid } from '../store/table.ts';

/** From this version of the message on, statistics are differences. */
const DELTA_VERSION = 3;

/** Applies one batch, oldest message first. Several of one amphora: all their statistics count, the last status wins. */
export async function applyHeartbeats(store: Store, messages: HeartbeatMessage[]): Promise<void> {
  const latest = new Map<string, HeartbeatMessage>();
  for (const message of messages) if (isUuid(message.id)) latest.set(message.id, message);
  if (latest.size === 0) return;
  const trees = await health.expectedTrees(store.db, [...latest.keys()]);
  const changes: StatusChange[] = [];
  for (const [amphoraId, message] of latest) {
    const tree = trees.get(amphoraId);
    if (tree) changes.push(...statusChanges(tree, message));
  }
  const known = messages.filter((message) => trees.has(message.id));
  const deltas = statistics(known.filter((message) => message.ver >= DELTA_VERSION));
  // Totals of old agents: the last message says it all.
  const totals = statistics(
    [...latest.values()].filter((message) => trees.has(message.id) && message.ver < DELTA_VERSION),
  );
  await store.transaction(async (tx) => {
    await health.heard(
      tx,
      [...latest.values()].map((message) => ({ amphoraId: message.id, seq: message.seq })),
    );
    await health.setOperatingStatuses(tx, changes);
    await health.recordStatistics(tx, deltas, 'add');
    await health.recordStatistics(tx, totals, 'replace');
  });
}

/** Sums the deltas of several messages: one row per listener and amphora. */
function statistics(messages: HeartbeatMessage[]): health.ListenerCounts[] {
  const sums = new Map<string, health.ListenerCounts>();
  for (const message of messages) {
    for (const [listenerId, { stats }] of Object.entries(message.listeners)) {
      if (!isUuid(listenerId)) continue;
      const key = `${message.id} ${listenerId}`;
      const sum = sums.get(key);
      sums.set(key, {
        listenerId,
        amphoraId: message.id,
        // Seen from the client: what it sent in, what it got out.
        bytesIn: (sum?.bytesIn ?? 0) + atLeastZero(stats.rx),
        bytesOut: (sum?.bytesOut ?? 0) + atLeastZero(stats.tx),
        activeConnections: atLeastZero(stats.conns),
        totalConnections: (sum?.totalConnections ?? 0) + atLeastZero(stats.totconns),
        requestErrors: (sum?.requestErrors ?? 0) + atLeastZero(stats.ereq),
      });
    }
  }
  return [...sums.values()];
}

const atLeastZero = (value: number): number => (Number.isFinite(value) ? Math.max(0, Math.trunc(value)) : 0);
