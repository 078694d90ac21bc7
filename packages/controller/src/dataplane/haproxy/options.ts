/** What the renderer needs to know beside the load balancer itself. Paths are paths inside the amphora. */
export interface HaproxyOptions {
  /** `[haproxy_amphora] base_path`: holds the statistics socket and the server-state file. */
  basePath: string;
  /** `[haproxy_amphora] default_connection_limit`: used for listeners without a limit of their own. */
  defaultConnectionLimit: number;
  /** `[haproxy_amphora] haproxy_stick_size`: entries per stick table, with an optional k, m or g. */
  stickSize: string;
  /** Seconds after a reload at which the old process drops what is still connected to it. */
  hardStopAfter: number;
  /** Program in the amphora that checks a member with a ping; null where the amphora has none. */
  pingCommand: string | null;
  /** True when the agent saves the state of the servers before a reload (otherwise HAProxy warns at each start). */
  restoreServerState: boolean;
}

export const DEFAULT_HAPROXY_OPTIONS: HaproxyOptions = {
  basePath: '/var/lib/octavia',
  defaultConnectionLimit: 50_000,
  stickSize: '10k',
  hardStopAfter: 1800,
  pingCommand: null,
  restoreServerState: true,
};
