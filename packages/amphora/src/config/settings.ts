/** The agent's configuration file: same sections, options and defaults as the controller's (`octavia.conf`). */
import { isIP } from 'node:net';
import { parseOsloIni } from '@octavia/protocol/oslo-ini';

export interface Target {
  host: string;
  port: number;
}

/** Options that change without a restart. */
export interface MutableSettings {
  debug: boolean;
  controllerIpPortList: Target[];
  /** Seconds. */
  heartbeatInterval: number;
  heartbeatKey: string | null;
  loadbalancerTopology: 'SINGLE' | 'ACTIVE_STANDBY';
}

export interface AgentSettings extends MutableSettings {
  basePath: string;
  /** Holds a folder of certificate files per load balancer. */
  baseCertDir: string;
  bindHost: string;
  bindPort: number;
  haproxyCmd: string;
  keepalivedCmd: string;
  agentServerCa: string;
  agentServerCert: string;
  /** Seconds. */
  agentRequestReadTimeout: number;
  agentTlsProtocol: 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3';
  amphoraId: string;
}

export class SettingsError extends Error {
  constructor(option: string, reason: string) {
    super(`${option}: ${reason}`);
    this.name = 'SettingsError';
  }
}

type Lookup = (section: string, name: string) => string | undefined;

function integer(lookup: Lookup, section: string, name: string, fallback: number, min: number, max: number): number {
  const text = lookup(section, name);
  if (text === undefined) return fallback;
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= min && value <= max)) {
    throw new SettingsError(`[${section}] ${name}`, `must be a whole number from ${min} to ${max}`);
  }
  return value;
}

function boolean(lookup: Lookup, section: string, name: string, fallback: boolean): boolean {
  const text = lookup(section, name)?.toLowerCase();
  if (text === undefined) return fallback;
  if (['true', '1', 'yes', 'on'].includes(text)) return true;
  if (['false', '0', 'no', 'off'].includes(text)) return false;
  throw new SettingsError(`[${section}] ${name}`, 'must be true or false');
}

function choice<T extends string>(
  lookup: Lookup,
  section: string,
  name: string,
  fallback: T,
  allowed: readonly T[],
): T {
  const text = lookup(section, name) ?? fallback;
  const found = allowed.find((value) => value === text);
  if (found === undefined) throw new SettingsError(`[${section}] ${name}`, `must be one of ${allowed.join(', ')}`);
  return found;
}

/** `host:port` or `[IPv6 address]:port`. */
export function parseTarget(text: string): Target {
  const match = /^(?:\[([^\]]+)\]|([^:[\]\s]+)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  const bad = host === undefined || port < 1 || port > 65_535 || (match?.[1] !== undefined && isIP(host) !== 6);
  if (bad) throw new SettingsError('[health_manager] controller_ip_port_list', `"${text}" is not <address>:<port>`);
  return { host, port };
}

function mutableSettings(lookup: Lookup): MutableSettings {
  const list = (lookup('health_manager', 'controller_ip_port_list') ?? '').split(/[,\n]/).map((item) => item.trim());
  return {
    debug: boolean(lookup, 'DEFAULT', 'debug', false),
    controllerIpPortList: list.filter((item) => item !== '').map(parseTarget),
    heartbeatInterval: integer(lookup, 'health_manager', 'heartbeat_interval', 10, 1, 86_400),
    heartbeatKey: lookup('health_manager', 'heartbeat_key') ?? null,
    loadbalancerTopology: choice(lookup, 'controller_worker', 'loadbalancer_topology', 'SINGLE', [
      'SINGLE',
      'ACTIVE_STANDBY',
    ]),
  };
}

/**
 * Reads the whole file. Unknown options are ignored: the controller may be newer than this agent.
 *
 * @throws SettingsError for a value that cannot be used, IniSyntaxError for text that is not INI
 */
export function parseSettings(text: string): AgentSettings {
  const options = parseOsloIni(text);
  const lookup: Lookup = (section, name) =>
    options.findLast((option) => option.section === section && option.name === name)?.value || undefined;
  const amphoraId = lookup('amphora_agent', 'amphora_id');
  if (amphoraId === undefined) throw new SettingsError('[amphora_agent] amphora_id', 'is required');
  // OpenSSL 3 has no SSLv3; the lowest version it speaks is what such a file can still mean.
  const tls = choice(lookup, 'amphora_agent', 'agent_tls_protocol', 'TLSv1.2', [
    'SSLv3',
    'TLSv1',
    'TLSv1.1',
    'TLSv1.2',
    'TLSv1.3',
  ]);
  const basePath = lookup('haproxy_amphora', 'base_path') ?? '/var/lib/octavia';
  return {
    ...mutableSettings(lookup),
    basePath,
    baseCertDir: lookup('haproxy_amphora', 'base_cert_dir') ?? `${basePath}/certs`,
    bindHost: lookup('haproxy_amphora', 'bind_host') ?? '::',
    bindPort: integer(lookup, 'haproxy_amphora', 'bind_port', 9443, 0, 65_535),
    haproxyCmd: lookup('haproxy_amphora', 'haproxy_cmd') ?? '/usr/sbin/haproxy',
    keepalivedCmd: lookup('keepalived_vrrp', 'keepalived_cmd') ?? '/usr/sbin/keepalived',
    agentServerCa: lookup('amphora_agent', 'agent_server_ca') ?? '/etc/octavia/certs/client_ca.pem',
    agentServerCert: lookup('amphora_agent', 'agent_server_cert') ?? '/etc/octavia/certs/server.pem',
    agentRequestReadTimeout: integer(lookup, 'amphora_agent', 'agent_request_read_timeout', 180, 1, 86_400),
    agentTlsProtocol: tls === 'SSLv3' ? 'TLSv1' : tls,
    amphoraId,
  };
}

/** What a running agent takes over from a new file; everything else keeps its start-up value. */
export function mutableOf(settings: AgentSettings): MutableSettings {
  const { debug, controllerIpPortList, heartbeatInterval, heartbeatKey, loadbalancerTopology } = settings;
  return { debug, controllerIpPortList, heartbeatInterval, heartbeatKey, loadbalancerTopology };
}
