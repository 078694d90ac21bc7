/** Tables of the local and the noop network service: networks, subnets, ports and their addresses. */

import { NIL } from '../../domain/catalog.ts';
import type { IngressRule } from '../../domain/ingress.ts';
import { selection } from '../core/columns.ts';
import { type Executor, isUniqueViolation } from '../core/database.ts';
import { type Sql, sql } from '../core/sql.ts';

export interface NetworkRow {
  id: string;
  name: string;
  bridge: string;
  mtu: number;
  /** The only project that may name it; null: administrators alone. Left out: everybody may. */
  reservedFor?: string | null;
}

export interface SubnetRow {
  id: string;
  networkId: string;
  name: string;
  cidr: string;
  gatewayIp: string | null;
  ipVersion: number;
  hostRoutes: { destination: string; nexthop: string }[];
  /** As its network's, where it is read. */
  reservedFor?: string | null;
}

export interface PortRow {
  id: string;
  name: string;
  networkId: string;
  macAddress: string;
  deviceId: string;
  deviceOwner: string;
  projectId: string | null;
  qosPolicyId: string | null;
  securityGroupIds: string[];
  /** In order of address. */
  fixedIps: { subnetId: string; ipAddress: string }[];
}

/** Creates networks and subnets, or brings them to this state. */
export async function upsertNetworks(executor: Executor, networks: NetworkRow[], subnets: SubnetRow[]): Promise<void> {
  for (const { id, name, bridge, mtu, reservedFor } of networks) {
    await sql`
      insert into local_network (id, name, bridge, mtu, shared, project_id)
      values (${id}, ${name}, ${bridge}, ${mtu}, ${reservedFor === undefined}, ${reservedFor ?? null})
      on conflict (id) do update set name = excluded.name, bridge = excluded.bridge, mtu = excluded.mtu,
        shared = excluded.shared, project_id = excluded.project_id`.execute(executor);
  }
  for (const { id, networkId, name, cidr, gatewayIp, ipVersion, hostRoutes } of subnets) {
    await sql`
      insert into local_subnet (id, network_id, name, cidr, gateway_ip, ip_version, host_routes)
      values (${id}, ${networkId}, ${name}, ${cidr}, ${gatewayIp}, ${ipVersion}, ${JSON.stringify(hostRoutes)}::jsonb)
      on conflict (id) do update set network_id = excluded.network_id, name = excluded.name, cidr = excluded.cidr,
        gateway_ip = excluded.gateway_ip, ip_version = excluded.ip_version,
        host_routes = excluded.host_routes`.execute(executor);
  }
}

interface Reservation {
  shared: boolean;
  projectId: string | null;
}

const RESERVATION = selection<'local_network', Reservation>('n', { shared: 'shared', projectId: 'project_id' });

type StoredNetwork = Omit<NetworkRow, 'reservedFor'>;

const NETWORK = selection<'local_network', StoredNetwork>('n', {
  id: 'id',
  name: 'name',
  bridge: 'bridge',
  mtu: 'mtu',
});

type StoredSubnet = Omit<SubnetRow, 'reservedFor'>;

const SUBNET = selection<'local_subnet', StoredSubnet>('s', {
  id: 'id',
  networkId: 'network_id',
  name: 'name',
  cidr: 'cidr',
  gatewayIp: 'gateway_ip',
  ipVersion: 'ip_version',
  hostRoutes: 'host_routes',
});

const PORT = selection<'local_port', Omit<PortRow, 'fixedIps'>>('p', {
  id: 'id',
  name: 'name',
  networkId: 'network_id',
  macAddress: 'mac_address',
  deviceId: 'device_id',
  deviceOwner: 'device_owner',
  projectId: 'project_id',
  qosPolicyId: 'qos_policy_id',
  securityGroupIds: 'security_group_ids',
});

const reservation = ({ shared, projectId }: Reservation) => (shared ? {} : { reservedFor: projectId });

/** All networks, or those with the ids; in order of name. */
export async function selectNetworks(executor: Executor, ids?: string[]): Promise<NetworkRow[]> {
  const wanted = ids ? sql`n.id = any(${ids}::uuid[])` : sql`true`;
  const { rows } = await sql<StoredNetwork & Reservation>`
    select ${NETWORK}, ${RESERVATION} from local_network n where ${wanted} order by n.name, n.id`.execute(executor);
  return rows.map(({ shared, projectId, ...row }) => ({ ...row, ...reservation({ shared, projectId }) }));
}

/** All subnets, those with the ids, or those of a network; in order of name. */
export async function selectSubnets(
  executor: Executor,
  filter?: string[] | { networkId: string },
): Promise<SubnetRow[]> {
  let wanted = sql`true`;
  if (Array.isArray(filter)) wanted = sql`s.id = any(${filter}::uuid[])`;
  else if (filter) wanted = sql`s.network_id = ${filter.networkId}`;
  const { rows } = await sql<StoredSubnet & Reservation>`
    select ${SUBNET}, ${RESERVATION}
    from local_subnet s join local_network n on n.id = s.network_id
    where ${wanted} order by s.name, s.id`.execute(executor);
  return rows.map(({ shared, projectId, ...row }) => ({ ...row, ...reservation({ shared, projectId }) }));
}

/** Ports with this id, this name, or names that start with the prefix; in order of name. */
export async function selectPorts(
  executor: Executor,
  filter: { id: string } | { name: string } | { namePrefix: string },
): Promise<PortRow[]> {
  let wanted: Sql;
  if ('id' in filter) wanted = sql`p.id = ${filter.id}`;
  else if ('name' in filter) wanted = sql`p.name = ${filter.name}`;
  // starts_with, because names hold characters that LIKE reads as patterns.
  else wanted = sql`starts_with(p.name, ${filter.namePrefix})`;
  const { rows } = await sql<PortRow>`
    select ${PORT},
      (select coalesce(jsonb_agg(
          jsonb_build_object('subnetId', a.subnet_id, 'ipAddress', host(a.ip_address)) order by a.ip_address), '[]')
        from local_port_ip a where a.port_id = p.id) as "fixedIps"
    from local_port p where ${wanted} order by p.name`.execute(executor);
  return rows;
}

/** False when the name or the MAC address is taken. Waits for a transaction that is just creating the same. */
export async function insertPort(executor: Executor, port: Omit<PortRow, 'fixedIps'>): Promise<boolean> {
  const { id, name, networkId, macAddress, deviceId, deviceOwner, projectId, qosPolicyId, securityGroupIds } = port;
  const { count } = await sql`
    insert into local_port (id, name, network_id, mac_address, device_id, device_owner, project_id, qos_policy_id,
      security_group_ids)
    values (${id}, ${name}, ${networkId}, ${macAddress}, ${deviceId}, ${deviceOwner}, ${projectId}, ${qosPolicyId},
      ${securityGroupIds})
    on conflict do nothing`.execute(executor);
  return count === 1;
}

export async function updatePort(
  executor: Executor,
  id: string,
  { qosPolicyId, securityGroupIds }: { qosPolicyId?: string | null; securityGroupIds?: readonly string[] },
): Promise<void> {
  const changes = [
    ...(qosPolicyId === undefined ? [] : [sql`qos_policy_id = ${qosPolicyId}`]),
    ...(securityGroupIds === undefined ? [] : [sql`security_group_ids = ${securityGroupIds}`]),
  ];
  if (changes.length === 0) return;
  await sql`update local_port set ${sql.join(changes)} where id = ${id}`.execute(executor);
}

/** Whether the port is there. */
export async function setIngress(executor: Executor, id: string, rules: readonly IngressRule[]): Promise<boolean> {
  const { count } = await sql`
    update local_port set ingress = ${JSON.stringify(rules)}::jsonb where id = ${id}`.execute(executor);
  return count === 1;
}

/** Every port that is filtered, with what it lets in. */
export async function selectIngress(executor: Executor): Promise<{ id: string; rules: IngressRule[] }[]> {
  const { rows } = await sql<{ id: string; rules: IngressRule[] }>`
    select id, ingress as rules from local_port where ingress is not null`.execute(executor);
  return rows;
}

/** Whether the port had a filter. */
export async function deletePort(executor: Executor, id: string): Promise<boolean> {
  const { rows } = await sql<{ isFiltered: boolean }>`
    delete from local_port where id = ${id} returning ingress is not null as "isFiltered"`.execute(executor);
  return rows[0]?.isFiltered ?? false;
}

/** Gives the port exactly this address; false when another port has it and it is not to be shared. */
export async function claimAddress(
  executor: Executor,
  portId: string,
  { subnetId, address, shared }: { subnetId: string; address: string; shared: boolean },
): Promise<boolean> {
  const { count } = await sql`
    insert into local_port_ip (port_id, subnet_id, ip_address, shared_by)
    values (${portId}, ${subnetId}, ${address}, ${shared ? portId : NIL})
    on conflict do nothing`.execute(executor);
  return count === 1;
}

export async function releaseAddresses(executor: Executor, portId: string, subnetId: string): Promise<void> {
  await sql`delete from local_port_ip where port_id = ${portId} and subnet_id = ${subnetId}`.execute(executor);
}

export interface AddressWindow {
  /** First address that may be given out. */
  first: string;
  /** How many from there on. */
  count: number;
}

export interface FoundAddress {
  address: string;
  /** In the window, from 0. */
  position: number;
}

/**
 * Parts of a statement that ends with `candidate (address)`: the lowest free addresses from the window's position `from` on.
 * Never waits: an address that another open transaction is just taking is skipped by its advisory lock, so creations on
 * one subnet run in parallel. `dense` counts the taken addresses without a gap from the first on (there the offset equals
 * the row's number), so that only what follows is probed one by one: a port beside 4,000 others takes 4 ms instead of 30.
 */
const candidates = (subnetId: string, { first, count }: AddressWindow, from: number) => sql`
  dense as (
    select count(*) as length
    from (select ip_address - (${first}::inet + ${from}::bigint) as position,
            row_number() over (order by ip_address) - 1 as number
          from local_port_ip
          where subnet_id = ${subnetId}::uuid and shared_by = ${NIL}
            and ip_address between ${first}::inet + ${from}::bigint and ${first}::inet + ${count - 1}::bigint) as taken
    where position = number
  ), possible as (
    select ${first}::inet + generate_series(length + ${from}::bigint, ${count - 1}::bigint) as address from dense
  ), candidate as materialized (
    select address from possible
    where case
      when (select true from local_port_ip as taken
            where taken.subnet_id = ${subnetId}::uuid and taken.ip_address = possible.address limit 1) is null
      then pg_try_advisory_xact_lock(hashtextextended(${subnetId}::text || host(possible.address), 0))
      else false
    end
    limit 1
  )`;

/** Gives the port the lowest free address; null when none could be had in this attempt. */
export async function claimFreeAddress(
  executor: Executor,
  portId: string,
  subnetId: string,
  window: AddressWindow,
): Promise<string | null> {
  const { rows } = await sql<{ address: string }>`
    with ${candidates(subnetId, window, 0)}
    insert into local_port_ip (port_id, subnet_id, ip_address)
    select ${portId}::uuid, ${subnetId}::uuid, candidate.address from candidate
    on conflict do nothing
    returning host(ip_address) as address`.execute(executor);
  return rows[0]?.address ?? null;
}

/**
 * Port and address at once, in a statement that is its own transaction. Null: its name or MAC address is taken, or no address
 * could be had in this attempt; nothing is left then.
 */
export async function insertPortWithAddress(
  executor: Executor,
  port: Omit<PortRow, 'fixedIps'>,
  subnetId: string,
  window: AddressWindow,
  from: number,
): Promise<FoundAddress | null> {
  const { id, name, networkId, macAddress, deviceId, deviceOwner, projectId, qosPolicyId, securityGroupIds } = port;
  try {
    const { rows } = await sql<FoundAddress>`
      with ${candidates(subnetId, window, from)}, made as (
        insert into local_port (id, name, network_id, mac_address, device_id, device_owner, project_id, qos_policy_id,
          security_group_ids)
        select ${id}::uuid, ${name}, ${networkId}::uuid, ${macAddress}, ${deviceId}, ${deviceOwner}, ${projectId},
          ${qosPolicyId}::uuid, ${securityGroupIds}::uuid[] from candidate
        on conflict do nothing returning id)
      insert into local_port_ip (port_id, subnet_id, ip_address)
      select made.id, ${subnetId}::uuid, candidate.address from made, candidate
      returning host(ip_address) as address, ip_address - ${window.first}::inet as position`.execute(executor);
    return rows[0] ?? null;
  } catch (error) {
    // Somebody took the address after we had looked.
    if (isUniqueViolation(error)) return null;
    throw error;
  }
}

/** How many addresses of the window are taken by committed ports (and our own transaction). */
export async function countTaken(executor: Executor, subnetId: string, window: AddressWindow): Promise<number> {
  const { rows } = await sql<{ taken: number }>`
    select count(*)::int as taken from local_port_ip
    where subnet_id = ${subnetId}::uuid
      and ip_address between ${window.first}::inet and ${window.first}::inet + ${window.count - 1}::bigint`.execute(
    executor,
  );
  return rows[0]?.taken ?? 0;
}
