/** Reads HAProxy's statistics into the words and numbers of a heartbeat. */

import { isUuid } from '../haproxy/paths.ts';
import { askSocket } from '../haproxy/socket.ts';
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

function worker(info: string): string {
  const field = (name: string): string => new RegExp(`^${name}: (.*)$`, 'm').exec(info)?.[1] ?? '';
  return `${field('Pid')}@${field('Start_time_sec')}`;
}

/** @param answer of `show info;show stat` */
export function parseStatistics(answer: string): Reading {
  const start = answer.indexOf('# pxname,');
  if (start < 0) throw new Error('no statistics in the answer');
  const [header = '', ...rows] = answer.slice(start + 2).split('\n');
  const columns = new Map(header.split(',').map((name, index) => [name, index]));
  const reading: Reading = { worker: worker(answer.slice(0, start)), listeners: {}, pools: {} };
  for (const row of rows) {
    const cells = row.split(',');
    const cell = (name: string): string => cells[columns.get(name) ?? -1] ?? '';
    const number = (name: string): number => Number(cell(name)) || 0;
    const proxy = cell('pxname');
    if (cell('svname') === 'FRONTEND' && isUuid(proxy)) {
      const stats = {
        tx: number('bout'),
        rx: number('bin'),
        conns: number('scur'),
        totconns: number('stot'),
        ereq: number('ereq'),
      };
      reading.listeners[proxy] = { status: cell('status'), stats };
    } else if (isPoolName(proxy)) {
      const pool = reading.pools[proxy] ?? { status: 'DOWN', members: {} };
      reading.pools[proxy] = pool;
      if (cell('svname') === 'BACKEND') pool.status = cell('status').startsWith('UP') ? 'UP' : 'DOWN';
      else if (isUuid(cell('svname')))
        pool.members[cell('svname')] = memberStatus(cell('status'), cell('weight') === '' ? 1 : number('weight'));
    }
  }
  return reading;
}

/** @throws Error when HAProxy does not answer in time */
export async function readStatistics(statsSocket: string): Promise<Reading> {
  return parseStatistics(await askSocket(statsSocket, 'show info;show stat', ASK_LIMIT_MS));
}
