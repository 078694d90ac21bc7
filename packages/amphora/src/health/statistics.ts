/** Reads HAProxy's statistics into the words and numbers of a heartbeat. */

import { isUuid } from '../haproxy/paths.ts';
import { askSocketForLines } from '../haproxy/socket.ts';
import type { HeartbeatPool, HeartbeatStats } from '../protocol/heartbeat.ts';

export type Totals = Omit<HeartbeatStats, 'conns'>;

export interface ListenerReading {
  status: string;
  /** Totals since the worker started. */
  stats: HeartbeatStats;
  /** Where a listener is several services that come and go, each with totals of its own: these make up the totals above. */
  counters?: Record<string, Totals>;
}

export interface Reading {
  /** Names one worker process; totals of another worker start from zero again. */
  worker: string;
  listeners: Record<string, ListenerReading>;
  pools: Record<string, HeartbeatPool>;
}

/** A worker answers in milliseconds; one that needs longer is hung as far as clients can tell. */
const ASK_LIMIT_MS = 1_500;

/**
 * HAProxy writes transitions (`UP 1/3`: up, going down) and reasons (`MAINT (resolution)`) behind the word. It calls a
 * server of weight 0 up, though it gets no new clients: that is draining.
 */
export function memberStatus(word: string, weight: number): string {
  if (weight === 0 && (word.startsWith('UP') || word === 'no check')) return 'DRAIN';
  for (const status of ['UP', 'DOWN', 'DRAIN', 'MAINT', 'no check']) {
    if (word.startsWith(status)) return status;
  }
  // Up, but its tracked or health-checked service asked for no new work.
  return word.startsWith('NOLB') ? 'DRAIN' : word;
}

function isPoolName(name: string): boolean {
  const [pool = '', listener = '', ...rest] = name.split(':');
  return rest.length === 0 && isUuid(pool) && isUuid(listener);
}

const COMMA = 44;
/** Everything that is read of a row. */
const COLUMNS = ['pxname', 'svname', 'status', 'weight', 'bin', 'bout', 'scur', 'stot', 'ereq'] as const;
type Column = (typeof COLUMNS)[number];

/**
 * Reads the answer to `show info;show stat` line by line. Of a thousand members it is asked for every second: only the cells
 * that are needed become strings, each one of its own, for a part of a longer string would keep all of it.
 */
export class StatisticsReader {
  readonly #reading: Reading = { worker: '', listeners: {}, pools: {} };
  readonly #columns = new Map<Column, number>();
  /** Where each cell of the row begins; it ends before the comma in front of the next. */
  #starts: number[] = [];
  #pid = '';
  #startTime = '';
  /** The proxy of the row before: its name, as bytes and as text. */
  #proxyBytes: Buffer = Buffer.alloc(0);
  #proxy = '';

  readonly take = (bytes: Buffer, start: number, end: number): void => {
    if (this.#columns.size > 0) this.#row(bytes, start, end);
    else this.#info(bytes.toString('latin1', start, end));
  };

  /** @throws Error when there were no statistics */
  reading(): Reading {
    if (this.#columns.size === 0) throw new Error('no statistics in the answer');
    this.#reading.worker = `${this.#pid}@${this.#startTime}`;
    return this.#reading;
  }

  #info(line: string): void {
    if (line.startsWith('Pid: ')) this.#pid = line.slice('Pid: '.length);
    else if (line.startsWith('Start_time_sec: ')) this.#startTime = line.slice('Start_time_sec: '.length);
    else if (line.startsWith('# pxname,')) {
      const names = line.slice('# '.length).split(',');
      for (const name of COLUMNS) if (names.includes(name)) this.#columns.set(name, names.indexOf(name));
      this.#starts = Array<number>(Math.max(...this.#columns.values()) + 2).fill(0);
    }
  }

  #row(bytes: Buffer, start: number, end: number): void {
    this.#split(bytes, start, end);
    const cell = (name: Column): string => this.#cell(bytes, name);
    const proxy = this.#proxyOf(bytes);
    if (isPoolName(proxy)) {
      const pool = this.#reading.pools[proxy] ?? { status: 'DOWN', members: {} };
      this.#reading.pools[proxy] = pool;
      const server = cell('svname');
      if (server === 'BACKEND') pool.status = cell('status').startsWith('UP') ? 'UP' : 'DOWN';
      else if (isUuid(server)) {
        const weight = cell('weight');
        pool.members[server] = memberStatus(cell('status'), weight === '' ? 1 : Number(weight) || 0);
      }
    } else if (isUuid(proxy) && cell('svname') === 'FRONTEND') {
      const number = (name: Column): number => Number(cell(name)) || 0;
      const stats = {
        tx: number('bout'),
        rx: number('bin'),
        conns: number('scur'),
        totconns: number('stot'),
        ereq: number('ereq'),
      };
      this.#reading.listeners[proxy] = { status: cell('status'), stats };
    }
  }

  #split(bytes: Buffer, start: number, end: number): void {
    const starts = this.#starts;
    starts.fill(end + 1);
    starts[0] = start;
    let at = start;
    for (let index = 1; index < starts.length; index += 1) {
      const comma = bytes.indexOf(COMMA, at);
      if (comma < 0 || comma >= end) break;
      at = comma + 1;
      starts[index] = at;
    }
  }

  #cell(bytes: Buffer, name: Column): string {
    const column = this.#columns.get(name);
    if (column === undefined) return '';
    const [start = 0, next = 0] = [this.#starts[column], this.#starts[column + 1]];
    return bytes.toString('latin1', start, next - 1);
  }

  #proxyOf(bytes: Buffer): string {
    const [start = 0, next = 0] = this.#starts;
    const before = this.#proxyBytes;
    const same = next - 1 - start === before.length && bytes.compare(before, 0, before.length, start, next - 1) === 0;
    if (!same) {
      this.#proxyBytes = Buffer.from(bytes.subarray(start, next - 1));
      this.#proxy = this.#proxyBytes.toString('latin1');
    }
    return this.#proxy;
  }
}

/** @throws Error when HAProxy does not answer in time */
export async function readStatistics(statsSocket: string): Promise<Reading> {
  const reader = new StatisticsReader();
  await askSocketForLines(statsSocket, 'show info;show stat', ASK_LIMIT_MS, reader.take);
  return reader.reading();
}
