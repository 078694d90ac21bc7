/** Objects that failed under the release before, which knew why by the text alone. */
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openTestStore, type TestStore } from '../support/store.ts';

const MIGRATION = new URL('../../src/store/migrations/0024-failures.sql', import.meta.url);
const RESOURCES = ['load_balancer', 'listener', 'pool', 'member', 'health_monitor', 'l7policy', 'l7rule'];
const LB = '00000000-0000-4000-8000-000000000001';
const id = (n: number): string => `00000000-0000-4000-8000-0000000000${String(n).padStart(2, '0')}`;
const UNREACHABLE = 'Amphora a did not answer at b: c';
const REFUSED = `HAProxy refused the configuration of listener ${id(10)}: no.`;

let store: TestStore;
const run = (statement: string, values: unknown[] = []) => store.store.pool.query(statement, values);

beforeAll(async () => {
  store = await openTestStore();
  for (const table of RESOURCES)
    await run(`alter table ${table} drop column status_code, drop column failed_operation_id`);
  await run(
    `insert into load_balancer (id, project_id, name, description, admin_state_up, provisioning_status, operating_status,
      status_reason, tags, provider, topology, vip_address, vip_port_owned, additional_vips, created_at)
    values ($1, 'p', '', '', true, 'ERROR', 'OFFLINE', $2, '{}', 'amphora', 'SINGLE', '192.0.2.1', false, '[]', now())`,
    [LB, UNREACHABLE],
  );
  const listener = (n: number, port: number, status: string, reason: string | null) =>
    run(
      `insert into listener (id, load_balancer_id, project_id, name, description, admin_state_up, provisioning_status,
        operating_status, status_reason, tags, protocol, protocol_port, connection_limit, insert_headers, sni_container_refs,
        timeout_client_data, timeout_member_connect, timeout_member_data, timeout_tcp_inspect, client_authentication, created_at)
      values ($1, $2, 'p', '', '', true, $3, 'OFFLINE', $4, '{}', 'HTTP', $5, -1, '{}', '{}', 1, 1, 1, 0, 'NONE', now())`,
      [id(n), LB, status, reason, port],
    );
  await listener(10, 80, 'PENDING_UPDATE', REFUSED);
  await listener(11, 81, 'ERROR', 'Something that no operation says.');
  await listener(12, 82, 'ACTIVE', null);
  const operation = (n: number, reason: string, cause: string | null, abandon: string | null, age: number) =>
    run(
      `insert into operation (id, load_balancer_id, project_id, kind, resource_type, resource_id, input, flow_version, state,
        reason, cause, abandon_reason, created_at, ended_at)
      values ($1, $2, 'p', 'update_load_balancer', 'load_balancer', $2, '{}', 1, 'failed', $3, $4, $5,
        now() - make_interval(secs => $6::int), now())`,
      [id(n), LB, reason, cause, abandon, age],
    );
  await operation(50, UNREACHABLE, 'AMPHORA_UNREACHABLE', null, 20);
  await operation(51, UNREACHABLE, 'AMPHORA_UNREACHABLE', null, 10);
  await operation(52, 'Given up after 5 attempts.', null, 'Given up after 5 attempts.', 5);
  await operation(53, 'An unexpected error occurred in the controller.', null, null, 4);
  await run(await readFile(MIGRATION, 'utf8'));
});
afterAll(() => store.close());

test('are known by the newest operation that failed with their text, and its code', async () => {
  const { rows } = await run('select status_code, failed_operation_id from load_balancer');
  expect(rows).toEqual([{ status_code: 'AMPHORA_UNREACHABLE', failed_operation_id: id(51) }]);
});

test('are known as refused by HAProxy, or as of an unknown cause, where no operation tells', async () => {
  const { rows } = await run('select status_code, failed_operation_id from listener order by protocol_port');
  expect(rows).toEqual([
    { status_code: 'CONFIGURATION_REFUSED', failed_operation_id: null },
    { status_code: 'UNEXPECTED_ERROR', failed_operation_id: null },
    { status_code: null, failed_operation_id: null },
  ]);
});

test('failed operations without a code get one', async () => {
  const { rows } = await run('select cause from operation order by created_at');
  expect(rows.map(({ cause }) => cause)).toEqual([
    'AMPHORA_UNREACHABLE',
    'AMPHORA_UNREACHABLE',
    'OPERATION_ABANDONED',
    'UNEXPECTED_ERROR',
  ]);
});
