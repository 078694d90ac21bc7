/**
 * A cloud of amphorae in simulated time on a real PostgreSQL: fake agents send real heartbeats into real health managers. The
 * database's `now()` is the simulation's, because a schema that is searched before `pg_catalog` has a function of that name.
 */
import { createHmac } from 'node:crypto';
import { rmSync } from 'node:fs';
import { requestAmphoraFailover } from '../../src/flows/failover-requests.ts';
import { OperationQueue } from '../../src/flows/operation-queue.ts';
import { AmphoraWatch, type WatchOptions } from '../../src/health/amphora-watch.ts';
import type { Clock } from '../../src/health/clock.ts';
import { HeartbeatBatches } from '../../src/health/heartbeat-batch.ts';
import { HeartbeatKeys } from '../../src/health/heartbeat-keys.ts';
import { HeartbeatReceiver } from '../../src/health/heartbeat-receiver.ts';
import { databaseStatistics } from '../../src/health/statistics/database.ts';
import { startPostgres } from '../../src/local/postgres/start.ts';
import { stopPostgres } from '../../src/local/postgres/stop.ts';
import { Store } from '../../src/store/core/database.ts';
import { openTestPostgres } from '../support/postgres.ts';
import { joined, stored } from '../support/zlib-parts.ts';

const KEY = 'simulated';
const BEGIN = Date.parse('2031-05-01T00:00:00Z');
const SEARCH_PATH = encodeURIComponent('-c search_path=simulation,pg_catalog,public');

function datagram(message: object): Buffer {
  const packed = joined([stored(Buffer.from(JSON.stringify(message)), true)]);
  return Buffer.concat([packed, Buffer.from(createHmac('sha256', KEY).update(packed).digest('hex'), 'latin1')]);
}

/**
 * The time as a constant, written anew each second: PostgreSQL puts it into the plan of a statement. Read from a table it was
 * read again for each of 5,000 rows.
 */
const clockAt = (milliseconds: number): string =>
  `create or replace function simulation.now() returns timestamptz language sql stable
   return timestamptz '${new Date(milliseconds).toISOString()}'`;

const CLOCK = `
  create schema simulation;
  ${clockAt(BEGIN)};
  grant all on schema simulation to public`;

const FILL = `
  with made as (
    insert into load_balancer (id, project_id, name, description, admin_state_up, provisioning_status, operating_status, tags,
      provider, topology, vip_address, vip_port_owned, additional_vips, created_at)
    select gen_random_uuid(), 'p', i::text, '', true, 'ACTIVE', 'ONLINE', '{}', 'amphora', 'SINGLE', '10.0.0.1', false, '[]', now()
    from generate_series(1, $1::int) i returning id, name)
  insert into amphora (id, load_balancer_id, status, role, cached_zone, created_at)
  select gen_random_uuid(), id, 'ALLOCATED', 'STANDALONE', 'zone-' || name::int % 3, now() from made
  returning id, cached_zone as zone`;

const DEFAULTS: WatchOptions = {
  id: 'manager',
  heartbeatTimeout: 60,
  // Twice the default: half the messages.
  heartbeatInterval: 20,
  healthCheckInterval: 3,
  failoverThreshold: null,
  threads: 10,
  massLossPercent: 50,
  budgetPercent: 10,
  zoneBudgetPercent: 20,
  ratePerMinute: 60,
};

export interface Agent {
  id: string;
  zone: string;
  seq: number;
  alive: boolean;
}

interface Manager {
  receiver: HeartbeatReceiver;
  watch: AmphoraWatch;
  paused: boolean;
}

export interface LogLine {
  level: string;
  message: string;
  fields: Record<string, unknown>;
}

export class Simulation {
  readonly #folder: string;
  readonly #queue = new OperationQueue();
  readonly store: Store;
  readonly agents: Agent[];
  readonly log: LogLine[] = [];
  readonly managers: Manager[] = [];
  /** Seconds since the beginning. */
  time = 0;
  /** Seconds after which a failover succeeds; null: never. */
  buildSeconds: number | null = 30;
  #running = true;

  private constructor(folder: string, store: Store, agents: Agent[]) {
    this.#folder = folder;
    this.store = store;
    this.agents = agents;
  }

  static async open(amphorae: number): Promise<Simulation> {
    const { url, folder } = await openTestPostgres();
    const plain = new Store({ url, maxConnections: 1 });
    await plain.pool.query(CLOCK);
    const { rows } = await plain.pool.query<{ id: string; zone: string }>(FILL, [amphorae]);
    await plain.pool.query('analyze');
    await plain.close();
    const simulated = `${url}${url.includes('?') ? '&' : '?'}options=${SEARCH_PATH}`;
    const store = new Store({ url: simulated, maxConnections: 6 });
    return new Simulation(
      folder,
      store,
      rows.map((row) => ({ ...row, seq: 0, alive: true })),
    );
  }

  async close(): Promise<void> {
    await this.store.close();
    await stopPostgres(this.#folder);
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** A health manager that begins now. */
  manage(options: Partial<WatchOptions> = {}, answers = async (_amphoraId: string) => false): Manager {
    const clock: Clock = { monotonic: () => this.time * 1000, wall: () => BEGIN + this.time * 1000 };
    const note = (level: string) => (fields: object, message: string) =>
      void this.log.push({ level, message, fields: fields as Record<string, unknown> });
    const log = { debug: note('debug'), info: note('info'), warn: note('warn'), error: note('error') };
    const { store } = this;
    const keys = new HeartbeatKeys({ current: KEY, previous: null }, clock);
    const batches = new HeartbeatBatches({ store, keys, statistics: [databaseStatistics], clock, log });
    const address = { address: '127.0.0.1', port: 0, receiveBuffer: 0 };
    const receiver = new HeartbeatReceiver(address, { keys, batches, log, clock });
    const requestFailover = (tx: Parameters<typeof requestAmphoraFailover>[0], id: string, cause: string) =>
      requestAmphoraFailover(tx, this.#queue, id, cause);
    const watch = new AmphoraWatch(
      { ...DEFAULTS, id: `manager-${this.managers.length}`, ...options },
      { store, hearing: receiver, requestFailover, answers, log, clock },
    );
    const manager = { receiver, watch, paused: false };
    this.managers.push(manager);
    return manager;
  }

  /** Second by second: agents send, managers apply and look, workers build. */
  async run(seconds: number): Promise<void> {
    for (const end = this.time + seconds; this.time < end; ) {
      this.time += 1;
      if (this.#running) {
        await this.store.pool.query(clockAt(BEGIN + this.time * 1000));
      }
      this.#send();
      const awake = this.managers.filter(({ paused }) => !paused);
      await Promise.all(awake.map(({ receiver }) => receiver.flush()));
      if (this.time % DEFAULTS.healthCheckInterval !== 0) continue;
      await Promise.all(awake.map(({ watch }) => watch.look()));
      if (this.#running) await this.#build();
    }
  }

  #send(): void {
    this.agents.forEach((agent, index) => {
      if (!agent.alive || index % DEFAULTS.heartbeatInterval !== this.time % DEFAULTS.heartbeatInterval) return;
      agent.seq += 1;
      const message = { id: agent.id, seq: agent.seq, ver: 3, listeners: {}, pools: {} };
      // Agents take the managers in turn; what is sent to a stopped process is lost.
      const manager = this.managers[agent.seq % this.managers.length];
      if (manager && !manager.paused) manager.receiver.receive(datagram(message), 'agent');
    });
  }

  /** What workers do of a failover, as far as health managers see it. */
  async #build(): Promise<void> {
    if (this.buildSeconds === null) return;
    const { rows } = await this.store.pool.query<{ id: string; old: string; lb: string; zone: string }>(
      `update operation o set state = 'succeeded', ended_at = now() from automatic_failover f
       where o.ended_at is null and o.resource_id = f.amphora_id and f.requested_at <= now() - make_interval(secs => $1)
       returning o.id, f.amphora_id as old, f.load_balancer_id as lb, f.zone`,
      [this.buildSeconds],
    );
    for (const { old, lb, zone } of rows) {
      await this.store.pool.query(`update amphora set status = 'DELETED', updated_at = now() where id = $1`, [old]);
      await this.store.pool.query('delete from amphora_health where amphora_id = $1', [old]);
      const { rows: made } = await this.store.pool.query<{ id: string }>(
        `insert into amphora (id, load_balancer_id, status, role, cached_zone, created_at)
         values (gen_random_uuid(), $1, 'ALLOCATED', 'STANDALONE', $2, now()) returning id`,
        [lb, zone],
      );
      await this.store.pool.query(`update load_balancer set provisioning_status = 'ACTIVE' where id = $1`, [lb]);
      for (const { id } of made) this.agents.push({ id, zone, seq: 0, alive: true });
    }
  }

  /** Ids of amphorae whose failover was asked for, oldest first, with the simulated second. */
  async failovers(): Promise<{ amphoraId: string; at: number }[]> {
    const { rows } = await this.store.pool.query<{ amphoraId: string; at: number }>(
      `select o.resource_id as "amphoraId", extract(epoch from f.requested_at)::float8 - $1 as at
       from operation o left join automatic_failover f on f.amphora_id = o.resource_id
       where o.kind = 'failover_amphora' order by f.requested_at`,
      [BEGIN / 1000],
    );
    return rows;
  }

  said(text: string): LogLine[] {
    return this.log.filter(({ message }) => message.includes(text));
  }

  async stopDatabase(): Promise<void> {
    this.#running = false;
    await stopPostgres(this.#folder);
  }

  async startDatabase(): Promise<void> {
    await startPostgres({ stateDir: this.#folder, log: () => undefined });
    this.#running = true;
  }
}
