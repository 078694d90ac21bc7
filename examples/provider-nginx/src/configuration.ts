/** A load balancer as a configuration of nginx: pure. Every word in it is a number, an address, an id, or ours. */
import { isIPv6 } from 'node:net';
import { type Fields, type Tree, textOf } from './tree.ts';

const hostOf = (address: string): string => (isIPv6(address) ? `[${address}]` : address);
const isOn = ({ admin_state_up: up }: Fields): boolean => up !== false;
const seconds = (milliseconds: unknown, otherwise: number): string => `${Number(milliseconds ?? otherwise)}ms`;

const ALGORITHMS: Readonly<Record<string, string>> = {
  ROUND_ROBIN: '',
  LEAST_CONNECTIONS: 'least_conn;',
  SOURCE_IP: 'hash $remote_addr consistent;',
  SOURCE_IP_PORT: 'hash $remote_addr$remote_port consistent;',
};

// #region upstream
function upstream(pool: Fields, members: readonly Fields[]): string {
  const servers = members.map(({ address, protocol_port: port, weight }) => {
    // nginx knows no weight of 0: who has it gets no new connections.
    const share = weight === 0 ? 'down' : `weight=${Number(weight ?? 1)}`;
    return `server ${hostOf(textOf(address))}:${Number(port)} ${share};`;
  });
  return `upstream pool_${textOf(pool.pool_id)} { ${ALGORITHMS[textOf(pool.lb_algorithm)] ?? ''} ${servers.join(' ')} }`;
}
// #endregion

const FORWARDED: Readonly<Record<string, string>> = {
  'X-Forwarded-For': '$proxy_add_x_forwarded_for',
  'X-Forwarded-Port': '$server_port',
  'X-Forwarded-Proto': '$scheme',
};

function access({ allowed_cidrs: cidrs }: Fields): string[] {
  if (!Array.isArray(cidrs) || cidrs.length === 0) return [];
  return [...(cidrs as string[]).map((cidr) => `allow ${cidr};`), 'deny all;'];
}

function httpServer(listener: Fields, pool: string | null): string[] {
  const inserted = Object.entries((listener.insert_headers ?? {}) as Record<string, string>);
  const headers = inserted
    .filter(([, value]) => value === 'true')
    .map(([name]) => `proxy_set_header ${name} ${FORWARDED[name]};`);
  if (pool === null) return ['location / { return 503; }'];
  return [
    `client_body_timeout ${seconds(listener.timeout_client_data, 50_000)};`,
    `proxy_connect_timeout ${seconds(listener.timeout_member_connect, 5000)};`,
    `proxy_read_timeout ${seconds(listener.timeout_member_data, 50_000)};`,
    'proxy_http_version 1.1;',
    'proxy_set_header Connection "";',
    'proxy_set_header Host $http_host;',
    ...headers,
    `location / { proxy_pass http://${pool}; }`,
  ];
}

function streamServer(listener: Fields, pool: string | null): string[] {
  // Who comes is sent away at once.
  if (pool === null) return ['return "";'];
  return [
    `proxy_connect_timeout ${seconds(listener.timeout_member_connect, 5000)};`,
    `proxy_timeout ${seconds(listener.timeout_client_data, 50_000)};`,
    `proxy_pass ${pool};`,
  ];
}

/** @returns null: nothing of the load balancer is to be served */
export function configurationOf({ balancer, listeners, pools, members }: Tree, folder: string): string | null {
  const active = isOn(balancer) ? Object.values(listeners).filter(isOn) : [];
  if (active.length === 0) return null;
  const membersOf = (pool: Fields) =>
    Object.values(members).filter((member) => member.pool_id === pool.pool_id && isOn(member));
  const usable = Object.values(pools).filter((pool) => isOn(pool) && membersOf(pool).length > 0);
  const context = (isHttp: boolean): string[] => {
    const own = active.filter(({ protocol }) => (protocol === 'HTTP') === isHttp);
    const used = usable.filter((pool) => own.some((listener) => listener.default_pool_id === pool.pool_id));
    const servers = own.map((listener) => {
      const pool = used.find(({ pool_id }) => pool_id === listener.default_pool_id);
      const name = pool ? `pool_${textOf(pool.pool_id)}` : null;
      const listen = `listen ${hostOf(textOf(balancer.vip_address))}:${Number(listener.protocol_port)};`;
      const lines = isHttp ? httpServer(listener, name) : streamServer(listener, name);
      return `server { ${[listen, ...access(listener), ...lines].join(' ')} }`;
    });
    return [...used.map((pool) => upstream(pool, membersOf(pool))), ...servers];
  };
  const flavor = (balancer.flavor ?? {}) as Fields;
  const http = ['access_log off;', ...TEMPORARY.map((kind) => `${kind}_temp_path ${folder}/${kind};`)];
  return [
    'load_module /usr/lib/nginx/modules/ngx_stream_module.so;',
    'user nobody nogroup;',
    `worker_processes ${Number(flavor.worker_processes ?? 1)};`,
    `pid ${folder}/nginx.pid;`,
    `error_log ${folder}/error.log;`,
    'events { worker_connections 1024; }',
    `http {\n  ${[...http, ...context(true)].join('\n  ')}\n}`,
    `stream {\n  ${context(false).join('\n  ')}\n}`,
    '',
  ].join('\n');
}

const TEMPORARY = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
