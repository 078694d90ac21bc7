import type { HealthMonitor } from '../../domain/resources.ts';
import type { Executor, Tx } from '../core/database.ts';
import type { ListQuery } from '../core/list-query.ts';
import { RESOURCE_COLUMNS } from '../core/resource-columns.ts';
import { sql } from '../core/sql.ts';
import { type Attributes, Table } from '../core/table.ts';

const table = new Table<HealthMonitor, 'health_monitor'>({
  name: 'health_monitor',
  columns: {
    ...RESOURCE_COLUMNS,
    poolId: 'pool_id',
    type: 'type',
    delay: 'delay',
    timeout: 'timeout',
    maxRetries: 'max_retries',
    maxRetriesDown: 'max_retries_down',
    httpMethod: 'http_method',
    urlPath: 'url_path',
    expectedCodes: 'expected_codes',
    httpVersion: 'http_version',
    domainName: 'domain_name',
  },
});

export const insert = (tx: Tx, monitor: HealthMonitor) => table.insert(tx, monitor);
export const insertionOf = (rows: readonly HealthMonitor[]) => table.insertionOf(rows);
export const get = (executor: Executor, id: string) => table.get(executor, id);
export const update = (executor: Executor, id: string, changes: Attributes<HealthMonitor>) =>
  table.update(executor, id, changes);
export const remove = (executor: Executor, id: string) => table.remove(executor, id);
export const list = (executor: Executor, query: ListQuery) => table.list(executor, query);

export const isMonitored = async (executor: Executor, poolId: string): Promise<boolean> =>
  (await byPool(executor, poolId)).length > 0;

export const byPool = (executor: Executor, poolId: string) => table.select(executor, sql`t.pool_id = ${poolId}`);

export const byLoadBalancer = (executor: Executor, loadBalancerId: string) =>
  table.select(executor, sql`t.pool_id in (select p.id from pool p where p.load_balancer_id = ${loadBalancerId})`);
