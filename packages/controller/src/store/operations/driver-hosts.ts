/** Processes with provider drivers in them and the driver agents they report to, and what the drivers were given. */
import type { Executor, Tx } from '../core/database.ts';
import { sql } from '../core/sql.ts';

export interface DriverHost {
  id: string;
  role: 'driver' | 'agent';
  /** Where it runs: a driver reports to an agent of the same host. */
  host: string;
}

export async function beat(executor: Executor, { id, role, host }: DriverHost): Promise<void> {
  await sql`
    insert into driver_host (id, role, host) values (${id}, ${role}, ${host})
    on conflict (id) do update set heartbeat_at = now()`.execute(executor);
}

export async function remove(executor: Executor, id: string): Promise<void> {
  await sql`delete from driver_host where id = ${id}`.execute(executor);
}

/** Forgets those that have not been heard for so long. */
export async function forgetDead(executor: Executor, seconds: number): Promise<void> {
  await sql`delete from driver_host where heartbeat_at < now() - make_interval(secs => ${seconds}::float8)`.execute(
    executor,
  );
}

/** A driver is given a change of the load balancer. */
export async function noteDelivery(tx: Tx, loadBalancerId: string, hostId: string): Promise<void> {
  await sql`
    insert into driver_delivery (load_balancer_id, driver_host_id) values (${loadBalancerId}, ${hostId})
    on conflict (load_balancer_id) do update set driver_host_id = excluded.driver_host_id, delivered_at = now()`.execute(
    tx,
  );
}
