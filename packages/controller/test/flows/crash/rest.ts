/** What must hold of a load balancer and its cloud whenever nothing is going on. */
import { releaseUnownedAmphorae } from '../../../src/status/recovery.ts';
import { sql } from '../../../src/store/core/sql.ts';
import * as operations from '../../../src/store/operations/operations.ts';
import type { Trial } from './harness.ts';

const CHILDREN = {
  listener: 'load_balancer_id = $1',
  pool: 'load_balancer_id = $1',
  member: 'pool_id in (select id from pool where load_balancer_id = $1)',
  health_monitor: 'pool_id in (select id from pool where load_balancer_id = $1)',
  l7policy: 'listener_id in (select id from listener where load_balancer_id = $1)',
  l7rule:
    'l7policy_id in (select y.id from l7policy y join listener l on l.id = y.listener_id where l.load_balancer_id = $1)',
} as const;

interface AmphoraRow {
  id: string;
  status: string;
  role: string;
  compute_id: string | null;
  image_id: string | null;
  vrrp_port_id: string | null;
  cert_busy: boolean;
  busy: boolean | null;
}

/** Everything the outside and the database hold for the load balancer, without ids: equal for equal outcomes. */
export interface Shape {
  loadBalancer: string;
  reason: string | null;
  children: Record<string, string[]>;
  amphorae: string[];
  /** Ports by what they are for, and how many addresses each has. */
  ports: string[];
  configurations: number;
  operation: string;
}

export interface Expectations {
  /** Whether an ACTIVE load balancer has all amphorae it should have; not after an operation on a single one failed. */
  serving: boolean;
  /** Whether the VIP's port is there; deleting a load balancer gives it away before its end. */
  vipPort: boolean;
}

/** Breaches of what must hold at rest. */
export async function breaches(
  trial: Trial,
  expected: Expectations = { serving: true, vipPort: true },
): Promise<string[]> {
  const { world, harness, loadBalancerId } = trial;
  const { pool, db } = harness.store;
  // What the reconciler does within a minute.
  await releaseUnownedAmphorae(db);
  const found: string[] = [];
  const must = (holds: boolean, otherwise: string) => {
    if (!holds) found.push(otherwise);
  };
  const lb = (await pool.query('select * from load_balancer where id = $1', [loadBalancerId])).rows[0];
  must(!lb.provisioning_status.startsWith('PENDING'), `the load balancer is ${lb.provisioning_status}`);
  must(lb.provisioning_status !== 'ERROR' || lb.status_reason !== null, 'ERROR without a reason');
  for (const [table, where] of Object.entries(CHILDREN)) {
    const { rows } = await pool.query(`select * from ${table} where ${where}`, [loadBalancerId]);
    for (const row of rows) {
      must(!row.provisioning_status.startsWith('PENDING'), `a ${table} is ${row.provisioning_status}`);
      must(row.provisioning_status !== 'ERROR' || row.status_reason !== null, `a ${table} in ERROR without a reason`);
    }
  }

  const amphorae = (
    await sql<AmphoraRow>`select a.*, h.busy from amphora a left join amphora_health h on h.amphora_id = a.id
      where a.load_balancer_id = ${loadBalancerId} and a.status <> 'DELETED'`.execute(db)
  ).rows;
  // The cloud of a trial is its own: whatever is there belongs to an amphora that is known.
  const known = new Set(amphorae.map(({ compute_id }) => compute_id));
  for (const [id, instance] of world.instances) must(known.has(id), `instance ${instance.name} leaked`);
  const named = new Set(amphorae.map(({ id }) => `amphora-${id}`));
  for (const name of world.imagesOfVolumes.keys()) must(named.has(name), `the volume of ${name} leaked`);
  for (const { id, compute_id, image_id, status, cert_busy, busy } of amphorae) {
    must(!/PENDING|BOOTING/.test(status), `amphora ${id} is ${status}`);
    must(status !== 'ALLOCATED' || world.instances.has(compute_id ?? ''), `amphora ${id} has no instance`);
    must(
      status !== 'ALLOCATED' || image_id === world.imagesOfVolumes.get(`amphora-${id}`),
      `amphora ${id} has no image`,
    );
    must(!cert_busy, `amphora ${id} is marked for a certificate`);
    must(busy !== true, `amphora ${id} is marked busy`);
  }
  const rows = (
    await sql<{ id: string; name: string }>`select p.id, p.name from local_port p
      where p.device_id = ${`lb-${loadBalancerId}`} or p.device_id = any(${[...world.built]}::text[])`.execute(db)
  ).rows;
  const recorded = new Set<string | null>([
    ...amphorae.map(({ vrrp_port_id }) => vrrp_port_id),
    lb.provisioning_status === 'DELETED' ? null : lb.vip_port_id,
    ...(
      await sql<{ port_id: string }>`select port_id from amphora_member_port
        where amphora_id = any(${amphorae.map(({ id }) => id)}::uuid[])`.execute(db)
    ).rows.map(({ port_id }) => port_id),
  ]);
  for (const port of rows) must(recorded.has(port.id), `port ${port.name} leaked`);
  const [newest] = await operations.byLoadBalancer(db, loadBalancerId, 1);
  for (const instance of newest?.state === 'succeeded' ? world.instances.values() : []) {
    for (const [portId, told] of instance.plugged) {
      const port = await world.network.getPort(portId);
      const given = port?.fixedIps.map(({ ipAddress }) => ipAddress).toSorted();
      must(given?.join() === told.join(), `port ${port?.name} has ${given}, its interface ${told}`);
    }
  }
  must(
    !expected.vipPort || lb.provisioning_status === 'DELETED' || rows.some(({ id }) => id === lb.vip_port_id),
    'the VIP port of the load balancer is gone',
  );
  must(lb.provisioning_status !== 'DELETED' || world.serverGroups.size === 0, 'a server group leaked');
  const serving = amphorae.filter(({ status }) => status === 'ALLOCATED');
  if (lb.provisioning_status === 'ACTIVE' && expected.serving) {
    must(serving.length === (trial.topology === 'SINGLE' ? 1 : 2), `${serving.length} amphorae serve`);
    const configurations = new Set(
      serving.map(({ compute_id }) => world.instances.get(compute_id ?? '')?.configuration),
    );
    must(configurations.size === 1, 'amphorae differ in their configuration');
  }
  const open = await sql`select 1 from operation_step s join operation o on o.id = s.operation_id
    where o.load_balancer_id = ${loadBalancerId} and s.state = 'running'`.execute(db);
  must(open.rows.length === 0, 'a step of an ended operation is running');
  found.push(...twice(world.changes));
  return found;
}

/** Things that came or went more than once, though each is for one time only. */
function twice(changes: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const change of changes) {
    if (/^[+-] (instance|port|attachment|VIP|network|server group)/.test(change)) {
      counts.set(change, (counts.get(change) ?? 0) + 1);
    }
  }
  return [...counts].flatMap(([change, count]) => (count > 1 ? [`${count} times: ${change}`] : []));
}

/** @param operationState how the operation of the trial ended */
export async function shapeOf(trial: Trial, operationState: string): Promise<Shape> {
  const { world, harness, loadBalancerId } = trial;
  const { pool } = harness.store;
  const lb = (await pool.query('select * from load_balancer where id = $1', [loadBalancerId])).rows[0];
  const children: Record<string, string[]> = {};
  for (const [table, where] of Object.entries(CHILDREN)) {
    const { rows } = await pool.query(`select provisioning_status as status from ${table} where ${where}`, [
      loadBalancerId,
    ]);
    children[table] = rows.map(({ status }) => status).sort();
  }
  const { rows: amphorae } = await pool.query(
    `select role, status from amphora where load_balancer_id = $1 and status <> 'DELETED' order by role, status`,
    [loadBalancerId],
  );
  const ids = [...world.instances.keys()];
  const { rows: ports } = await pool.query(
    `select regexp_replace(name, '[0-9a-f]{8}-[0-9a-f-]{27}', 'x', 'g') || ' ' ||
       (select count(*) from local_port_ip where port_id = id) as name from local_port
     where device_id = $1 or device_id = any($2) order by 1`,
    [`lb-${loadBalancerId}`, ids],
  );
  return {
    loadBalancer: lb.provisioning_status,
    reason: lb.status_reason?.replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'x') ?? null,
    children,
    amphorae: amphorae.map(({ role, status }) => `${role} ${status}`),
    ports: ports.map(({ name }) => name),
    configurations: new Set([...world.instances.values()].map(({ configuration }) => configuration)).size,
    operation: operationState,
  };
}
