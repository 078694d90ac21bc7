/** A driver agent on a real PostgreSQL, its sockets in a folder of the test, and trees of a provider's. */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UnconfiguredCertificateManager } from '../../src/clouds/certificates/barbican/unconfigured.ts';
import type { CertificateManager } from '../../src/clouds/certificates/manager.ts';
import { loadConfig } from '../../src/config/index.ts';
import type { LoadBalancer, Resource, Vip } from '../../src/domain/resources.ts';
import { DriverAgent, type DriverAgentOptions } from '../../src/driver-agent/driver-agent.ts';
import { databaseStatistics } from '../../src/health/statistics/database.ts';
import type { StatisticsDriver } from '../../src/health/statistics/interface.ts';
import { AMPHORA_PROVIDERS } from '../../src/providers/amphora/names.ts';
import { sql } from '../../src/store/core/sql.ts';
import { insertTree } from '../../src/store/resources/new-trees.ts';
import * as quotas from '../../src/store/resources/quotas.ts';
import { makeHealthMonitor, makeL7Policy, makeL7Rule } from '../dataplane/support/tree.ts';
import { aListener, aLoadBalancer, aMember, aPool } from '../support/resources.ts';
import { openTestStore, type TestStore } from '../support/store.ts';

interface Line {
  level: string;
  text: string;
  fields: object;
}

export function listeningLog() {
  const lines: Line[] = [];
  const write = (level: string) => (fields: object, text: string) => void lines.push({ level, text, fields });
  const log = { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
  const texts = (level: string) => lines.filter((line) => line.level === level).map(({ text }) => text);
  return { lines, texts, log };
}

export interface AgentRig {
  database: TestStore;
  agent: DriverAgent;
  folder: string;
  sockets: { status_socket: string; stats_socket: string; get_socket: string };
  /** Ports that were given back. */
  released: string[];
  /** Thrown by the network service instead of giving a port back. */
  network: { fails: Error | null };
  listening: ReturnType<typeof listeningLog>;
  close(): Promise<void>;
}

export interface RigOptions {
  settings?: Partial<DriverAgentOptions['settings']>;
  statistics?: StatisticsDriver[];
  certificates?: CertificateManager;
  database?: TestStore;
}

export async function startAgent(options: RigOptions = {}): Promise<AgentRig> {
  const database = options.database ?? (await openTestStore());
  const folder = mkdtempSync(join(tmpdir(), 'octavia-agent-'));
  const path = (name: string) => join(folder, 'sockets', `${name}.sock`);
  const sockets = { status_socket: path('status'), stats_socket: path('stats'), get_socket: path('get') };
  const released: string[] = [];
  const network: AgentRig['network'] = { fails: null };
  const listening = listeningLog();
  const agent = new DriverAgent({
    settings: {
      ...loadConfig({ env: {}, files: [] }).driver_agent,
      status_socket_path: sockets.status_socket,
      stats_socket_path: sockets.stats_socket,
      get_socket_path: sockets.get_socket,
      ...options.settings,
    },
    store: database.store,
    network: {
      async deletePort(id) {
        if (network.fails) throw network.fails;
        released.push(id);
      },
    },
    certificates: options.certificates ?? new UnconfiguredCertificateManager(),
    statistics: options.statistics ?? [databaseStatistics],
    foreign: AMPHORA_PROVIDERS,
    agents: [],
    log: listening.log,
  });
  await agent.start();
  return {
    database,
    agent,
    folder,
    sockets,
    released,
    network,
    listening,
    async close() {
      await agent.stop();
      if (!options.database) await database.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export const framed = (message: unknown): Buffer => {
  const json = Buffer.from(JSON.stringify(message));
  return Buffer.concat([Buffer.from(`${json.length}\n`), json]);
};

/** Sends bytes, and gives what came back until the agent closed. */
export function exchange(path: string, pieces: readonly (Buffer | string)[], endsAfter = false): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ path, allowHalfOpen: true });
    let answer = '';
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => {
      answer += text;
    });
    socket.once('error', reject);
    socket.once('end', () => socket.end());
    socket.once('close', () => resolve(answer));
    const send = async () => {
      for (const piece of pieces) {
        await new Promise((sent) => socket.write(piece, sent));
        await new Promise(setImmediate);
      }
      if (endsAfter) socket.end();
    };
    void send();
  });
}

/** The answer to a message, parsed; null: closed without one. */
export async function ask(path: string, message: unknown): Promise<unknown> {
  const answer = await exchange(path, [framed(message)]);
  return answer === '' ? null : JSON.parse(answer.slice(answer.indexOf('\n') + 1));
}

const PROVIDER = 'third-party';

export interface Planted {
  project: string;
  loadBalancer: string;
  listener: string;
  pool: string;
  member: string;
  monitor: string;
  policy: string;
  rule: string;
}

/** A load balancer with one of everything, all of it PENDING, counted in the quota of a project of its own. */
export async function plant(
  { store }: TestStore,
  given: { provider?: string; vip?: Partial<Vip>; waits?: Resource['provisioningStatus'] } = {},
): Promise<Planted> {
  const project = randomUUID().replaceAll('-', '');
  const waiting = { provisioningStatus: given.waits ?? ('PENDING_CREATE' as const), projectId: project };
  const plain: LoadBalancer = aLoadBalancer({ ...waiting, provider: given.provider ?? PROVIDER });
  const loadBalancer = { ...plain, vip: { ...plain.vip, ...given.vip } };
  const own = () => ({ ...waiting, id: randomUUID() as string });
  const pool = aPool(loadBalancer.id, own());
  const listener = aListener(loadBalancer.id, { ...own(), defaultPoolId: pool.id });
  const member = aMember(pool.id, own());
  const monitor = makeHealthMonitor(1, { ...own(), poolId: pool.id });
  const policy = makeL7Policy(1, { ...own(), listenerId: listener.id });
  const rule = makeL7Rule(1, { ...own(), l7policyId: policy.id });
  const tree = {
    loadBalancer,
    listeners: [listener],
    pools: [pool],
    members: [member],
    healthMonitors: [monitor],
    l7policies: [policy],
    l7rules: [rule],
    operation: null,
  };
  await store.transaction(async (tx) => {
    await insertTree(tx, tree);
    await quotas.recount(tx, project);
  });
  return {
    project,
    loadBalancer: loadBalancer.id,
    listener: listener.id,
    pool: pool.id,
    member: member.id,
    monitor: monitor.id,
    policy: policy.id,
    rule: rule.id,
  };
}

const TABLES = {
  loadBalancer: 'load_balancer',
  listener: 'listener',
  pool: 'pool',
  member: 'member',
  monitor: 'health_monitor',
  policy: 'l7policy',
  rule: 'l7rule',
} as const;
export type PlantedKind = keyof typeof TABLES;
export const PLANTED_KINDS = Object.keys(TABLES) as PlantedKind[];
export const LIST_OF = {
  loadBalancer: 'loadbalancers',
  listener: 'listeners',
  pool: 'pools',
  member: 'members',
  monitor: 'healthmonitors',
  policy: 'l7policies',
  rule: 'l7rules',
} as const satisfies Record<PlantedKind, string>;

/** `ACTIVE/ONLINE` of each; `gone` where there is no row. */
export async function statuses({ store }: TestStore, planted: Planted): Promise<Record<PlantedKind, string>> {
  const parts = PLANTED_KINDS.map(
    (kind) => sql`select ${sql.lit(kind)} as kind, provisioning_status || '/' || operating_status as status
      from ${sql.table(TABLES[kind])} where id = ${planted[kind]}`,
  );
  const { rows } = await sql<{ kind: PlantedKind; status: string }>`${sql.join(parts, sql` union all `)}`.execute(
    store.db,
  );
  const found = new Map(rows.map(({ kind, status }) => [kind, status]));
  return Object.fromEntries(PLANTED_KINDS.map((kind) => [kind, found.get(kind) ?? 'gone'])) as Record<
    PlantedKind,
    string
  >;
}

/** What the project has in use, in the order of the kinds above. */
export async function inUse({ store }: TestStore, { project }: Planted): Promise<number[]> {
  const columns = sql.join(PLANTED_KINDS.map((kind) => sql.ref(`${TABLES[kind]}_in_use`)));
  const { rows } = await sql<Record<string, number>>`
    select ${columns} from quota where project_id = ${project}`.execute(store.db);
  return PLANTED_KINDS.map((kind) => rows[0]?.[`${TABLES[kind]}_in_use`] ?? Number.NaN);
}
