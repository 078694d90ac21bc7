/** `/etc/octavia/amphora-agent.conf`: what the agent of one amphora is told before its first boot. */
import type { Topology } from '../domain/statuses.ts';
import { OctaviaError } from '../errors.ts';

export interface AgentConfiguration {
  amphoraId: string;
  /** `host:port` of every health manager, IPv6 in brackets. */
  controllerIpPortList: string[];
  /** Seconds. */
  heartbeatInterval: number;
  /** Signs heartbeats. A secret. */
  heartbeatKey: string;
  bindHost: string;
  bindPort: number;
  debug?: boolean;
  basePath?: string;
  haproxyCmd?: string;
  /** Seconds. */
  requestReadTimeout?: number;
  tlsProtocol?: string;
  /** Whether keepalived holds the VIPs. Agents of OpenStack know it from here alone. */
  topology?: Topology;
  /** LOG_LOCALn of what the amphora's own programs say. */
  administrativeLogFacility?: number;
}

/** Where the files of an amphora lie, inside it. */
const AMPHORA_FILES = {
  agentConfiguration: '/etc/octavia/amphora-agent.conf',
  clientCa: '/etc/octavia/certs/client_ca.pem',
  /** Certificate and key in one file. */
  serverCertificate: '/etc/octavia/certs/server.pem',
} as const;

export type IniSections = Record<string, Record<string, string | number | boolean>>;

/** The reader strips white space and one pair of quotes; another pair around keeps what is inside. */
function iniValue(name: string, value: string | number | boolean): string {
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  const text = String(value);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not get into the file.
  if (/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/.test(text)) {
    throw new OctaviaError('UNSAFE_CONFIGURATION_VALUE', { keyword: name });
  }
  return text !== text.trim() || /^["'].*["']$/.test(text) ? `"${text}"` : text;
}

/**
 * The INI dialect of OpenStack.
 *
 * @throws OctaviaError UNSAFE_CONFIGURATION_VALUE with the option's name, for a value with a line end in it
 */
export function writeIni(sections: IniSections): string {
  const blocks = Object.entries(sections).map(([section, options]) => {
    const lines = Object.entries(options).map(([name, value]) => `${name} = ${iniValue(name, value)}`.trimEnd());
    return [`[${section}]`, ...lines, ''].join('\n');
  });
  return blocks.join('\n');
}

/** The agent's file. The same options as in `octavia.conf`, as far as the agent reads them. */
export function renderAgentConfiguration(given: AgentConfiguration): string {
  const basePath = given.basePath ?? '/var/lib/octavia';
  return writeIni({
    DEFAULT: { debug: given.debug ?? false },
    haproxy_amphora: {
      base_path: basePath,
      base_cert_dir: `${basePath}/certs`,
      bind_host: given.bindHost,
      bind_port: given.bindPort,
      haproxy_cmd: given.haproxyCmd ?? '/usr/sbin/haproxy',
    },
    controller_worker: { loadbalancer_topology: given.topology ?? 'SINGLE' },
    health_manager: {
      controller_ip_port_list: given.controllerIpPortList.join(', '),
      heartbeat_interval: given.heartbeatInterval,
      heartbeat_key: given.heartbeatKey,
    },
    amphora_agent: {
      agent_server_ca: AMPHORA_FILES.clientCa,
      agent_server_cert: AMPHORA_FILES.serverCertificate,
      agent_request_read_timeout: given.requestReadTimeout ?? 180,
      agent_tls_protocol: given.tlsProtocol ?? 'TLSv1.2',
      administrative_log_facility: given.administrativeLogFacility ?? 1,
      amphora_id: given.amphoraId,
    },
  });
}
