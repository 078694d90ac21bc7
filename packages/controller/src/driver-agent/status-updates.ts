/**
 * Carries out what drivers report. Messages that come while a transaction runs share the next one: fifty clients at once cost one
 * commit, not fifty. What is not visible yet, or held by the API, waits here without holding anybody up: the API calls a driver in the
 * transaction of the change, and a quick driver is done before that is committed.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { Log } from '@octavia/protocol/log';
import type { NetworkDriver } from '../clouds/network/interface.ts';
import { OctaviaError } from '../errors.ts';
import { removeReported, type TakenReport, takeReported, writeReported } from '../status/reported.ts';
import type { Store, Tx } from '../store/core/database.ts';
import { isForeignKeyViolation } from '../store/core/database.ts';
import { isContention, isDatabaseUnavailable } from '../store/core/unavailable.ts';
import * as loadBalancers from '../store/resources/load-balancers.ts';
import { type Fault, readStatusMessage, type StatusRecord } from './status-message.ts';

export interface StatusUpdatesOptions {
  store: Store;
  network: Pick<NetworkDriver, 'deletePort'>;
  /** Their load balancers are the business of workers. */
  foreign: readonly string[];
  /** How long something unknown is waited for. */
  missingMs: number;
  log: Log;
}

/** Shorter than drivers wait for an answer, which is 30 s. */
const HELD_MS = 25_000;
const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 250;
/** Records of a transaction: more would hold locks for long. */
const BATCH_RECORDS = 2000;
const CONTENTION_TRIES = 5;
/** While one commits the next is made ready. */
const TRANSACTIONS = 2;

interface Job {
  /** What is still to be done. */
  rest: StatusRecord[];
  /** Said once the rest is done. */
  readonly last: Fault | null;
  /** Since when its first record waits. */
  waitsSince: number | null;
  pauseMs: number;
  readonly done: (fault: Fault | null) => void;
}

/** Records of a job that one transaction can carry out: no two are about one object. */
interface Unit {
  job: Job;
  records: StatusRecord[];
}

type Stop = 'missing' | 'held' | Fault;
/** How many records of a unit were carried out, and what stopped it. */
interface Progress {
  done: number;
  stop: Stop | null;
}

const isGone = ({ kind, provisioning }: StatusRecord): boolean =>
  kind === 'load_balancer' && provisioning === 'DELETED';

const saysNothing = ({ provisioning, operating }: StatusRecord): boolean => provisioning === null && operating === null;

export class StatusUpdates {
  readonly #options: StatusUpdatesOptions;
  #ready: Job[] = [];
  #running = 0;
  /** Objects of the transactions under way. */
  readonly #busy = new Set<string>();

  constructor(options: StatusUpdatesOptions) {
    this.#options = options;
  }

  /** The answer of the protocol. */
  async answer(message: unknown): Promise<object> {
    const fault = await this.#carryOut(message);
    if (fault === null) return { status_code: 200 };
    this.#options.log.info({ object: fault.list, id: fault.id }, `A status was refused: ${fault.text}`);
    return {
      status_code: 500,
      fault_string: fault.text,
      ...(fault.list === undefined ? {} : { status_object: fault.list, status_object_id: fault.id ?? null }),
    };
  }

  #carryOut(message: unknown): Promise<Fault | null> {
    const { records, fault } = readStatusMessage(message);
    if (records.length === 0) return Promise.resolve(fault);
    return new Promise((done) => {
      this.#goOn({ rest: records, last: fault, waitsSince: null, pauseMs: FIRST_PAUSE_MS, done });
    });
  }

  /** The job's next record has its turn, or the job is over. */
  #goOn(job: Job): void {
    const [next] = job.rest;
    if (next === undefined) job.done(job.last);
    else if (isGone(next)) void this.#remove(job, next);
    else {
      this.#ready.push(job);
      if (this.#running < TRANSACTIONS) void this.#run();
    }
  }

  async #run(): Promise<void> {
    this.#running += 1;
    // Whoever came in the same round of the event loop goes along.
    await new Promise(setImmediate);
    for (;;) {
      const units = this.#nextUnits();
      if (units.length === 0) break;
      const ids = units.flatMap(({ records }) => records.map(({ id }) => id));
      await this.#together(units);
      for (const id of ids) this.#busy.delete(id);
    }
    this.#running -= 1;
  }

  /** Of each job as much as goes into one transaction; a job that is about the same object as another comes later. */
  #nextUnits(): Unit[] {
    const units: Unit[] = [];
    const later: Job[] = [];
    let count = 0;
    for (const job of this.#ready) {
      const records: StatusRecord[] = [];
      const own = new Set<string>();
      for (const record of job.rest) {
        if (isGone(record) || own.has(record.id) || this.#busy.has(record.id)) break;
        if (records.length + count >= BATCH_RECORDS && units.length > 0) break;
        records.push(record);
        own.add(record.id);
      }
      if (records.length === 0) later.push(job);
      else {
        units.push({ job, records });
        for (const id of own) this.#busy.add(id);
        count += records.length;
      }
    }
    this.#ready = later;
    return units;
  }

  async #together(units: readonly Unit[]): Promise<void> {
    let progress: Progress[];
    try {
      progress = await this.#write(units);
    } catch (error) {
      return this.#apart(units, error);
    }
    for (const [index, { job }] of units.entries()) this.#proceed(job, progress[index] as Progress);
  }

  /** One record that cannot be written must not keep others from it: whatever was together is tried apart. */
  async #apart(units: readonly Unit[], error: unknown): Promise<void> {
    if (isDatabaseUnavailable(error) || units.length === 0) {
      for (const { job } of units) this.#proceed(job, { done: 0, stop: { text: textOf(error) } });
      return;
    }
    for (const { job, records } of units) {
      const progress: Progress = { done: 0, stop: null };
      for (const record of records) {
        const { done, stop } = await this.#alone({ job, records: [record] });
        progress.done += done;
        progress.stop = stop;
        if (stop !== null) break;
      }
      this.#proceed(job, progress);
    }
  }

  async #alone(unit: Unit): Promise<Progress> {
    const [record] = unit.records as [StatusRecord];
    for (let attempt = 1; ; attempt += 1) {
      try {
        const [progress] = await this.#write([unit]);
        return progress as Progress;
      } catch (error) {
        if (isContention(error) && attempt < CONTENTION_TRIES) continue;
        if (!(error instanceof OctaviaError)) this.#options.log.error({ err: error }, 'A status could not be written');
        const text = isForeignKeyViolation(error) ? 'Something else still refers to it.' : textOf(error);
        return { done: 0, stop: { text, list: record.list, id: record.given } };
      }
    }
  }

  #write(units: readonly Unit[]): Promise<Progress[]> {
    return this.#options.store.transaction(async (tx) => {
      const { progress, taken } = await this.#judge(tx, units);
      if (taken.length > 0) await writeReported(tx, taken);
      return progress;
    });
  }

  async #judge(tx: Tx, units: readonly Unit[]): Promise<{ progress: Progress[]; taken: TakenReport[] }> {
    const all = units.flatMap(({ records }) => records);
    const found = await takeReported(
      tx,
      all.filter(({ isUnknown }) => !isUnknown),
    );
    const taken: TakenReport[] = [];
    const progress = units.map(({ records }): Progress => {
      for (const [index, record] of records.entries()) {
        const object = found.get(record.id);
        const isThere = object !== undefined && !object.isDeleted;
        if (!isThere) {
          if (record.provisioning === 'DELETED') continue;
          return { done: index, stop: record.isUnknown || object !== undefined ? notFound(record) : 'missing' };
        }
        if (this.#options.foreign.includes(object.provider))
          return { done: index, stop: foreign(record, object.provider) };
        if (saysNothing(record)) continue;
        if (!object.isLocked) return { done: index, stop: 'held' };
        taken.push({ ...record, loadBalancerId: object.loadBalancerId, provider: object.provider });
      }
      return { done: records.length, stop: null };
    });
    return { progress, taken };
  }

  #proceed(job: Job, { done, stop }: Progress): void {
    job.rest.splice(0, done);
    if (done > 0) Object.assign(job, { waitsSince: null, pauseMs: FIRST_PAUSE_MS });
    if (stop === null) this.#goOn(job);
    else if (typeof stop === 'object') job.done(stop);
    else this.#wait(job, stop);
  }

  #wait(job: Job, why: 'missing' | 'held'): void {
    const now = performance.now();
    job.waitsSince ??= now;
    if (now - job.waitsSince >= (why === 'missing' ? this.#options.missingMs : HELD_MS)) {
      const record = job.rest[0] as StatusRecord;
      job.done(why === 'missing' ? notFound(record) : held(record));
      return;
    }
    const ms = job.pauseMs;
    job.pauseMs = Math.min(ms * 2, LONGEST_PAUSE_MS);
    void pause(ms).then(() => this.#goOn(job));
  }

  /** A load balancer that is DELETED gives its port back first: a network service must not be asked inside a transaction. */
  async #remove(job: Job, record: StatusRecord): Promise<void> {
    const { store, network, log } = this.#options;
    let progress: Progress;
    try {
      const looked = await store.transaction((tx) => this.#judge(tx, [{ job, records: [record] }]));
      progress = looked.progress[0] as Progress;
      if (looked.taken.length > 0) {
        const loadBalancer = await loadBalancers.get(store.db, record.id);
        if (loadBalancer?.vip.portOwned && loadBalancer.vip.portId) await network.deletePort(loadBalancer.vip.portId);
        await store.transaction((tx) => removeReported(tx, record.id));
      }
    } catch (error) {
      log.warn({ err: error, loadBalancer: record.id }, 'A load balancer could not be removed');
      progress = { done: 0, stop: { text: textOf(error), list: record.list, id: record.given } };
    }
    this.#proceed(job, progress);
  }
}

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const faultOf = ({ list, given }: StatusRecord, text: string): Fault => ({ text, list, id: given });
const notFound = (record: StatusRecord): Fault =>
  faultOf(record, `There is no such object: ${record.list} ${record.given}.`);
const held = (record: StatusRecord): Fault =>
  faultOf(
    record,
    `The load balancer of ${record.list} ${record.given} was being changed all the time; report it again.`,
  );
const foreign = (record: StatusRecord, provider: string): Fault =>
  faultOf(
    record,
    `The statuses of ${record.list} ${record.given} are not a driver's to report: the provider ${provider} is built in.`,
  );
