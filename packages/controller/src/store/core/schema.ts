/** Kysely's view of the tables that are read with the query builder. The resource tables go through `table.ts`. */
import type { ColumnType, Generated } from 'kysely';
import type { IngressRule } from '../../domain/ingress.ts';

/** Written once, with a default of the database. */
type CreatedAt = ColumnType<Date, Date | undefined, never>;

export interface LocalNetworkTable {
  id: string;
  name: string;
  bridge: string;
  mtu: number;
  shared: Generated<boolean>;
  project_id: Generated<string | null>;
}

export interface LocalSubnetTable {
  id: string;
  network_id: string;
  name: string;
  cidr: string;
  gateway_ip: string | null;
  ip_version: number;
  /** JSON array of {destination, nexthop}; written as text. */
  host_routes: ColumnType<{ destination: string; nexthop: string }[], string, string>;
}

export interface LocalPortTable {
  id: string;
  name: string;
  network_id: string;
  mac_address: string;
  device_id: string;
  device_owner: string;
  project_id: Generated<string | null>;
  qos_policy_id: Generated<string | null>;
  security_group_ids: Generated<string[]>;
  ingress: Generated<IngressRule[] | null>;
  created_at: CreatedAt;
}

export interface LocalPortIpTable {
  /** The port, where the address may be another's too; the nil id otherwise. */
  shared_by: Generated<string>;
  port_id: string;
  subnet_id: string;
  ip_address: string;
}

export interface AmphoraMemberPortTable {
  amphora_id: string;
  network_id: string;
  port_id: string;
}

export interface WorkerTable {
  id: string;
  host: string;
  pid: number;
  process_start: string;
  started_at: Generated<Date>;
  heartbeat_at: Generated<Date>;
}

export interface Schema {
  local_network: LocalNetworkTable;
  local_subnet: LocalSubnetTable;
  local_port: LocalPortTable;
  local_port_ip: LocalPortIpTable;
  amphora_member_port: AmphoraMemberPortTable;
  worker: WorkerTable;
}
