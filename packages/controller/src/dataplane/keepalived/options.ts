/** What the renderer needs to know beside the load balancer; names in the comments are options of `[keepalived_vrrp]`. */
export interface KeepalivedOptions {
  /** `[haproxy_amphora] base_path`: holds the check script, inside the amphora. */
  basePath: string;
  /** `vrrp_check_interval`, seconds between two runs of the check script. */
  checkInterval: number;
  /** `vrrp_fail_count`, failures in a row before the VIPs are given up. */
  failCount: number;
  /** `vrrp_success_count`, successes in a row before the amphora may hold them again. */
  successCount: number;
  /** `vrrp_garp_refresh_interval`, seconds between two repeated announcements of the VIPs. */
  garpRefreshInterval: number;
  /** `vrrp_garp_refresh_count`, announcements each time. */
  garpRefreshCount: number;
}

export const DEFAULT_KEEPALIVED_OPTIONS: KeepalivedOptions = {
  basePath: '/var/lib/octavia',
  checkInterval: 5,
  failCount: 2,
  successCount: 2,
  garpRefreshInterval: 5,
  garpRefreshCount: 2,
};
