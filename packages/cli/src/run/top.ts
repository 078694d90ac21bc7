/** `octavia top`: what listeners do, a second. A table that is drawn again on a terminal; elsewhere, once. */
import { type Api, type Listener, Listeners, LoadBalancers, NotFoundError, type Statistics } from '@octavia/client';
import { aligned } from '../output/aligned.ts';
import type { Listing } from '../output/output.ts';
import { drawPage } from '../output/screen.ts';
import type { Values } from '../parser/parse.ts';
import type { Context } from './context.ts';
import { Names } from './names.ts';

/** So many listeners are asked for at a time. */
const TOGETHER = 8;
const COLUMNS = ['loadbalancer', 'listener', 'active', 'connections', 'bytes_in', 'bytes_out', 'errors'] as const;
type Column = (typeof COLUMNS)[number];
/** Columns that count a second. */
const COUNTERS = {
  connections: 'total_connections',
  bytes_in: 'bytes_in',
  bytes_out: 'bytes_out',
  errors: 'request_errors',
} as const;

interface Counted {
  loadbalancer: string;
  listener: string;
  statistics: Statistics;
}
interface Sample {
  /** Seconds. */
  at: number;
  byListener: ReadonlyMap<string, Counted>;
}
type Line = Record<Column, string | number>;

export async function top(values: Values, context: Context): Promise<{ list: Listing } | null> {
  const { services, signal, terminal } = context;
  const names = new Names(services, signal);
  const asked = (values.loadbalancer as string[] | null) ?? [];
  const ids = await Promise.all(asked.map((name) => names.idOf('loadbalancers', name)));
  const api = await services.loadBalancing();
  const seconds = Number(values.interval);
  const by = String(values.sort) as Column;
  let before = await sample(api, ids, signal);
  const next = async (): Promise<Line[]> => {
    await pause(seconds, signal);
    const now = await sample(api, ids, signal);
    const lines = ratesBetween(before, now, by);
    before = now;
    return lines;
  };
  if (terminal() === null || values.format !== 'table') {
    const lines = await next();
    return { list: { columns: COLUMNS, rows: lines.map((line) => COLUMNS.map((column) => line[column])) } };
  }
  drawPage(context, [`${before.byListener.size} listeners; the first figures in ${seconds} s.`]);
  for (;;) {
    const lines = await next();
    const head = `${lines.length} listeners, a second, over the last ${seconds} s, by ${by}`;
    drawPage(context, [
      head,
      '',
      ...aligned([[...COLUMNS], ...lines.map((line) => COLUMNS.map((column) => line[column]))]),
    ]);
  }
}

function pause(seconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, seconds * 1000);
    signal?.addEventListener('abort', stop, { once: true });
  });
}

/** @param wanted ids of load balancers; all when empty */
async function sample(api: Api, wanted: readonly string[], signal: AbortSignal | undefined): Promise<Sample> {
  const listeners = new Listeners(api);
  const [all, balancers] = await Promise.all([
    listeners.list({}, { signal }).toArray(),
    new LoadBalancers(api).list({}, { signal }).toArray(),
  ]);
  const named = new Map(balancers.map(({ id, name }) => [id, name || id]));
  const owner = ({ loadbalancers: [first] }: Listener): string => first?.id ?? '';
  const left = all.filter((listener) => wanted.length === 0 || wanted.includes(owner(listener)));
  const byListener = new Map<string, Counted>();
  const ask = async (): Promise<void> => {
    for (let listener = left.pop(); listener !== undefined; listener = left.pop()) {
      const { id, name, protocol, protocol_port: port } = listener;
      const statistics = await listeners.stats(id, { signal }).catch(ignoreAbsent);
      const label = `${name || id} ${protocol}:${port}`;
      if (statistics !== null)
        byListener.set(id, {
          loadbalancer: named.get(owner(listener)) ?? owner(listener),
          listener: label,
          statistics,
        });
    }
  };
  await Promise.all(Array.from({ length: TOGETHER }, ask));
  return { at: performance.now() / 1000, byListener };
}

/** It was deleted meanwhile. */
function ignoreAbsent(error: unknown): null {
  if (error instanceof NotFoundError) return null;
  throw error;
}

/** A counter that went back began anew: what it shows has come since. */
const grown = (before: number, now: number): number => (now >= before ? now - before : now);

function ratesBetween(before: Sample, now: Sample, by: Column): Line[] {
  const seconds = Math.max(now.at - before.at, 0.001);
  const lines = [...now.byListener].map(([id, { loadbalancer, listener, statistics }]): Line => {
    // A listener that has just come counted everything since.
    const old = before.byListener.get(id)?.statistics;
    const rate = (column: keyof typeof COUNTERS): number => {
      const counter = COUNTERS[column];
      return Number((grown(old?.[counter] ?? 0, statistics[counter]) / seconds).toFixed(1));
    };
    return {
      loadbalancer,
      listener,
      active: statistics.active_connections,
      connections: rate('connections'),
      bytes_in: rate('bytes_in'),
      bytes_out: rate('bytes_out'),
      errors: rate('errors'),
    };
  });
  return lines.toSorted(
    (a, b) => compare(a[by], b[by]) || compare(a.loadbalancer, b.loadbalancer) || compare(a.listener, b.listener),
  );
}

/** Numbers the largest first, texts from A. */
function compare(a: string | number, b: string | number): number {
  if (typeof a === 'number' && typeof b === 'number') return b - a;
  return String(a) < String(b) ? -1 : Number(String(a) > String(b));
}
