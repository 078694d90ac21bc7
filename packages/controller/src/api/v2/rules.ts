/** What the operator's configuration says, in the words of the domain. */
import type { HealthMonitorRules } from '../../domain/validation/health-monitor.ts';
import type { AddressRules } from '../../domain/validation/host-address.ts';
import type { ListenerRules } from '../../domain/validation/listener.ts';
import type { PoolRules } from '../../domain/validation/pool.ts';
import type { TlsRules } from '../../domain/validation/tls.ts';
import type { ApiDependencies } from '../dependencies.ts';

export interface Rules {
  listener: ListenerRules;
  pool: PoolRules;
  addresses: AddressRules;
  healthMonitor: HealthMonitorRules;
}

export function rulesOf({ api_settings: api, networking }: ApiDependencies['config']): Rules {
  const shared = {
    minimumVersion: api.minimum_tls_version,
    prohibitedCiphers: api.tls_cipher_prohibit_list.split(':').filter((cipher) => cipher !== ''),
  };
  const listenerTls: TlsRules = {
    ...shared,
    defaultCiphers: api.default_listener_ciphers,
    defaultVersions: api.default_listener_tls_versions,
    defaultAlpnProtocols: api.default_listener_alpn_protocols,
  };
  const poolTls: TlsRules = {
    ...shared,
    defaultCiphers: api.default_pool_ciphers,
    defaultVersions: api.default_pool_tls_versions,
    defaultAlpnProtocols: api.default_pool_alpn_protocols,
  };
  return {
    listener: {
      allowTlsTerminated: api.allow_tls_terminated_listeners,
      allowPrometheus: api.allow_prometheus_listeners,
      tls: listenerTls,
    },
    pool: { tls: poolTls },
    addresses: { reservedIps: networking.reserved_ips },
    healthMonitor: {
      allowPing: api.allow_ping_health_monitors,
      udpConnectMinimumDelay: api.udp_connect_min_interval_health_monitor,
    },
  };
}
