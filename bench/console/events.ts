/** Events: delivery to a thousand readers of one API process at 100 events a second, and what events cost those who change things. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Store } from '../../packages/controller/src/store/core/database.ts';
import { sql } from '../../packages/controller/src/store/core/sql.ts';
import { type BenchServer, benchServer } from '../api-server.ts';
import { full } from '../api-shapes.ts';
import type { Figure, FigureModule } from '../controller-figure.ts';
import { measure, request } from '../load.ts';
import { percentile } from '../statistics.ts';

const READERS = 1_000;
const PER_SECOND = 100;
const SECONDS = 20;
const CREATES = 150;
const ROUNDS = 4;
const TABLES = ['load_balancer', 'listener', 'pool', 'member', 'health_monitor', 'l7policy', 'l7rule', 'operation'];

const figure = (name: string, value: number, unit: string, bar: number | null): Figure => ({
  figure: name,
  value,
  unit,
  reference: null,
  bar,
  wanted: 'at most',
});

/** Changes load balancers at a steady pace; their names say when. @returns how many changes */
async function change(store: Store, ids: readonly string[]): Promise<number> {
  const started = performance.now();
  let changes = 0;
  const under: Promise<unknown>[] = [];
  while (performance.now() - started < SECONDS * 1000) {
    const due = Math.floor(((performance.now() - started) / 1000) * PER_SECOND);
    for (; changes < due; changes += 1) {
      const name = (performance.timeOrigin + performance.now()).toFixed(3);
      under.push(
        sql`update load_balancer set name = ${name} where id = ${ids[changes % ids.length]}`.execute(store.db),
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  await Promise.all(under);
  return changes;
}

async function delivery(server: BenchServer, store: Store, say: (line: string) => void): Promise<Figure[]> {
  const { rows } = await sql<{ id: string }>`select id from load_balancer limit 100`.execute(store.db);
  const before = server.residentMegabytes();
  const readers = spawn(
    process.execPath,
    [...process.execArgv, join(import.meta.dirname, 'event-readers.ts'), String(server.port), String(READERS)],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const lines = createInterface(readers.stdout);
  await once(lines, 'line');
  say(`${READERS} readers`);
  const cpu = server.cpu();
  const changes = await change(
    store,
    rows.map(({ id }) => id),
  );
  const after = server.cpu();
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  const memory = server.residentMegabytes() - before;
  const answer = once(lines, 'line');
  readers.kill('SIGTERM');
  const { delays, counted } = JSON.parse(String((await answer)[0])) as { delays: number[]; counted: number[] };
  const missed = counted.reduce((sum, count) => sum + Math.abs(changes - count), 0);
  return [
    figure(`events: ${READERS} readers at ${PER_SECOND}/s, delivery p95`, percentile(delays, 0.95), 'ms', 250),
    figure('events: delivery p50', percentile(delays, 0.5), 'ms', null),
    figure('events: more memory of the API', memory, 'MB', 150),
    figure('events: lost or doubled', missed, '', 0),
    figure('events: CPU of the API', (100 * ((after.api ?? 0) - (cpu.api ?? 0))) / SECONDS, '%', null),
  ];
}

/** CPU of API and database for a create of a whole load balancer, without events and with them, in turns. */
async function cost(server: BenchServer, store: Store): Promise<Figure[]> {
  const spent = { disable: 0, enable: 0 };
  let index = 0;
  for (let round = 0; round < 2 * ROUNDS; round += 1) {
    const mode = round % 2 === 0 ? 'disable' : 'enable';
    for (const table of TABLES) {
      for (const name of ['event_comes', 'event_changes', ...(table === 'operation' ? [] : ['event_goes'])]) {
        await sql.raw(`alter table ${table} ${mode} trigger ${name}`).execute(store.db);
      }
    }
    const before = server.cpu();
    let left = CREATES;
    const next = (): Buffer | null => {
      if (left === 0) return null;
      left -= 1;
      index += 1;
      return request('POST', '/v2/lbaas/loadbalancers', full(index, 'noop_driver'));
    };
    const { errors } = await measure({ host: server.host, port: server.port, clients: 8, next });
    if (errors.length > 0) throw new Error(errors[0]);
    await idle(store);
    const after = server.cpu();
    // The first two warm up.
    if (round >= 2)
      spent[mode] += (after.api ?? 0) + (after.database ?? 0) - (before.api ?? 0) - (before.database ?? 0);
  }
  const each = (seconds: number): number => (seconds * 1000) / (CREATES * (ROUNDS - 1));
  return [
    figure('events: CPU of a create and its end, without events', each(spent.disable), 'ms', null),
    figure('events: the same with events', each(spent.enable), 'ms', null),
  ];
}

/** Until nothing waits any more. */
async function idle(store: Store): Promise<void> {
  for (;;) {
    const { rows } = await sql`select 1 from load_balancer where provisioning_status like 'PENDING%' limit 1`.execute(
      store.db,
    );
    if (rows.length === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

export const events: FigureModule = {
  name: 'events',
  async measure(say) {
    const server = await benchServer();
    const store = new Store({ url: server.url, maxConnections: 4 });
    try {
      await server.start();
      say('what creates cost');
      const costs = await cost(server, store);
      return [...(await delivery(server, store, say)), ...costs];
    } finally {
      await store.close();
      await server.close();
    }
  },
};
