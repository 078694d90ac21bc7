/** Reads HAProxy's statistics into the words and numbers of a heartbeat. */

import type { HeartbeatPool, HeartbeatStats } from '@octavia/protocol/heartbeat';
import { isUuid } from '../haproxy/paths.ts';
import { askSocketForLines } from '../haproxy/socket.ts';

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
  /** When the totals were asked for (milliseconds, monotonic), where two readings may be under way at once. */
  askedAt?: number;
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

/** Everything that is read of a row. */
const COLUMNS = ['pxname', 'svname', 'status', 'weight', 'bin', 'bout', 'scur', 'slim', 'stot', 'ereq'] as const;
type Column = (typeof COLUMNS)[number];

/** Of members that are down, which are few: the whole row is read for these. */
const CHECK_COLUMNS = ['check_desc', 'check_code', 'last_chk'] as const;
const MOST_CHECKS = 200;
const CHECK_LENGTH = 120;

/** Cells of a row, some of them in quotes. */
const cellsOf = (row: string): string[] =>
  [...row.matchAll(/("(?:[^"]|"")*"|[^,]*)(?:,|$)/g)].map(([, cell = '']) =>
    cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell,
  );

/** `Layer7 wrong status 500: Internal Server Error`, in letters that harm nobody. */
function checkReason([description = '', code = '', last = '']: readonly string[]): string {
  const head = [description, code].filter(Boolean).join(' ');
  const text = [head, last]
    .filter(Boolean)
    .join(': ')
    .replace(/[^\x20-\x7e]/g, ' ');
  return text.slice(0, CHECK_LENGTH);
}

/** Bytes of a row that hold all these columns, whatever the numbers between them: HAProxy has them in front. */
const ROW_HEAD = 512;

/**
 * Reads the answer to `show info;show stat` line by line. Of a thousand members it is asked for every second, and the agent's
 * code is not compiled: a row costs few calls and few strings, of its first cells only.
 */
class StatisticsReader {
  readonly #reading: Reading = { worker: '', listeners: {}, pools: {} };
  /** Where each column is. */
  #at: Readonly<Record<Column, number>> | null = null;
  #cells = 0;
  #pid = '';
  #startTime = '';
  /** The proxy of the row before; a pool's when the second is set. */
  #proxy = '';
  #pool: HeartbeatPool | null = null;
  #checksAt: readonly number[] = [];
  #checks = 0;

  readonly take = (bytes: Buffer, start: number, end: number): void => {
    if (this.#at === null) this.#info(bytes.toString('latin1', start, end));
    else {
      const cells = bytes.toString('latin1', start, Math.min(end, start + ROW_HEAD)).split(',', this.#cells);
      this.#row(cells, this.#at);
      const isDown = this.#pool !== null && (cells[this.#at.status] ?? '').startsWith('DOWN');
      if (isDown && this.#checks < MOST_CHECKS)
        this.#check(cells[this.#at.svname] ?? '', bytes.toString('latin1', start, end));
    }
  };

  /** @throws Error when there were no statistics */
  reading(): Reading {
    if (this.#at === null) throw new Error('no statistics in the answer');
    this.#reading.worker = `${this.#pid}@${this.#startTime}`;
    return this.#reading;
  }

  #check(server: string, row: string): void {
    if (this.#pool === null || !isUuid(server)) return;
    const cells = cellsOf(row);
    const reason = checkReason(this.#checksAt.map((index) => cells[index] ?? ''));
    if (reason === '') return;
    this.#pool.checks ??= {};
    this.#pool.checks[server] = reason;
    this.#checks += 1;
  }

  #info(line: string): void {
    if (line.startsWith('Pid: ')) this.#pid = line.slice('Pid: '.length);
    else if (line.startsWith('Start_time_sec: ')) this.#startTime = line.slice('Start_time_sec: '.length);
    else if (line.startsWith('# pxname,')) {
      const names = line.slice('# '.length).split(',');
      const at = COLUMNS.map((name) => [name, names.indexOf(name)] as const);
      this.#at = Object.fromEntries(at) as Record<Column, number>;
      this.#checksAt = CHECK_COLUMNS.map((name) => names.indexOf(name));
      this.#cells = Math.max(...at.map(([, index]) => index)) + 1;
    }
  }

  #row(cells: string[], at: Readonly<Record<Column, number>>): void {
    const proxy = cells[at.pxname] ?? '';
    if (proxy !== this.#proxy) this.#enter(proxy);
    const server = cells[at.svname] ?? '';
    const status = cells[at.status] ?? '';
    if (this.#pool !== null) {
      const weight = cells[at.weight] ?? '';
      if (server === 'BACKEND') this.#pool.status = status.startsWith('UP') ? 'UP' : 'DOWN';
      else if (isUuid(server)) {
        this.#pool.members[server] = memberStatus(status, weight === '' ? 1 : Number(weight) || 0);
      }
    } else if (server === 'FRONTEND' && isUuid(proxy)) {
      const number = (column: number): number => Number(cells[column]) || 0;
      const stats = {
        tx: number(at.bout),
        rx: number(at.bin),
        conns: number(at.scur),
        totconns: number(at.stot),
        ereq: number(at.ereq),
      };
      // HAProxy no longer says so itself.
      const full = status === 'OPEN' && number(at.slim) > 0 && stats.conns >= number(at.slim);
      this.#reading.listeners[proxy] = { status: full ? 'FULL' : status, stats };
    }
  }

  #enter(proxy: string): void {
    this.#proxy = proxy;
    this.#pool = null;
    if (!isPoolName(proxy)) return;
    this.#pool = this.#reading.pools[proxy] ?? { status: 'DOWN', members: {} };
    this.#reading.pools[proxy] = this.#pool;
  }
}

/** @throws Error when HAProxy does not answer in time */
export async function readStatistics(statsSocket: string): Promise<Reading> {
  const reader = new StatisticsReader();
  await askSocketForLines(statsSocket, 'show info;show stat', ASK_LIMIT_MS, reader.take);
  return reader.reading();
}
