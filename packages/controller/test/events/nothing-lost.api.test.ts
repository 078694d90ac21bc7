/** Whatever is killed: each reader hears of each load balancer everything, once, and in order. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { endChild } from '../../../../test/kit/children.ts';
import { until } from '../../../../test/kit/until.ts';
import { startPostgres } from '../../src/local/postgres/start.ts';
import { stopPostgres } from '../../src/local/postgres/stop.ts';
import { sql } from '../../src/store/core/sql.ts';
import { type Json, TestApi } from '../api/support/api.ts';
import { SseReader } from './sse.ts';

const READERS = 50;
const NODE = join(import.meta.dirname, '../../../../node_modules/.bin/node');
const PATH = '/v2/octavia/events?kind=changed';

let api: TestApi;
let other: TestApi;
const writers: ChildProcess[] = [];
const readers: Reader[] = [];

/** Goes on where it was, at either process, whenever its stream ends. */
class Reader {
  readonly names = new Map<string, string[]>();
  #stream: SseReader | null = null;
  #lastId: string;
  #isOver = false;
  readonly #run: Promise<void>;

  constructor(position: string) {
    this.#lastId = position;
    this.#run = this.#read();
  }

  /** As a network that breaks. */
  cut(): void {
    this.#stream?.close();
  }

  close(): Promise<void> {
    this.#isOver = true;
    this.cut();
    return this.#run;
  }

  #note({ loadbalancer_id, name }: Json): void {
    const known = this.names.get(loadbalancer_id) ?? [];
    known.push(name);
    this.names.set(loadbalancer_id, known);
  }

  async #read(): Promise<void> {
    while (!this.#isOver) {
      const { url } = Math.random() < 0.5 ? api : other;
      try {
        this.#stream = await SseReader.open(url + PATH, { 'last-event-id': this.#lastId });
        await this.#stream.ended;
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      for (const { event, data } of this.#stream?.received ?? []) {
        if (event === 'message') this.#note(data);
        else if (event !== 'ready') throw new Error(`unexpected ${event}`);
      }
      this.#lastId = this.#stream?.lastId ?? this.#lastId;
      this.#stream = null;
    }
  }

  heard(id: string): string | undefined {
    const live = this.#stream?.received.findLast(
      ({ event, data }) => event === 'message' && data.loadbalancer_id === id,
    );
    return live?.data.name ?? this.names.get(id)?.at(-1);
  }
}

beforeAll(async () => {
  api = await TestApi.start();
  other = await api.sibling({ api_settings: {} });
});
afterAll(async () => {
  await Promise.all(readers.map((reader) => reader.close()));
  await Promise.all(writers.map((writer) => endChild(writer)));
  await api.stop();
});

async function write(ids: readonly string[]): Promise<ChildProcess> {
  const child = spawn(NODE, [join(import.meta.dirname, 'writer-child.ts'), api.database.url, ...ids], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  writers.push(child);
  await once(child.stdout, 'data');
  return child;
}

test('50 readers hear everything in order, while writers are killed and the database is restarted', async () => {
  const { database } = api;
  const { db } = database.store;
  const counted = async () => {
    const { rows } = await sql<{ id: string; name: string }>`select id, name from load_balancer`.execute(db);
    return new Map(rows.map(({ id, name }) => [id, Number(name)]));
  };
  const total = async (): Promise<number> => [...(await counted()).values()].reduce((sum, count) => sum + count, 0);
  const ids: string[] = [];
  for (let index = 0; index < 4; index += 1) ids.push((await api.loadBalancer({ name: '0' })).id as string);
  const { position } = (await api.get('/v2/octavia/events')).body;
  for (let index = 0; index < READERS; index += 1) readers.push(new Reader(position));

  const [first, second] = [await write(ids), await write(ids)];
  await until('the writers are under way', async () => (await total()) > 50);
  await endChild(first);
  for (const reader of readers.slice(0, 20)) reader.cut();
  await stopPostgres(database.folder);
  await startPostgres({ stateDir: database.folder, log: () => undefined });
  const restarted = await total();
  await until('the writer goes on', async () => (await total()) > restarted + 50);
  for (const reader of readers.slice(10, 30)) reader.cut();
  await endChild(second);

  const counts = await counted();
  await until('the readers heard the last', () =>
    readers.every((reader) => ids.every((id) => reader.heard(id) === String(counts.get(id)))),
  );
  await Promise.all(readers.map((reader) => reader.close()));
  for (const id of ids) {
    const all = Array.from({ length: counts.get(id) ?? 0 }, (_, index) => String(index + 1)).join(' ');
    for (const reader of readers) expect(reader.names.get(id)?.join(' ')).toBe(all);
  }
});
