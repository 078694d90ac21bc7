/** What the renderer needs to know beside the load balancer itself. Paths are paths inside the amphora. */
export interface HaproxyOptions {
  /** `[haproxy_amphora] base_path`: holds the sockets and the server-state file. */
  basePath: string;
  /** `[haproxy_amphora] base_cert_dir`: a folder per load balancer below it holds certificates and keys. */
  certificatesPath: string;
  /** `[haproxy_amphora] default_connection_limit`: used for listeners without a limit of their own. */
  defaultConnectionLimit: number;
  /** `[haproxy_amphora] haproxy_stick_size`: entries per stick table, with an optional k, m or g. */
  stickSize: string;
  /** `[haproxy_amphora] haproxy_hard_stop_after`: seconds after a reload at which the old process drops its connections. */
  hardStopAfter: number;
  /** `[haproxy_amphora] haproxy_buffer_size`: bytes; the head of a request or an answer must fit, with 1 kB to spare. */
  bufferSize: number;
  /** `[haproxy_amphora] haproxy_max_headers`: header lines of a request or an answer. */
  maxHeaders: number;
  /** Program in the amphora that checks a member with a ping; the agent puts it there. */
  pingCommand: string;
  /** True when the agent saves the state of the servers before a reload (otherwise HAProxy warns at each start). */
  restoreServerState: boolean;
  /** What is logged, and where to; null where nothing in the amphora takes logs. */
  logging: LoggingOptions | null;
}

export interface LoggingOptions {
  /** Socket of the amphora's log daemon. */
  socket: string;
  /** `[amphora_agent] user_log_facility`: n of LOG_LOCALn for tenants' connections. */
  userFacility: number;
  /** `[amphora_agent] administrative_log_facility`: n of LOG_LOCALn for what HAProxy says of itself. */
  administrativeFacility: number;
  /** `[haproxy_amphora] connection_logging` */
  connections: boolean;
  /** `[haproxy_amphora] user_log_format`: HAProxy's variables, and `{{ project_id }}` and `{{ lb_id }}`. */
  userFormat: string;
}

/** HAProxy's own. */
export const BUFFER_SIZE = 16_384;
/** Bytes of a buffer that a head leaves free. */
export const BUFFER_RESERVE = 1_024;
export const MAX_HEADERS = 101;

export const DEFAULT_HAPROXY_OPTIONS: HaproxyOptions = {
  basePath: '/var/lib/octavia',
  certificatesPath: '/var/lib/octavia/certs',
  defaultConnectionLimit: 50_000,
  stickSize: '10k',
  hardStopAfter: 1800,
  bufferSize: BUFFER_SIZE,
  maxHeaders: MAX_HEADERS,
  pingCommand: '/var/lib/octavia/ping-wrapper.sh',
  restoreServerState: true,
  logging: null,
};
