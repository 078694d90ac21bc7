/** Names and statuses of everything below a load balancer, in one statement. */
import { free, readRows, rowsText, rowText } from '../core/cells.ts';
import type { Store } from '../core/database.ts';
import { isUuid } from '../core/table.ts';

/** `name` is a JSON string. */
export interface Status {
  id: string;
  name: string;
  operatingStatus: string;
  provisioningStatus: string;
}

export interface StatusTree {
  /** A JSON string. */
  projectId: string;
  loadBalancer: Status;
  listeners: (Status & { defaultPoolId: string | null })[];
  pools: Status[];
  members: (Status & { poolId: string; address: string; protocolPort: string })[];
  healthMonitors: (Status & { poolId: string; type: string })[];
  /** By position. */
  redirects: { listenerId: string; poolId: string }[];
}

const STATUS = ['t.id', free('t.name'), 't.operating_status', 't.provisioning_status'];
const IN_ORDER = 'order by t.created_at, t.id';
const BELOW_POOLS = 'join pool p on p.id = t.pool_id where p.load_balancer_id = $1';

const rows = (cells: readonly string[], from: string): string =>
  rowsText(`select ${rowText(cells)} as row from ${from}`);

/** One level per line; a level without rows is an empty line. No cell holds a line feed. */
const TREE = `select concat_ws(E'\\n', ${rowText([...STATUS, free('t.project_id')])}, ${[
  rows([...STATUS, 't.default_pool_id'], `listener t where t.load_balancer_id = $1 ${IN_ORDER}`),
  rows(STATUS, `pool t where t.load_balancer_id = $1 ${IN_ORDER}`),
  rows(
    [...STATUS, 't.pool_id', 'coalesce(t.given_address, host(t.address))', 't.protocol_port'],
    `member t ${BELOW_POOLS} ${IN_ORDER}`,
  ),
  rows([...STATUS, 't.pool_id', 't.type'], `health_monitor t ${BELOW_POOLS} ${IN_ORDER}`),
  rows(
    ['t.listener_id', 't.redirect_pool_id'],
    `l7policy t join listener l on l.id = t.listener_id
      where l.load_balancer_id = $1 and t.redirect_pool_id is not null order by t.position`,
  ),
]
  .map((level) => `coalesce(${level}, '')`)
  .join(', ')}) from load_balancer t where t.id = $1 and t.provisioning_status <> 'DELETED'`;

const status = ([id = '', name = '', operatingStatus = '', provisioningStatus = '']: string[]): Status => ({
  id,
  name,
  operatingStatus,
  provisioningStatus,
});

export async function statusTree(store: Store, id: string): Promise<StatusTree | null> {
  const text = isUuid(id) ? await store.text(TREE, [id]) : null;
  if (text === null) return null;
  const levels = text.split('\n').map((level) => readRows(level === '' ? null : level));
  const [[own = []] = [], listeners = [], pools = [], members = [], healthMonitors = [], redirects = []] = levels;
  return {
    projectId: own[4] ?? '',
    loadBalancer: status(own),
    listeners: listeners.map((cells) => ({ ...status(cells), defaultPoolId: cells[4] || null })),
    pools: pools.map(status),
    members: members.map((cells) => ({
      ...status(cells),
      poolId: cells[4] ?? '',
      address: cells[5] ?? '',
      protocolPort: cells[6] ?? '',
    })),
    healthMonitors: healthMonitors.map((cells) => ({ ...status(cells), poolId: cells[4] ?? '', type: cells[5] ?? '' })),
    redirects: redirects.map(([listenerId = '', poolId = '']) => ({ listenerId, poolId })),
  };
}
