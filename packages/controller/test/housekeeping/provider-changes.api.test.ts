/** Changes that providers were given and whose end nobody reports: each has an end within a minute, or the time that it may take. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { ProviderChanges } from '../../src/housekeeping/provider-changes.ts';
import { AMPHORA_PROVIDERS } from '../../src/providers/amphora/names.ts';
import { HostBeat } from '../../src/providers/driver/host-beat.ts';
import { sql } from '../../src/store/core/sql.ts';
import { noteDelivery } from '../../src/store/operations/driver-hosts.ts';
import {
  type AgentRig,
  ask,
  PLANTED_KINDS,
  type Planted,
  plant,
  startAgent,
  statuses,
} from '../driver-agent/support.ts';
import { listeningLog } from './support.ts';

let rig: AgentRig;
let [api, agent]: HostBeat[] = [];
let clock = 0;
const log = listeningLog();

beforeAll(async () => {
  rig = await startAgent();
});
afterAll(async () => {
  await api?.stop();
  await agent?.stop();
  await rig.close();
});

const db = () => rig.database.store.db;
const beat = async (role: 'driver' | 'agent', host = 'here'): Promise<HostBeat> => {
  const one = new HostBeat(db(), { role, host }, log);
  await one.start();
  return one;
};

beforeEach(async () => {
  // What a test left waiting is nobody's business any more.
  await sql`update load_balancer set provider = 'amphora'`.execute(db());
  await api?.stop();
  await agent?.stop();
  [api, agent] = [await beat('driver'), await beat('agent')];
  clock = 0;
});

const duty = () =>
  new ProviderChanges({
    store: rig.database.store,
    others: AMPHORA_PROVIDERS,
    providers: ['third-party'],
    mostSeconds: () => 600,
    log,
    now: () => clock,
  });

async function given(hostId = api?.id ?? '', provider = 'third-party'): Promise<Planted> {
  const planted = await plant(rig.database, { provider });
  await rig.database.store.transaction((tx) => noteDelivery(tx, planted.loadBalancer, hostId));
  return planted;
}

async function failures(planted: Planted): Promise<unknown[]> {
  const { rows } =
    await sql`select status_reason as reason, status_code as code from load_balancer where id = ${planted.loadBalancer}
    union all select status_reason, status_code from member where id = ${planted.member}`.execute(db());
  return rows;
}

const lost = (detail: string) => ({
  reason: `Provider 'third-party' did not finish the change: ${detail}`,
  code: 'PROVIDER_CHANGE_LOST',
});
const provisioning = async (planted: Planted): Promise<string[]> => [
  ...new Set(Object.values(await statuses(rig.database, planted)).map((status) => status.split('/')[0] ?? '')),
];

test('what a driver that lives was given waits', async () => {
  const planted = await given();
  const sweep = duty();
  for (const at of [0, 20_000, 40_000]) {
    clock = at;
    expect((await sweep.run()).summary).toBeNull();
  }
  expect(await provisioning(planted)).toEqual(['PENDING_CREATE']);
});

test.each([
  ['the process of the driver ended', async () => api?.stop(), 'the process with its driver has ended.'],
  [
    'the process of the driver is not heard any more',
    async () => sql`update driver_host set heartbeat_at = now() - interval '21 s' where role = 'driver'`.execute(db()),
    'the process with its driver has ended.',
  ],
  ['no driver agent runs', async () => agent?.stop(), 'no driver agent runs where its driver could report to.'],
  [
    'a driver agent runs on another host alone',
    async () => {
      await agent?.stop();
      agent = await beat('agent', 'elsewhere');
    },
    'no driver agent runs where its driver could report to.',
  ],
])('%s: ERROR after a moment, with a reason that names the provider', async (_what, happens, detail) => {
  const planted = await given();
  await happens();
  const sweep = duty();
  expect((await sweep.run()).summary).toBeNull();
  clock = 14_999;
  expect((await sweep.run()).summary).toBeNull();
  expect(await provisioning(planted)).toEqual(['PENDING_CREATE']);
  clock = 15_000;
  expect((await sweep.run()).summary).toBe('Ended 1 changes that providers left');
  expect(await provisioning(planted)).toEqual(['ERROR']);
  expect(await failures(planted)).toEqual([lost(detail), lost(detail)]);
  expect((await sweep.run()).summary).toBeNull();
});

test.each([
  [599, ['PENDING_CREATE']],
  [601, ['ERROR']],
])('a provider that has taken %i of 600 seconds', async (seconds, left) => {
  const planted = await given();
  await sql`update driver_delivery set delivered_at = now() - make_interval(secs => ${seconds}::float8)
    where load_balancer_id = ${planted.loadBalancer}`.execute(db());
  await duty().run();
  expect(await provisioning(planted)).toEqual(left);
  if (left[0] === 'ERROR') expect((await failures(planted))[0]).toEqual(lost('it has taken longer than 600 s.'));
});

test('a change that is older than its notes is judged by its load balancer', async () => {
  const planted = await plant(rig.database);
  await sql`update load_balancer set created_at = now() - interval '601 s' where id = ${planted.loadBalancer}`.execute(
    db(),
  );
  await duty().run();
  expect(await provisioning(planted)).toEqual(['ERROR']);
});

test('a later report of the driver counts all the same', async () => {
  const planted = await given(randomUUID());
  const sweep = duty();
  await sweep.run();
  clock = 20_000;
  await sweep.run();
  expect(await provisioning(planted)).toEqual(['ERROR']);
  const record = (kind: keyof Planted) => [{ id: planted[kind], provisioning_status: 'ACTIVE' }];
  const message = { loadbalancers: record('loadBalancer'), members: record('member') };
  expect(await ask(rig.sockets.status_socket, message)).toEqual({ status_code: 200 });
  expect(await statuses(rig.database, planted)).toMatchObject({
    loadBalancer: 'ACTIVE/OFFLINE',
    member: 'ACTIVE/OFFLINE',
  });
  expect(await failures(planted)).toEqual(Array(2).fill({ reason: null, code: null }));
});

test('a change that was given anew in the meantime is another', async () => {
  const planted = await given(randomUUID());
  const sweep = duty();
  await sweep.run();
  await rig.database.store.transaction((tx) => noteDelivery(tx, planted.loadBalancer, api?.id ?? ''));
  clock = 20_000;
  await sweep.run();
  expect(await provisioning(planted)).toEqual(['PENDING_CREATE']);
});

test('load balancers of workers are theirs', async () => {
  const planted = await given(randomUUID(), 'amphora');
  const sweep = duty();
  await sweep.run();
  clock = 20_000;
  await sweep.run();
  expect(await provisioning(planted)).toEqual(['PENDING_CREATE']);
});

test.each([
  [59, 'PENDING_CREATE'],
  [61, 'ERROR'],
])('a load balancer that was released %i s ago, and children that were forgotten', async (seconds, left) => {
  const planted = await given();
  await ask(rig.sockets.status_socket, {
    loadbalancers: [{ id: planted.loadBalancer, provisioning_status: 'ACTIVE' }],
  });
  await sql`update load_balancer set updated_at = now() - make_interval(secs => ${seconds}::float8)
    where id = ${planted.loadBalancer}`.execute(db());
  await duty().run();
  const after = await statuses(rig.database, planted);
  for (const kind of PLANTED_KINDS) expect(after[kind].split('/')[0]).toBe(kind === 'loadBalancer' ? 'ACTIVE' : left);
  if (left === 'ERROR') {
    expect((await failures(planted))[1]).toEqual(lost('it released the load balancer and not this object.'));
  }
});
