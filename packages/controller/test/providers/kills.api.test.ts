/**
 * Whoever is killed while a driver works on a change, in the middle of each method: the request is refused and leaves nothing, or the
 * change was accepted and has an end within a minute, with a reason that names the provider.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SILENT_LOG } from '@octavia/protocol/log';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { endChild } from '../../../../test/kit/children.ts';
import { until } from '../../../../test/kit/until.ts';
import { UnconfiguredCertificateManager } from '../../src/clouds/certificates/barbican/unconfigured.ts';
import { ProviderChanges } from '../../src/housekeeping/provider-changes.ts';
import { AMPHORA_PROVIDERS } from '../../src/providers/amphora/names.ts';
import { BridgeDriver, type DriverHome } from '../../src/providers/bridge/driver.ts';
import { HostedDriver } from '../../src/providers/bridge/hosted.ts';
import { serveArguments } from '../../src/providers/bridge/python-host.ts';
import { remoteHome } from '../../src/providers/bridge/remote.ts';
import { HostBeat } from '../../src/providers/driver/host-beat.ts';
import { DriverProvider } from '../../src/providers/driver/provider.ts';
import { sql } from '../../src/store/core/sql.ts';
import { type Answer, CatalogApi, PROJECT } from '../catalog/support/catalog-api.ts';
import { type Planted, plant } from '../driver-agent/support.ts';
import { noopCloud, ServiceProcess } from '../processes/processes.ts';

const PYTHON = '/usr/bin/python3';
const HOST = join(import.meta.dirname, '../../../provider-python');
const PROVIDER = 'acme';
const CONNECTIONS = 40;
/** The calls hold a connection to the database each, and the store of a test has ten. */
const TOGETHER = 8;
const folder = mkdtempSync(join(tmpdir(), 'octavia-kills-'));
const calls = join(folder, 'calls');
const hold = join(folder, 'hold');
const path = (name: string) => join(folder, `${name}.sock`);
const sockets = { status_socket: path('status'), stats_socket: path('stats'), get_socket: path('get') };
const environment = {
  PYTHONPATH: join(import.meta.dirname, 'testdata/python-driver'),
  PYTHONDONTWRITEBYTECODE: '1',
  ACME_CALLS: calls,
  ACME_HOLD: hold,
};

type Request = [verb: 'POST' | 'PUT' | 'DELETE', path: string, body?: object];
const SUBNET = '11111111-1111-1111-1111-111111111111';

/** A request that leads to each method. Objects that are made go where one is there already. */
const REQUESTS: Readonly<Record<string, (of: Planted) => Request>> = {
  loadbalancer_create: () => ['POST', 'loadbalancers', { loadbalancer: NEW }],
  loadbalancer_delete: (of) => ['DELETE', `loadbalancers/${of.loadBalancer}?cascade=true`],
  loadbalancer_failover: (of) => ['PUT', `loadbalancers/${of.loadBalancer}/failover`],
  loadbalancer_update: (of) => ['PUT', `loadbalancers/${of.loadBalancer}`, { loadbalancer: RENAMED }],
  listener_create: (of) => [
    ...(['POST', 'listeners'] as const),
    { listener: { loadbalancer_id: of.loadBalancer, protocol: 'HTTP', protocol_port: 81 } },
  ],
  listener_delete: (of) => ['DELETE', `listeners/${of.listener}`],
  listener_update: (of) => ['PUT', `listeners/${of.listener}`, { listener: RENAMED }],
  pool_create: (of) => [
    ...(['POST', 'pools'] as const),
    { pool: { loadbalancer_id: of.loadBalancer, protocol: 'HTTP', lb_algorithm: 'ROUND_ROBIN' } },
  ],
  pool_delete: (of) => ['DELETE', `pools/${of.pool}`],
  pool_update: (of) => ['PUT', `pools/${of.pool}`, { pool: RENAMED }],
  member_create: (of) => ['POST', `pools/${of.pool}/members`, { member: MEMBER }],
  member_delete: (of) => ['DELETE', `pools/${of.pool}/members/${of.member}`],
  member_update: (of) => ['PUT', `pools/${of.pool}/members/${of.member}`, { member: RENAMED }],
  member_batch_update: (of) => ['PUT', `pools/${of.pool}/members`, { members: [MEMBER] }],
  health_monitor_delete: (of) => ['DELETE', `healthmonitors/${of.monitor}`],
  health_monitor_update: (of) => ['PUT', `healthmonitors/${of.monitor}`, { healthmonitor: RENAMED }],
  l7policy_create: (of) => ['POST', 'l7policies', { l7policy: { listener_id: of.listener, action: 'REJECT' } }],
  l7policy_delete: (of) => ['DELETE', `l7policies/${of.policy}`],
  l7policy_update: (of) => ['PUT', `l7policies/${of.policy}`, { l7policy: RENAMED }],
  l7rule_create: (of) => ['POST', `l7policies/${of.policy}/rules`, { rule: RULE }],
  l7rule_delete: (of) => ['DELETE', `l7policies/${of.policy}/rules/${of.rule}`],
  l7rule_update: (of) => ['PUT', `l7policies/${of.policy}/rules/${of.rule}`, { rule: { value: '/elsewhere' } }],
  // Of a pool that has none.
  health_monitor_create: (of) => [
    ...(['POST', 'healthmonitors'] as const),
    { healthmonitor: { pool_id: of.pool, type: 'PING', delay: 5, timeout: 3, max_retries: 2 } },
  ],
  // Not in one round with the method that comes after it.
  create_vip_port: () => ['POST', 'loadbalancers', { loadbalancer: NEW }],
};
const NEW = { project_id: PROJECT, provider: PROVIDER, vip_subnet_id: SUBNET };
const RENAMED = { name: 'renamed' };
const MEMBER = { address: '198.18.8.99', protocol_port: 80 };
const RULE = { type: 'PATH', compare_type: 'STARTS_WITH', value: '/new' };

const methods = Object.keys(REQUESTS);
const rounds = Array.from({ length: Math.ceil(methods.length / TOGETHER) }, (_, index) =>
  methods.slice(index * TOGETHER, (index + 1) * TOGETHER),
);

let api: CatalogApi;
let home: DriverHome & { hostId?: string | null };
let clock = 0;
beforeAll(async () => {
  Object.assign(process.env, environment);
  writeFileSync(calls, '');
  // Whichever driver is there at the time.
  const relay: DriverHome = {
    isLoaded: () => true,
    channel: (ms) => home.channel(ms),
    stalled: (channel) => home.stalled(channel),
    close: async () => undefined,
  };
  const provider = new DriverProvider({
    ...{ name: PROVIDER, description: '', certificates: new UnconfiguredCertificateManager() },
    ...{ driver: new BridgeDriver(relay, 60_000), timeoutMs: 60_000, maximumCalls: 30 },
    host: () => home.hostId ?? randomUUID(),
  });
  api = await CatalogApi.start({}, { [PROVIDER]: provider });
});
afterAll(async () => {
  await api.stop();
  for (const name of Object.keys(environment)) delete process.env[name];
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => {
  clock = 0;
});
afterEach(() => {
  rmSync(hold, { force: true });
  writeFileSync(calls, '');
});

const db = () => api.database.store.db;
const inside = (): string[] =>
  readFileSync(calls, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => (JSON.parse(line) as [string])[0]);

interface Round {
  trees: Planted[];
  /** The driver is inside each of the methods. */
  answers: Promise<Answer[]>;
}

async function begin(names: readonly string[]): Promise<Round> {
  writeFileSync(calls, '');
  writeFileSync(hold, names.join(' '));
  const trees: Planted[] = [];
  for (const name of names) {
    const planted = await plant(api.database, { provider: PROVIDER, waits: 'ACTIVE' });
    trees.push(planted);
    if (name === 'health_monitor_create') {
      await sql`delete from health_monitor where id = ${planted.monitor}`.execute(db());
    }
  }
  const answers = Promise.all(
    names.map((name, index) => {
      const [verb, at, body] = (REQUESTS[name] as (of: Planted) => Request)(trees[index] as Planted);
      return api.call(verb, `/v2/lbaas/${at}`, body);
    }),
  );
  // Seen below, also when the driver never comes that far.
  answers.catch(() => undefined);
  await until(`the driver is inside ${names}`, () => names.every((name) => inside().includes(name)));
  return { trees, answers };
}

const KINDS = ['load_balancer', 'listener', 'pool', 'member', 'health_monitor', 'l7policy', 'l7rule'];
/** What of a provider's objects waits, and the reasons of load balancers in ERROR. */
async function left(): Promise<{ pending: number; reasons: string[] }> {
  const parts = KINDS.map(
    (kind) => sql`select ${sql.lit(kind)} as kind, provisioning_status as status, status_reason as reason
      from ${sql.table(kind)}`,
  );
  const { rows } = await sql<{ kind: string; status: string; reason: string | null }>`
    ${sql.join(parts, sql` union all `)}`.execute(db());
  const errors = rows.filter(({ kind, status }) => kind === 'load_balancer' && status === 'ERROR');
  return {
    pending: rows.filter(({ status }) => status.startsWith('PENDING_')).length,
    reasons: [...new Set(errors.map(({ reason }) => reason ?? ''))],
  };
}
/** What the tests before have left is nobody's business any more. */
const forget = () => sql`truncate load_balancer cascade`.execute(db());

/** The sweeper, half a minute long: it waits for 15 s of silence, and has missed beats after 20. */
async function sweep(): Promise<void> {
  const duty = new ProviderChanges({
    ...{ store: api.database.store, others: AMPHORA_PROVIDERS, providers: [PROVIDER] },
    ...{ mostSeconds: () => 1800, log: SILENT_LOG, now: () => clock },
  });
  for (const seconds of [0, 15]) {
    clock = seconds * 1000;
    await duty.run();
  }
}
const lost = (detail: string) => [`Provider 'acme' did not finish the change: ${detail}`];

describe('the process of the driver', () => {
  let hosted: HostedDriver;
  let agent: HostBeat;
  let pid = 0;
  beforeAll(async () => {
    const given = { name: PROVIDER, configFiles: [], sockets, debug: false };
    hosted = new HostedDriver({
      ...{ name: PROVIDER, command: PYTHON, connections: CONNECTIONS, pauseMs: { first: 50, longest: 200 } },
      arguments: (socket) => serveArguments(given, socket),
      newBeat: () => new HostBeat(db(), { role: 'driver', host: 'here' }, SILENT_LOG),
      log: { ...SILENT_LOG, info: (fields) => (pid = (fields as { pid?: number }).pid ?? pid) },
    });
    home = hosted;
    agent = new HostBeat(db(), { role: 'agent', host: 'here' }, SILENT_LOG);
    await agent.start();
    await hosted.channel(60_000);
  });
  afterAll(async () => {
    await hosted.close();
    await agent.stop();
  });

  it.each(rounds.map((names) => [names]))('killed inside %s: refused, and nothing remains', async (names) => {
    await forget();
    // The one of the case before comes again.
    await until('a process', () => hosted.hostId);
    const round = await begin(names);
    process.kill(pid, 'SIGKILL');
    for (const { status, body } of await round.answers) {
      const text = "Provider 'acme' reports error: The connection to the driver broke during the call.";
      expect([status, body?.faultstring]).toEqual([500, text]);
    }
    expect(await left()).toEqual({ pending: 0, reasons: [] });
    // It comes again.
    rmSync(hold);
    await until('the next process', () => hosted.hostId);
  });

  it.each(rounds.map((names) => [names]))('killed after it accepted %s: ERROR within a minute', async (names) => {
    await forget();
    // The one of the case before comes again.
    await until('a process', () => hosted.hostId);
    const round = await begin(names);
    rmSync(hold);
    for (const { status } of await round.answers) expect(status).toBeLessThan(300);
    expect((await left()).pending).toBeGreaterThanOrEqual(names.length);
    const host = hosted.hostId;
    process.kill(pid, 'SIGKILL');
    await until('the end is known', () => hosted.hostId !== host);
    await until('the others know', async () => {
      const { rows } = await sql`select 1 from driver_host where id = ${host}`.execute(db());
      return rows.length === 0;
    });
    await sweep();
    expect(await left()).toEqual({ pending: 0, reasons: lost('the process with its driver has ended.') });
  });
});

describe('a driver elsewhere', () => {
  let child: ChildProcess;
  const start = async () => {
    rmSync(path('remote'), { force: true });
    child = spawn(PYTHON, [HOST, 'serve', PROVIDER, '--socket', path('remote')], { stdio: 'ignore' });
    await until('the driver elsewhere', () => existsSync(path('remote')));
  };
  beforeAll(() => {
    home = remoteHome(`unix:${path('remote')}`, { ca: null, certificate: null, key: null }, CONNECTIONS);
  });
  afterAll(async () => {
    await endChild(child);
    await home.close();
  });

  it.each(rounds.map((names) => [names]))('killed inside %s: refused, and nothing remains', async (names) => {
    await forget();
    await start();
    const round = await begin(names);
    await endChild(child);
    for (const { status, body } of await round.answers) {
      const text = "Provider 'acme' reports error: The connection to the driver broke during the call.";
      expect([status, body?.faultstring]).toEqual([500, text]);
    }
    expect(await left()).toEqual({ pending: 0, reasons: [] });
  });
});

describe('the driver agent', () => {
  let agent: ServiceProcess;
  let child: ChildProcess;
  let beat: HostBeat;
  beforeAll(async () => {
    rmSync(path('remote'), { force: true });
    child = spawn(PYTHON, [HOST, 'serve', PROVIDER, '--socket', path('remote')], { stdio: 'ignore' });
    beat = new HostBeat(db(), { role: 'driver', host: 'here' }, SILENT_LOG);
    await beat.start();
    const remote = remoteHome(`unix:${path('remote')}`, { ca: null, certificate: null, key: null }, CONNECTIONS);
    home = { ...remote, hostId: beat.id };
    agent = new ServiceProcess('driver-agent', {
      ...noopCloud(api.database.url),
      OS_DEFAULT__HOST: 'here',
      OS_DRIVER_AGENT__STATUS_SOCKET_PATH: sockets.status_socket,
      OS_DRIVER_AGENT__STATS_SOCKET_PATH: sockets.stats_socket,
      OS_DRIVER_AGENT__GET_SOCKET_PATH: sockets.get_socket,
    });
    await until('the driver elsewhere', () => existsSync(path('remote')));
  });
  afterAll(async () => {
    await agent.end('SIGKILL');
    await endChild(child);
    await beat.stop();
    await home.close();
  });

  it('killed while the driver is inside each method: accepted, and ERROR within a minute', async () => {
    await forget();
    agent.start();
    await until('the driver agent is known', async () => {
      const { rows } = await sql`select 1 from driver_host where role = 'agent'`.execute(db());
      return rows.length > 0;
    });
    for (const [index, names] of rounds.entries()) {
      const round = await begin(names);
      // One kill for all rounds: it stays away.
      if (index === 0) await agent.end('SIGKILL');
      rmSync(hold);
      for (const { status } of await round.answers) expect(status).toBeLessThan(300);
    }
    expect((await left()).pending).toBeGreaterThanOrEqual(methods.length);
    // Twenty seconds later.
    await sql`update driver_host set heartbeat_at = heartbeat_at - interval '21 s' where role = 'agent'`.execute(db());
    await sweep();
    expect(await left()).toEqual({
      pending: 0,
      reasons: lost('no driver agent runs where its driver could report to.'),
    });
  });
});
