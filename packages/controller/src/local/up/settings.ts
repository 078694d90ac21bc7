import { join } from 'node:path';
import { agentBundleOf } from '../../clouds/local-host/agent-bundle.ts';
import type { LocalInstance } from '../../clouds/local-host/instance.ts';
import type { ConfigOverrides } from '../../config/index.ts';

export type CloudKind = 'local' | 'noop';

/** Files of a state directory that options point to. */
export const statePaths = (stateDir: string) => ({
  certificates: join(stateDir, 'certs'),
  tenantCertificates: join(stateDir, 'certificates'),
  serverCa: join(stateDir, 'certs/server_ca.cert.pem'),
  serverCaKey: join(stateDir, 'certs/server_ca.key.pem'),
  clientCa: join(stateDir, 'certs/client_ca.cert.pem'),
  clientCertificate: join(stateDir, 'certs/client.cert-and-key.pem'),
  heartbeatKey: join(stateDir, 'heartbeat.key'),
  serverCertificatesKey: join(stateDir, 'server-certs.key'),
  agent: agentBundleOf(stateDir),
  /** Of the driver agent. */
  socket: (name: string) => join(stateDir, 'run', `${name}.sock`),
});

/** What `up` prepared and options must know. */
export interface Prepared {
  databaseUrl: string | null;
  heartbeatKey: string;
  serverCertificatesKey: string;
  /** Null for the noop cloud. */
  instance: LocalInstance | null;
}

/** Defaults that need no preparation: every file and variable of the operator wins over them. */
export function cloudDefaults(cloud: CloudKind, stateDir: string): ConfigOverrides {
  const paths = statePaths(stateDir);
  const drivers =
    cloud === 'local'
      ? { compute_driver: 'compute_local_driver', network_driver: 'network_local_driver' }
      : {
          compute_driver: 'compute_noop_driver',
          network_driver: 'network_noop_driver',
          amphora_driver: 'amphora_noop_driver',
        };
  return {
    api_settings: { auth_strategy: 'noauth' },
    controller_worker: { ...drivers, client_ca: paths.clientCa },
    haproxy_amphora: {
      client_cert: paths.clientCertificate,
      server_ca: paths.serverCa,
      // Sandboxes boot in a second, not in minutes as machines do: one that hangs ends its operation within a minute, too.
      ...(cloud === 'local' ? { connection_max_retries: 7, connection_retry_interval: 5 } : {}),
    },
    certificates: {
      cert_manager: 'local_cert_manager',
      storage_path: paths.tenantCertificates,
      cert_generator: cloud === 'local' ? 'local_cert_generator' : 'noop_cert_generator',
      ca_certificate: paths.serverCa,
      ca_private_key: paths.serverCaKey,
    },
    // Sandboxes are cheap to ask: a dead member shows within a few seconds.
    health_manager: { heartbeat_interval: 2 },
    local_cloud: { state_dir: stateDir },
    driver_agent: {
      status_socket_path: paths.socket('status'),
      stats_socket_path: paths.socket('stats'),
      get_socket_path: paths.socket('get'),
    },
  };
}

export function preparedDefaults(cloud: CloudKind, stateDir: string, prepared: Prepared): ConfigOverrides {
  const defaults = cloudDefaults(cloud, stateDir);
  const address = prepared.instance?.networks.management.subnet.gatewayIp;
  return {
    ...defaults,
    ...(prepared.databaseUrl === null ? {} : { database: { connection: prepared.databaseUrl } }),
    certificates: { ...defaults.certificates, server_certs_key_passphrase: prepared.serverCertificatesKey },
    health_manager: {
      ...defaults.health_manager,
      heartbeat_key: prepared.heartbeatKey,
      ...(address === undefined ? {} : { bind_ip: address, controller_ip_port_list: [`${address}:5555`] }),
    },
  };
}
