/** Reads the bodies of plug requests. Addresses are judged later, by the interface plan; here it is shapes only. */
import type {
  AdditionalVipRequest,
  FixedIpRequest,
  HostRoute,
  PlugNetworkRequest,
  PlugVipRequest,
  VipOfPort,
} from '@octavia/protocol/agent-api';

type Fields = Record<string, unknown>;

/** Thrown for a body of the wrong shape; the message names the field. */
export class ShapeError extends Error {}

function text(fields: Fields, name: string): string {
  const value = fields[name];
  if (typeof value !== 'string' || value === '') throw new ShapeError(`${name} is required`);
  return value;
}

function gateway(fields: Fields): { gateway?: string | null } {
  const value = fields.gateway;
  if (value === undefined || value === null || value === '') return {};
  return { gateway: text(fields, 'gateway') };
}

function mtu(fields: Fields): { mtu?: number } {
  const value = fields.mtu;
  if (value === undefined || value === null) return {};
  // 68 is the smallest MTU IPv4 allows.
  if (!Number.isInteger(value) || (value as number) < 68 || (value as number) > 65_535) {
    throw new ShapeError('mtu must be a whole number from 68 to 65535');
  }
  return { mtu: value as number };
}

function list<T>(fields: Fields, name: string, convert: (item: Fields) => T): T[] {
  const value = fields[name] ?? [];
  if (!Array.isArray(value)) throw new ShapeError(`${name} must be a list`);
  return value.map((item: unknown) => {
    if (typeof item !== 'object' || item === null) throw new ShapeError(`${name} must be a list of objects`);
    return convert(item as Fields);
  });
}

function hostRoutes(fields: Fields): { host_routes: HostRoute[] } {
  const convert = (item: Fields): HostRoute => ({
    destination: text(item, 'destination'),
    nexthop: text(item, 'nexthop'),
  });
  return { host_routes: list(fields, 'host_routes', convert) };
}

function vrrpIp(fields: Fields): { vrrp_ip?: string } {
  const value = fields.vrrp_ip ?? undefined;
  return value === undefined ? {} : { vrrp_ip: text(fields, 'vrrp_ip') };
}

function keepalived({ keepalived: value }: Fields): { keepalived?: boolean } {
  if (value === undefined || value === null) return {};
  if (typeof value !== 'boolean') throw new ShapeError('keepalived must be true or false');
  return { keepalived: value };
}

function address(fields: Fields): FixedIpRequest {
  return {
    ip_address: text(fields, 'ip_address'),
    subnet_cidr: text(fields, 'subnet_cidr'),
    ...gateway(fields),
    ...hostRoutes(fields),
  };
}

type VipWithoutOthers = Omit<PlugVipRequest, 'fixed_ips'>;

function vipFields(fields: Fields): VipWithoutOthers {
  const additional = (item: Fields): AdditionalVipRequest => ({ ...address(item), ...vrrpIp(item) });
  return {
    mac_address: text(fields, 'mac_address'),
    subnet_cidr: text(fields, 'subnet_cidr'),
    ...gateway(fields),
    ...mtu(fields),
    ...vrrpIp(fields),
    ...hostRoutes(fields),
    ...keepalived(fields),
    additional_vips: list(fields, 'additional_vips', additional),
  };
}

/** @throws ShapeError */
export function readPlugVip(fields: Fields): PlugVipRequest {
  return { ...vipFields(fields), fixed_ips: list(fields, 'fixed_ips', address) };
}

function vipOfPort({ vip_net_info: value }: Fields): { vip_net_info?: VipOfPort } {
  if (value === undefined || value === null) return {};
  if (typeof value !== 'object') throw new ShapeError('vip_net_info must be an object');
  const fields = value as Fields;
  return { vip_net_info: { vip: text(fields, 'vip'), ...vipFields(fields) } };
}

/** @throws ShapeError */
export function readPlugNetwork(fields: Fields): PlugNetworkRequest {
  return {
    mac_address: text(fields, 'mac_address'),
    ...mtu(fields),
    fixed_ips: list(fields, 'fixed_ips', address),
    ...vipOfPort(fields),
  };
}
