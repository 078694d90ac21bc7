/** What the renderer needs to know beside the load balancer; paths are paths inside the amphora. */
export interface LvsOptions {
  /** `[haproxy_amphora] base_path`: holds the program that checks SCTP members. */
  basePath: string;
}

export const DEFAULT_LVS_OPTIONS: LvsOptions = { basePath: '/var/lib/octavia' };
