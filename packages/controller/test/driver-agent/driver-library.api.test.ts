/** Drivers through their libraries: ours, and the one of OpenStack that drivers in Python are written with. */
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import { DriverLibrary, UpdateStatisticsError, UpdateStatusError } from '@octavia/provider-lib';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { sql } from '../../src/store/core/sql.ts';
import { forListener } from '../../src/store/resources/statistics.ts';
import { type AgentRig, ask, LIST_OF, PLANTED_KINDS, type Planted, plant, startAgent, statuses } from './support.ts';

const run = promisify(execFile);
/** Debian's, where python3-octavia-lib is. */
const PYTHON = '/usr/bin/python3';

let rig: AgentRig;
let library: DriverLibrary;
beforeAll(async () => {
  rig = await startAgent({ settings: { status_request_timeout: 1 } });
  library = await DriverLibrary.open(rig.sockets);
});
afterAll(() => rig.close());

const COUNTS = { active_connections: 3, bytes_in: 10, bytes_out: 20, request_errors: 1, total_connections: 7 };
const get = (object: string, id: unknown) => ask(rig.sockets.get_socket, { object, id });

describe('the library of this project', () => {
  it('reports statuses and statistics', async () => {
    const planted = await plant(rig.database);
    await library.update_loadbalancer_status({
      listeners: [{ id: planted.listener, provisioning_status: 'ACTIVE', operating_status: 'ONLINE' }],
    });
    expect((await statuses(rig.database, planted)).listener).toBe('ACTIVE/ONLINE');
    await library.update_listener_statistics({ listeners: [{ id: planted.listener, ...COUNTS }] });
    expect(await forListener(rig.database.store.db, planted.listener)).toMatchObject({ activeConnections: 3 });
    const unknown = library.update_loadbalancer_status({ pools: [{ id: planted.pool, provisioning_status: 'X' }] });
    await expect(unknown).rejects.toBeInstanceOf(UpdateStatusError);
    await expect(unknown).rejects.toMatchObject({ status_object: 'pools', status_object_id: planted.pool });
    const half = library.update_listener_statistics({ listeners: [{ id: planted.listener } as never] });
    await expect(half).rejects.toBeInstanceOf(UpdateStatisticsError);
  });

  it('reads every kind of object, with what is below it', async () => {
    const planted = await plant(rig.database);
    const { loadBalancer, listener, pool, member, monitor, policy, rule } = planted;
    expect(await library.get_loadbalancer(loadBalancer)).toMatchObject({
      loadbalancer_id: loadBalancer,
      project_id: planted.project,
      vip_address: '198.18.4.10',
      listeners: [{ listener_id: listener, default_pool: { pool_id: pool }, l7policies: [{ l7policy_id: policy }] }],
      pools: [{ pool_id: pool, members: [{ member_id: member }], healthmonitor: { healthmonitor_id: monitor } }],
    });
    expect(await library.get_listener(listener)).toMatchObject({
      listener_id: listener,
      default_pool: { pool_id: pool, members: [{ member_id: member }] },
      l7policies: [{ l7policy_id: policy, rules: [{ l7rule_id: rule }] }],
    });
    expect(await library.get_pool(pool)).toMatchObject({
      pool_id: pool,
      listener_id: listener,
      members: [{ member_id: member, address: '198.18.8.10' }],
      healthmonitor: { healthmonitor_id: monitor },
    });
    expect(await library.get_member(member)).toMatchObject({ member_id: member, pool_id: pool });
    expect(await library.get_healthmonitor(monitor)).toMatchObject({ healthmonitor_id: monitor, pool_id: pool });
    expect(await library.get_l7policy(policy)).toMatchObject({ l7policy_id: policy, rules: [{ l7rule_id: rule }] });
    expect(await library.get_l7rule(rule)).toMatchObject({ l7rule_id: rule, l7policy_id: policy });
  });
});

describe('what is read', () => {
  it('has null for what is not set, and none of the fields that older libraries refuse', async () => {
    const { listener, member } = await plant(rig.database);
    const read = (await get('listeners', listener)) as Record<string, unknown>;
    expect(read).toMatchObject({ default_tls_container_data: null, sni_container_data: null, tls_ciphers: null });
    for (const name of ['hsts_max_age', 'hsts_include_subdomains', 'hsts_preload'])
      expect(read).not.toHaveProperty(name);
    expect(await get('members', member)).not.toHaveProperty('vnic_type');
  });

  it('has newer fields where they matter', async () => {
    const { listener, member, loadBalancer } = await plant(rig.database);
    const group = randomUUID();
    const { db } = rig.database.store;
    await sql`update listener set hsts_max_age = 5, hsts_preload = true where id = ${listener}`.execute(db);
    await sql`update member set vnic_type = 'direct' where id = ${member}`.execute(db);
    await sql`update load_balancer set vip_sg_ids = array[${group}]::uuid[] where id = ${loadBalancer}`.execute(db);
    expect(await get('listeners', listener)).toMatchObject({ hsts_max_age: 5, hsts_preload: true });
    expect(await get('members', member)).toMatchObject({ vnic_type: 'direct' });
    expect(await get('loadbalancers', loadBalancer)).toMatchObject({ vip_sg_ids: [group] });
  });

  it('is an empty map for what is not there', async () => {
    const planted = await plant(rig.database, { waits: 'PENDING_DELETE' });
    const { loadBalancer: id } = planted;
    await library.update_loadbalancer_status({ loadbalancers: [{ id, provisioning_status: 'DELETED' }] });
    for (const kind of PLANTED_KINDS) expect(await get(LIST_OF[kind], planted[kind])).toEqual({});
    for (const request of [
      { object: 'amphorae', id },
      { object: 'toString', id },
      { object: 'loadbalancers', id: 'x' },
      { object: 'loadbalancers' },
      {},
      null,
      7,
    ]) {
      expect(await ask(rig.sockets.get_socket, request)).toEqual({});
    }
    expect(await library.get_loadbalancer(id)).toBeNull();
  });
});

/** What a driver of OpenStack does: statuses, statistics, all getters, and what it is told when it errs. */
const PYTHON_DRIVER = `
import json, sys
from octavia_lib.api.drivers import driver_lib, exceptions
sockets, ids = json.loads(sys.argv[1])
lib = driver_lib.DriverLibrary(**sockets)
out = {}
def told(call, *args):
    try:
        return call(*args)
    except (exceptions.UpdateStatusError, exceptions.UpdateStatisticsError) as e:
        return {k: v for k, v in e.__dict__.items() if isinstance(v, str)}
lib.update_loadbalancer_status({name: [{'id': i, 'provisioning_status': 'ACTIVE', 'operating_status': 'ONLINE'}]
                                for name, i in ids.items()})
counts = {'active_connections': 3, 'bytes_in': 10, 'bytes_out': 20, 'request_errors': 1, 'total_connections': 7}
lib.update_listener_statistics({'listeners': [dict(counts, id=ids['listeners'])]})
out['status'] = told(lib.update_loadbalancer_status, {'pools': [{'id': ids['pools'], 'provisioning_status': 'UP'}]})
out['statistics'] = told(lib.update_listener_statistics, {'listeners': [{'id': ids['listeners']}]})
getters = {'loadbalancers': lib.get_loadbalancer, 'listeners': lib.get_listener, 'pools': lib.get_pool,
           'members': lib.get_member, 'healthmonitors': lib.get_healthmonitor, 'l7policies': lib.get_l7policy,
           'l7rules': lib.get_l7rule}
out['objects'] = {name: getters[name](i).to_dict(recurse=True, render_unsets=True) for name, i in ids.items()}
out['missing'] = [get('00000000-0000-4000-8000-000000000000') for get in getters.values()]
print(json.dumps(out))
`;

const idsOf = (planted: Planted): Record<string, string> =>
  Object.fromEntries(PLANTED_KINDS.map((kind) => [LIST_OF[kind], planted[kind]]));

test("OpenStack's library in Python does the same", async () => {
  const planted = await plant(rig.database);
  const ids = idsOf(planted);
  const { stdout } = await run(PYTHON, ['-c', PYTHON_DRIVER, JSON.stringify([rig.sockets, ids])]);
  const said = JSON.parse(stdout);
  expect(Object.values(await statuses(rig.database, planted))).toEqual(PLANTED_KINDS.map(() => 'ACTIVE/ONLINE'));
  expect(await forListener(rig.database.store.db, planted.listener)).toMatchObject({
    activeConnections: 3,
    bytesIn: 10,
  });
  expect(said.status).toMatchObject({ status_object: 'pools', status_object_id: planted.pool });
  expect(said.statistics).toMatchObject({ stats_object: 'listeners', stats_object_id: planted.listener });
  for (const [name, id] of Object.entries(ids)) expect(said.objects[name]).toEqual(await get(name, id));
  expect(said.missing).toEqual([null, null, null, null, null, null, null]);
});
