import type { Executor } from '../core/database.ts';
import { sql } from '../core/sql.ts';

export interface StoredVrrpGroup {
  name: string;
  authType: 'PASS' | 'AH';
  /** A secret. */
  authPass: string;
  /** Seconds between two advertisements. */
  advertInt: number;
}

/** The group of the load balancer: the stored one, else the given one, which is stored. */
export async function ensure(
  executor: Executor,
  loadBalancerId: string,
  fresh: StoredVrrpGroup,
): Promise<StoredVrrpGroup> {
  await sql`
    insert into vrrp_group (load_balancer_id, vrrp_group_name, vrrp_auth_type, vrrp_auth_pass, advert_int)
    values (${loadBalancerId}, ${fresh.name}, ${fresh.authType}, ${fresh.authPass}, ${fresh.advertInt})
    on conflict (load_balancer_id) do nothing`.execute(executor);
  return (await get(executor, loadBalancerId)) ?? fresh;
}

export async function get(executor: Executor, loadBalancerId: string): Promise<StoredVrrpGroup | null> {
  const { rows } = await sql<StoredVrrpGroup>`
    select vrrp_group_name as name, vrrp_auth_type as "authType", vrrp_auth_pass as "authPass",
      advert_int as "advertInt"
    from vrrp_group where load_balancer_id = ${loadBalancerId}`.execute(executor);
  return rows[0] ?? null;
}
