/** A database that knows many amphorae, each with a load balancer of its own, all well. */
import pg from 'pg';
import { LISTENERS, MEMBERS } from './heartbeat-sender.ts';

const common = `'bench', '', true, 'ACTIVE', 'ONLINE', '{}', now()`;
const COMMON = 'project_id, name, admin_state_up, provisioning_status, operating_status, tags, created_at';

const FILL = [
  `insert into load_balancer (id, ${COMMON}, description, provider, topology, vip_address, vip_port_owned, additional_vips)
   select md5('lb ' || i)::uuid, ${common}, '', 'amphora', 'SINGLE', '10.0.0.1', false, '[]' from generate_series(1, $1::int) i`,
  `insert into amphora (id, load_balancer_id, status, cached_zone, created_at)
   select md5('amphora ' || i)::uuid, md5('lb ' || i)::uuid, 'ALLOCATED', 'zone-' || i % 3, now()
   from generate_series(1, $1::int) i`,
  `insert into pool (id, load_balancer_id, ${COMMON}, description, protocol, lb_algorithm, tls_enabled)
   select md5('pool ' || i || ' ' || n)::uuid, md5('lb ' || i)::uuid, ${common}, '', 'HTTP', 'ROUND_ROBIN', false
   from generate_series(1, $1::int) i, generate_series(1, ${LISTENERS}) n`,
  `insert into listener (id, load_balancer_id, ${COMMON}, description, protocol, protocol_port, connection_limit,
     default_pool_id, insert_headers, sni_container_refs, timeout_client_data, timeout_member_connect,
     timeout_member_data, timeout_tcp_inspect, client_authentication)
   select md5('listener ' || i || ' ' || n)::uuid, md5('lb ' || i)::uuid, ${common}, '', 'HTTP', n, -1,
     md5('pool ' || i || ' ' || n)::uuid, '{}', '{}', 50000, 5000, 50000, 0, 'NONE'
   from generate_series(1, $1::int) i, generate_series(1, ${LISTENERS}) n`,
  `insert into member (id, pool_id, ${COMMON}, address, protocol_port, weight, backup)
   select md5('member ' || i || ' ' || n || ' ' || m)::uuid, md5('pool ' || i || ' ' || n)::uuid, ${common},
     ('10.0.1.' || m)::inet, 80, 1, false
   from generate_series(1, $1::int) i, generate_series(1, ${LISTENERS}) n, generate_series(1, ${MEMBERS}) m`,
];

export async function fillCloud(url: string, amphorae: number): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    for (const statement of FILL) await client.query(statement, [amphorae]);
    await client.query('vacuum analyze');
  } finally {
    await client.end();
  }
}

export interface CloudState {
  /** Heartbeats whose statistics arrived. */
  applied: number;
  /** Amphorae heard within the last 15 seconds. */
  alive: number;
  /** Load balancers that are ONLINE and ACTIVE. */
  well: number;
}

export async function cloudState(url: string): Promise<CloudState> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query(`select
      coalesce((select sum(total_connections) from listener_statistics), 0)::float8 / ${LISTENERS} as applied,
      (select count(*)::float8 from amphora_health where last_update > now() - interval '15 seconds') as alive,
      (select count(*)::float8 from load_balancer
        where provisioning_status = 'ACTIVE' and operating_status = 'ONLINE') as well`);
    return rows[0] as CloudState;
  } finally {
    await client.end();
  }
}
