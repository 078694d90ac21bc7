/**
 * No operation is ever without a live owner. Every worker reports itself; one at a time (advisory lock) hands the
 * operations of dead workers back to the queue and restarts or abandons those whose flow ended without settling them.
 */

import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import type { Log } from '@octavia/protocol/log';
import { readOfProcess } from '../files/optional.ts';
import type { Store } from '../store/core/database.ts';
import * as operations from '../store/operations/operations.ts';
import * as workers from '../store/operations/workers.ts';
import type { FlowEngine } from './engine.ts';
import type { Sweeper } from './sweeper.ts';

export interface ReconcilerOptions {
  /** Beat every 5 s, dead after 20 s without: take-over within 30 s even when the host is gone. */
  beatMs?: number;
  deadAfterSeconds?: number;
  /** An operation without an owner is restarted when it was accepted this long ago (s). */
  unownedAfterSeconds?: number;
  /** Settles what nobody works on; part of a round when given. */
  sweeper?: Pick<Sweeper, 'sweep'>;
}

const DEFAULTS = { beatMs: 5_000, deadAfterSeconds: 20, unownedAfterSeconds: 10 };
/** A flow that could not settle its operation is tried this often before it is undone for good. */
const MAX_ATTEMPTS = 5;
const ELECTION_KEY = 0x0c7a_71a1;

/** Identity of this process as other workers can check it. */
export function thisWorker(id: string): workers.Worker {
  const bootId = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  const host = `${hostname()} ${bootId} ${readlinkSync('/proc/self/ns/pid')}`;
  return { id, host, pid: process.pid, processStart: processStart(process.pid) ?? '' };
}

/** Start time in clock ticks since boot (field 22 of /proc/pid/stat, counted after the command name). */
function processStart(pid: number): string | null {
  const stat = readOfProcess(pid, 'stat');
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
}

interface Loop {
  /** Null: stopped. */
  timer: NodeJS.Timeout | null;
  running: Promise<void>;
}

export class Reconciler {
  readonly #store: Store;
  readonly #engine: FlowEngine;
  readonly #worker: workers.Worker;
  readonly #log: Log;
  readonly #options: Required<Omit<ReconcilerOptions, 'sweeper'>>;
  readonly #sweeper: Pick<Sweeper, 'sweep'> | null;
  #beats: Loop | null = null;
  #rounds: Loop | null = null;
  /** Own flows seen as begun but not running in the round before: twice in a row means they were lost. */
  #suspects = new Set<string>();
  /** Workflows that ran in the round before although their operation had ended. */
  #ended = new Set<string>();

  constructor(store: Store, engine: FlowEngine, worker: workers.Worker, log: Log, options: ReconcilerOptions = {}) {
    const { sweeper, ...times } = options;
    this.#options = { ...DEFAULTS, ...times };
    this.#sweeper = sweeper ?? null;
    this.#store = store;
    this.#engine = engine;
    this.#worker = worker;
    this.#log = log;
  }

  /** Call before the engine starts: an engine whose worker is unknown counts as dead. */
  async announce(): Promise<void> {
    const sentAt = this.#engine.lease.now();
    await workers.beat(this.#store.db, this.#worker);
    this.#engine.lease.renew(sentAt);
  }

  start(): void {
    this.#beats = this.#inLoop('Worker could not report itself; trying again', () => this.announce());
    this.#rounds = this.#inLoop('Reconciler round failed; trying again', () => this.round());
  }

  /** Signs of life go their own way: a long round must not make the worker look dead. */
  #inLoop(failed: string, work: () => Promise<void>): Loop {
    const loop: Loop = { timer: null, running: Promise.resolve() };
    const tick = () => {
      loop.running = work()
        .catch((error: unknown) => this.#log.warn({ err: error }, failed))
        .finally(() => {
          if (loop.timer) loop.timer = setTimeout(tick, this.#options.beatMs);
        });
    };
    loop.timer = setTimeout(tick, 0);
    return loop;
  }

  async stop(): Promise<void> {
    for (const loop of [this.#rounds, this.#beats]) {
      if (!loop) continue;
      if (loop.timer) clearTimeout(loop.timer);
      loop.timer = null;
      await loop.running;
    }
    await workers.remove(this.#store.db, this.#worker.id).catch(() => undefined);
  }

  async round(): Promise<void> {
    await this.#resumeOwnLost();
    await this.#dropEnded();
    await this.#store.transaction(async (tx) => {
      if (!(await workers.tryElection(tx, ELECTION_KEY))) return;
      for (const duty of [() => this.#takeOver(), () => this.#restartUnowned(), () => this.#sweeper?.sweep()]) {
        try {
          await duty();
        } catch (error) {
          // One that fails does not keep the others from being done.
          this.#log.warn({ err: error }, 'A duty of the reconciler failed; trying again');
        }
      }
    });
  }

  /** A flow that threw out of the engine (database cut) stays "begun by me" without running: hand it back to the queue. */
  async #resumeOwnLost(): Promise<void> {
    const mine = (await this.#engine.pending()).filter((entry) => entry.workerId === this.#worker.id);
    const idle = mine.map((entry) => entry.workflowId).filter((id) => !this.#engine.isRunning(id));
    const lost = idle.filter((id) => this.#suspects.has(id));
    this.#suspects = new Set(idle.filter((id) => !lost.includes(id)));
    await this.#engine.resume(lost);
  }

  /** An operation that was ended by hand while a step of it hangs: seen so twice, it no longer blocks those behind it. */
  async #dropEnded(): Promise<void> {
    const bodies = this.#engine.bodies();
    if (bodies.length === 0) return;
    const ended = await operations.ended(
      this.#store.db,
      bodies.map(({ operationId }) => operationId),
    );
    const idle = bodies.flatMap(({ workflowId, operationId }) => (ended.has(operationId) ? [workflowId] : []));
    const hanging = idle.filter((id) => this.#ended.has(id));
    this.#ended = new Set(idle);
    await this.#engine.drop(hanging);
  }

  async #takeOver(): Promise<void> {
    const known = await workers.all(this.#store.db);
    const alive = new Set<string>();
    for (const worker of known) {
      if (this.#isAlive(worker)) alive.add(worker.id);
      else await workers.remove(this.#store.db, worker.id);
    }
    const orphans = (await this.#engine.pending()).filter((entry) => !alive.has(entry.workerId ?? ''));
    if (orphans.length === 0) return;
    this.#log.warn(
      { operations: orphans.map((entry) => entry.operationId) },
      'Taking over operations of a dead worker',
    );
    await this.#engine.resume(orphans.map((entry) => entry.workflowId));
  }

  #isAlive(worker: workers.Worker & { age: number }): boolean {
    if (worker.id === this.#worker.id) return true;
    if (worker.host === this.#worker.host && processStart(worker.pid) !== worker.processStart) return false;
    return worker.age < this.#options.deadAfterSeconds;
  }

  async #restartUnowned(): Promise<void> {
    const unfinished = await operations.unfinished(this.#store.db, this.#options.unownedAfterSeconds);
    const owned = await this.#engine.owned(unfinished.map((operation) => operation.id));
    for (const operation of unfinished) {
      if (owned.has(operation.id)) continue;
      const { id, attempts } = operation;
      if (attempts >= MAX_ATTEMPTS) {
        await operations.abandon(this.#store.db, id, `Given up after ${attempts} attempts.`);
      }
      this.#log.warn({ operation: id, attempts }, 'Restarting an operation that was left unsettled');
      await this.#engine.again(operation);
    }
  }
}
