/** The driver agent of OpenStack Octavia 11, as Debian packages it, on a MariaDB of its own. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SocketPaths } from '@octavia/provider-lib';
import type { LoadBalancerTree } from '../../../packages/controller/src/domain/resources.ts';
import { endChild } from '../../kit/children.ts';
import { until } from '../../kit/until.ts';

type Value = string | number | boolean | null;
type Row = Record<string, Value>;

export interface OctaviaAgent {
  sockets: SocketPaths;
  /** Writes a tree as Octavia's API would have, and counts it in its project's quota. */
  plant(tree: LoadBalancerTree): void;
  /** `status/status` of each object that is there, by its id. */
  statuses(tree: LoadBalancerTree): Record<string, string>;
  /** What a project has in use: load balancers, listeners, pools, members, health monitors, policies, rules. */
  inUse(project: string): number[];
  close(): Promise<void>;
}

const START_MS = 400_000;
const QUOTAS = ['load_balancer', 'listener', 'pool', 'member', 'health_monitor', 'l7policy', 'l7rule'];

const literal = (value: Value): string => {
  if (value === null) return 'NULL';
  if (typeof value === 'string') return `'${value.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
  return String(Number(value));
};
const insert = (table: string, row: Row): string =>
  `INSERT INTO ${table} (${Object.keys(row).map((name) => `\`${name}\``)}) VALUES (${Object.values(row).map(literal)});\n`;

async function startDatabase(folder: string): Promise<{ child: ChildProcess; socket: string }> {
  const socket = join(folder, 'mysqld.sock');
  const file = join(folder, 'my.cnf');
  const data = join(folder, 'mysql');
  execFileSync('install', ['-d', '-o', 'mysql', '-g', 'mysql', folder, data]);
  writeFileSync(
    file,
    // Nothing of it outlives the run: no write has to reach the disk.
    [
      '[mysqld]',
      'user=mysql',
      `datadir=${data}`,
      `socket=${socket}`,
      'skip-networking',
      'innodb_flush_log_at_trx_commit=0',
    ].join('\n'),
  );
  const quiet = { stdio: 'ignore' } as const;
  execFileSync(
    'mariadb-install-db',
    [`--defaults-file=${file}`, '--user=mysql', '--auth-root-authentication-method=normal', '--skip-test-db'],
    quiet,
  );
  const log = openSync(join(folder, 'mariadb.log'), 'a');
  const child = spawn('/usr/sbin/mariadbd', [`--defaults-file=${file}`], { stdio: ['ignore', log, log] });
  await until('MariaDB', () => existsSync(socket), START_MS);
  return { child, socket };
}

/** @param folder a new one below one that mysql may enter */
export async function startOctaviaAgent(folder: string): Promise<OctaviaAgent> {
  mkdirSync(folder, { mode: 0o755 });
  const database = await startDatabase(join(folder, 'database'));
  const client = (sql: string, name = 'octavia'): string =>
    execFileSync(
      'mariadb',
      ['--no-defaults', '-S', database.socket, '-uroot', '--batch', '--skip-column-names', name],
      {
        input: sql,
        encoding: 'utf8',
      },
    );
  client('CREATE DATABASE octavia', 'mysql');
  const path = (name: string) => join(folder, `${name}.sock`);
  const sockets = { status_socket: path('status'), stats_socket: path('stats'), get_socket: path('get') };
  const configFile = join(folder, 'octavia.conf');
  writeFileSync(
    configFile,
    `[database]
connection = mysql+pymysql://root@localhost/octavia?unix_socket=${database.socket}
[driver_agent]
${Object.entries(sockets)
  .map(([name, file]) => `${name}_path = ${file}`)
  .join('\n')}
[controller_worker]
network_driver = network_noop_driver
`,
  );
  execFileSync('octavia-db-manage', ['--config-file', configFile, 'upgrade', 'head'], { stdio: 'pipe' });
  const log = openSync(join(folder, 'driver-agent.log'), 'a');
  // Its children are in its group, and go with the namespace.
  const agent = spawn('octavia-driver-agent', ['--config-file', configFile], { stdio: ['ignore', log, log] });
  await until('the driver agent of Octavia', () => Object.values(sockets).every((file) => existsSync(file)), START_MS);
  return {
    sockets,
    plant: (tree) => void client(rowsOf(tree).join('')),
    statuses(tree) {
      const { loadBalancer, listeners, pools, members, healthMonitors, l7policies, l7rules } = tree;
      const tables: [string, { id: string }[]][] = [
        ['load_balancer', [loadBalancer]],
        ['listener', listeners],
        ['pool', pools],
        ['member', members],
        ['health_monitor', healthMonitors],
        ['l7policy', l7policies],
        ['l7rule', l7rules],
      ];
      const parts = tables
        .filter(([, objects]) => objects.length > 0)
        .map(
          ([table, objects]) =>
            `SELECT id, CONCAT(provisioning_status, '/', operating_status) FROM ${table}
             WHERE id IN (${objects.map(({ id }) => literal(id))})`,
        );
      const lines = client(parts.join(' UNION ALL ')).trim().split('\n').filter(Boolean);
      return Object.fromEntries(lines.map((line) => line.split('\t')));
    },
    inUse(project) {
      const columns = QUOTAS.map((name) => `in_use_${name}`);
      return client(`SELECT ${columns} FROM quotas WHERE project_id = ${literal(project)}`)
        .trim()
        .split('\t')
        .map(Number);
    },
    async close() {
      await endChild(agent, 'SIGTERM');
      await endChild(database.child, 'SIGTERM');
    },
  };
}

/** In an order in which every row finds what it refers to. */
function rowsOf({
  loadBalancer,
  listeners,
  pools,
  members,
  healthMonitors,
  l7policies,
  l7rules,
}: LoadBalancerTree): string[] {
  const common = (one: {
    id: string;
    projectId: string;
    provisioningStatus: string;
    operatingStatus: string;
  }): Row => ({
    id: one.id,
    project_id: one.projectId,
    provisioning_status: one.provisioningStatus,
    operating_status: one.operatingStatus,
  });
  const described = (
    one: Parameters<typeof common>[0] & { name: string; adminStateUp: boolean; description: string },
  ): Row => ({
    ...common(one),
    name: one.name,
    description: one.description,
    enabled: one.adminStateUp,
  });
  const { vip } = loadBalancer;
  const below = { load_balancer_id: loadBalancer.id };
  return [
    insert('load_balancer', {
      ...described(loadBalancer),
      provider: loadBalancer.provider,
      topology: loadBalancer.topology,
    }),
    insert('vip', {
      ...below,
      ip_address: vip.address,
      port_id: vip.portId,
      subnet_id: vip.subnetId,
      network_id: vip.networkId,
      qos_policy_id: vip.qosPolicyId,
      octavia_owned: vip.portOwned,
    }),
    ...pools.map((one) =>
      insert('pool', {
        ...described(one),
        ...below,
        protocol: one.protocol,
        lb_algorithm: one.lbAlgorithm,
        tls_enabled: one.tlsEnabled,
      }),
    ),
    ...listeners.map((one) =>
      insert('listener', {
        ...described(one),
        ...below,
        protocol: one.protocol,
        protocol_port: one.protocolPort,
        connection_limit: one.connectionLimit,
        default_pool_id: one.defaultPoolId,
        timeout_client_data: one.timeoutClientData,
        timeout_member_connect: one.timeoutMemberConnect,
        timeout_member_data: one.timeoutMemberData,
        timeout_tcp_inspect: one.timeoutTcpInspect,
        client_authentication: one.clientAuthentication,
      }),
    ),
    ...members.map((one) =>
      insert('member', {
        ...common(one),
        name: one.name,
        enabled: one.adminStateUp,
        pool_id: one.poolId,
        subnet_id: one.subnetId,
        ip_address: one.address,
        protocol_port: one.protocolPort,
        weight: one.weight,
        backup: one.backup,
      }),
    ),
    ...healthMonitors.map((one) =>
      insert('health_monitor', {
        ...common(one),
        name: one.name,
        enabled: one.adminStateUp,
        pool_id: one.poolId,
        type: one.type,
        delay: one.delay,
        timeout: one.timeout,
        fall_threshold: one.maxRetriesDown,
        rise_threshold: one.maxRetries,
        http_method: one.httpMethod,
        url_path: one.urlPath,
        expected_codes: one.expectedCodes,
        http_version: one.httpVersion,
        domain_name: one.domainName,
      }),
    ),
    ...l7policies.map((one) =>
      insert('l7policy', {
        ...described(one),
        listener_id: one.listenerId,
        action: one.action,
        redirect_pool_id: one.redirectPoolId,
        redirect_url: one.redirectUrl,
        redirect_prefix: one.redirectPrefix,
        redirect_http_code: one.redirectHttpCode,
        position: one.position,
      }),
    ),
    ...l7rules.map((one) =>
      insert('l7rule', {
        ...common(one),
        enabled: one.adminStateUp,
        l7policy_id: one.l7policyId,
        type: one.type,
        compare_type: one.compareType,
        key: one.key,
        value: one.value,
        invert: one.invert,
      }),
    ),
    insert('quotas', {
      project_id: loadBalancer.projectId,
      in_use_load_balancer: 1,
      in_use_listener: listeners.length,
      in_use_pool: pools.length,
      in_use_member: members.length,
      in_use_health_monitor: healthMonitors.length,
      in_use_l7policy: l7policies.length,
      in_use_l7rule: l7rules.length,
    }),
  ];
}
