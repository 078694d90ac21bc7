/** Two of each service on one database, killed in turn while load balancers come, change and go. */
import { randomUUID } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { encodeHeartbeat } from '@octavia/protocol/heartbeat';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort } from '../../../../test/kit/free-port.ts';
import { until } from '../../../../test/kit/until.ts';
import { NoopComputeDriver } from '../../src/clouds/compute/noop/driver.ts';
import { NoopNetworkDriver } from '../../src/clouds/network/noop/driver.ts';
import { deterministicUuid } from '../../src/domain/deterministic-uuid.ts';
import { collectOrphans } from '../../src/housekeeping/orphans.ts';
import { sql } from '../../src/store/core/sql.ts';
import * as quotas from '../../src/store/resources/quotas.ts';
import { listeningLog } from '../housekeeping/support.ts';
import { openTestStore, type TestStore } from '../support/store.ts';
import { noopCloud, type Role, ServiceProcess } from './processes.ts';

const API_PORTS = [await freePort(), await freePort()];
const HEARTBEAT_PORTS = [await freePort(), await freePort()];
const CLIENTS = 4;
/** The promise: nothing stays pending longer after a crash. */
const SETTLE_MS = 60_000;

let testStore: TestStore;
const services: ServiceProcess[] = [];

beforeAll(async () => {
  testStore = await openTestStore();
  await new NoopNetworkDriver(testStore.store.db).bootstrap();
  const env = {
    ...noopCloud(testStore.url),
    OS_HOUSE_KEEPING__CLEANUP_INTERVAL: '1',
    OS_HOUSE_KEEPING__LOAD_BALANCER_EXPIRY_AGE: '1',
    OS_HOUSE_KEEPING__AMPHORA_EXPIRY_AGE: '1',
  };
  for (const number of [0, 1]) {
    const own: [Role, Record<string, string>][] = [
      ['api', { OS_API_SETTINGS__BIND_PORT: String(API_PORTS[number]) }],
      ['worker', {}],
      ['health-manager', { OS_HEALTH_MANAGER__BIND_PORT: String(HEARTBEAT_PORTS[number]) }],
      ['housekeeping', {}],
    ];
    for (const [role, more] of own) services.push(new ServiceProcess(role, { ...env, ...more }));
  }
  for (const service of services) service.start();
  for (const service of services.filter(({ role }) => role === 'api')) await service.said('API listens');
});
afterAll(async () => {
  await Promise.all(services.map((service) => service.end('SIGKILL')));
  await testStore.close();
});

interface Answer {
  status: number;
  body: Record<string, never>;
}

/** Asks one API, and the other one when that does not answer. */
async function call(method: string, path: string, body?: object): Promise<Answer> {
  let turn = Math.floor(Math.random() * 2);
  const ask = async (): Promise<Answer | null> => {
    turn += 1;
    const response = await fetch(`http://127.0.0.1:${API_PORTS[turn % 2]}/v2/lbaas${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
    const text = await response.text();
    return response.status < 500 ? { status: response.status, body: text === '' ? {} : JSON.parse(text) } : null;
  };
  return until(`${method} ${path} is answered`, ask, SETTLE_MS);
}

async function settled(id: string): Promise<string | null> {
  const look = async (): Promise<{ status: string | null }> => {
    const { status, body } = await call('GET', `/loadbalancers/${id}`);
    if (status === 404) return { status: null };
    const found = (body.loadbalancer as unknown as { provisioning_status: string }).provisioning_status;
    if (!found.startsWith('PENDING')) return { status: found };
    throw new Error(`still ${found}`);
  };
  return (await until(`load balancer ${id} rests`, look, SETTLE_MS)).status;
}

/** The same change until it is accepted; one whose answer was lost may have been, so it has to bear repetition. */
async function change(id: string, method: string, path: string, body?: object): Promise<void> {
  for (;;) {
    expect(await settled(id)).toBe('ACTIVE');
    const { status } = await call(method, path, body);
    if (status < 300) break;
    expect(status).toBe(409);
  }
  expect(await settled(id)).toBe(method === 'DELETE' ? null : 'ACTIVE');
}

const idsByName = async (name: string): Promise<string[]> => {
  const { body } = await call('GET', `/loadbalancers?name=${name}`);
  return (body.loadbalancers as unknown as { id: string }[]).map(({ id }) => id);
};

async function life(): Promise<void> {
  const name = randomUUID();
  await call('POST', '/loadbalancers', {
    loadbalancer: {
      name,
      project_id: 'demo',
      vip_subnet_id: deterministicUuid('noop', 'public-subnet'),
      listeners: [
        {
          protocol: 'HTTP',
          protocol_port: 80,
          default_pool: { name: 'pool', protocol: 'HTTP', lb_algorithm: 'ROUND_ROBIN' },
        },
      ],
    },
  });
  // An API that was killed between commit and answer made one that nobody told us of: all of the name live our life.
  for (const id of await idsByName(name)) {
    expect(await settled(id)).toBe('ACTIVE');
    await change(id, 'PUT', `/loadbalancers/${id}`, { loadbalancer: { description: 'changed' } });
    const { body } = await call('GET', `/loadbalancers/${id}/status`);
    const [listener] = (body.statuses as unknown as { loadbalancer: { listeners: { pools: { id: string }[] }[] } })
      .loadbalancer.listeners;
    const members = [{ address: '192.0.2.10', protocol_port: 80 }];
    await change(id, 'PUT', `/pools/${listener?.pools[0]?.id}/members`, { members });
    if (Math.random() < 0.5) await change(id, 'DELETE', `/loadbalancers/${id}?cascade=true`);
  }
}

/** Every 300 ms a heartbeat to both health managers, as agents do. */
function heartbeats(amphora: string): () => void {
  const socket = createSocket('udp4');
  let seq = 0;
  const timer = setInterval(() => {
    seq += 1;
    const beat = encodeHeartbeat({ id: amphora, seq, ver: 3, listeners: {}, pools: {} }, 'key of the test');
    for (const port of HEARTBEAT_PORTS) socket.send(beat, port, '127.0.0.1');
  }, 300);
  return () => {
    clearInterval(timer);
    socket.close();
  };
}

async function firstAmphora(): Promise<string> {
  const { rows } = await sql<{ id: string }>`
    select id from amphora where status = 'ALLOCATED' limit 1`.execute(testStore.store.db);
  return rows[0]?.id ?? '';
}

const lastHeard = async (amphora: string): Promise<number> => {
  const { rows } = await sql<{ at: Date }>`
    select last_update as at from amphora_health where amphora_id = ${amphora}`.execute(testStore.store.db);
  return rows[0]?.at.getTime() ?? 0;
};

const succeeded = async (): Promise<number> => {
  const { rows } = await sql<{ n: number }>`
    select count(*)::int as n from operation where state = 'succeeded'`.execute(testStore.store.db);
  return rows[0]?.n ?? 0;
};

/** Until clients have got on by some changes, so that each kill comes amid work and its twin carries on. */
async function goesOn(): Promise<void> {
  const before = await succeeded();
  await expect.poll(succeeded, { timeout: SETTLE_MS }).toBeGreaterThan(before + CLIENTS);
}

test('nothing is lost and nothing is stuck', { timeout: 300_000 }, async () => {
  let over = false;
  const lives: Promise<void>[] = Array.from({ length: CLIENTS }, async () => {
    for (let turn = 0; turn < 2 || !over; turn += 1) await life();
  });
  const failed = Promise.all(lives);
  failed.catch(() => undefined);
  await expect.poll(firstAmphora, { timeout: 60_000 }).not.toBe('');
  const { rows } = await sql<{ id: string }>`
    insert into amphora (id, status, created_at) values (gen_random_uuid(), 'ALLOCATED', now()) returning id`.execute(
    testStore.store.db,
  );
  const heard = rows[0]?.id ?? '';
  const stopHeartbeats = heartbeats(heard);

  const exits: unknown[] = [];
  // Each of the eight once, by turns outright and gracefully; its twin carries on.
  for (const [number, service] of services.entries()) {
    const name = (number + Math.floor(number / 4)) % 2 === 0 ? 'SIGKILL' : 'SIGTERM';
    const before = Date.now();
    exits.push([service.role, name, await service.end(name)]);
    expect(Date.now() - before).toBeLessThan(20_000);
    await goesOn();
    if (service.role === 'health-manager') {
      await expect.poll(() => lastHeard(heard), { timeout: 20_000 }).toBeGreaterThan(before);
    }
    service.start();
    if (service.role === 'api') await service.said('API listens');
    await goesOn();
  }
  over = true;
  await failed;
  stopHeartbeats();
  expect(exits.filter((exit) => (exit as string[])[1] === 'SIGTERM').map((exit) => (exit as unknown[])[2])).toEqual([
    0, 0, 0, 0,
  ]);
  await everythingIsTidy(heard);
});

async function everythingIsTidy(heard: string): Promise<void> {
  const { store } = testStore;
  await sql`delete from amphora where id = ${heard}`.execute(store.db);
  const count = async (query: ReturnType<typeof sql<{ n: number }>>) => (await query.execute(store.db)).rows[0]?.n;
  const pending = () => count(sql<{ n: number }>`select count(*)::int as n from operation where ended_at is null`);
  await expect.poll(pending, { timeout: SETTLE_MS }).toBe(0);
  expect(
    await count(sql<{ n: number }>`
      select count(*)::int as n from load_balancer where provisioning_status not in ('ACTIVE', 'DELETED')`),
  ).toBe(0);
  // Housekeeping went on: what was deleted is gone for good.
  const deleted = () =>
    count(sql<{ n: number }>`select count(*)::int as n from load_balancer where provisioning_status = 'DELETED'`);
  await expect.poll(deleted, { timeout: SETTLE_MS }).toBe(0);
  const alone = () =>
    count(sql<{ n: number }>`
      select count(*)::int as n from load_balancer lb where (select count(*) from amphora a
        where a.load_balancer_id = lb.id and a.status <> 'DELETED') <> 1`);
  expect(await alone()).toBe(0);
  const network = new NoopNetworkDriver(store.db);
  const options = { store, compute: new NoopComputeDriver(), network, age: 3600, dryRun: true, log: listeningLog() };
  expect((await collectOrphans(options)).found).toEqual([]);
  expect(await quotas.miscounted(store.db)).toEqual([]);
}
