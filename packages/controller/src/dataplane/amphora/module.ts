import type { ConfigValues } from '../../config/index.ts';
import type { LoggingOptions } from '../haproxy/options.ts';
import type { DataplaneModule } from '../interface.ts';

/** Logs go to the log daemon of amphorae; null where there is none. */
function logging({ amphora_agent, haproxy_amphora }: ConfigValues, onlyWhenForwarding: boolean): LoggingOptions | null {
  const forwarded = [
    amphora_agent.admin_log_targets,
    amphora_agent.tenant_log_targets,
    amphora_agent.logging_template_override,
  ];
  if (onlyWhenForwarding && !forwarded.some((targets) => targets !== null && targets.length > 0)) return null;
  return {
    socket: '/run/rsyslog/octavia/log',
    userFacility: amphora_agent.user_log_facility,
    administrativeFacility: amphora_agent.administrative_log_facility,
    connections: haproxy_amphora.connection_logging,
    userFormat: haproxy_amphora.user_log_format,
  };
}

export const dataplane: DataplaneModule = {
  needs: ['[haproxy_amphora] server_ca', '[haproxy_amphora] client_cert', '[controller_worker] client_ca'],
  carriesTraffic: true,
  async start({ config, others }, ofWorker = {}) {
    const { AmphoraDataplaneDriver } = await import('./driver.ts');
    const { DEFAULT_HAPROXY_OPTIONS } = await import('../haproxy/options.ts');
    const { logsOnlyWhenForwarding = false } = await others.computeTraits();
    const options = config.haproxy_amphora;
    return new AmphoraDataplaneDriver({
      serverCaPath: options.server_ca,
      clientCertificatePath: options.client_cert,
      agentPort: options.bind_port,
      connectTimeout: options.rest_request_conn_timeout,
      readTimeout: options.rest_request_read_timeout,
      booting: { attempts: options.connection_max_retries, interval: options.connection_retry_interval },
      active: { attempts: options.active_connection_max_retries, interval: options.active_connection_retry_interval },
      failover: {
        attempts: options.failover_connection_max_retries,
        interval: options.failover_connection_retry_interval,
      },
      clientCaPath: config.controller_worker.client_ca,
      ...ofWorker,
      keepalived: {
        basePath: options.base_path,
        checkInterval: config.keepalived_vrrp.vrrp_check_interval,
        failCount: config.keepalived_vrrp.vrrp_fail_count,
        successCount: config.keepalived_vrrp.vrrp_success_count,
        garpRefreshInterval: config.keepalived_vrrp.vrrp_garp_refresh_interval,
        garpRefreshCount: config.keepalived_vrrp.vrrp_garp_refresh_count,
      },
      certificates: await others.certificateManager(),
      haproxy: {
        ...DEFAULT_HAPROXY_OPTIONS,
        basePath: options.base_path,
        certificatesPath: options.base_cert_dir,
        pingCommand: `${options.base_path}/ping-wrapper.sh`,
        logging: logging(config, logsOnlyWhenForwarding),
        defaultConnectionLimit: options.default_connection_limit,
        stickSize: options.haproxy_stick_size,
        bufferSize: options.haproxy_buffer_size,
        maxHeaders: options.haproxy_max_headers,
        hardStopAfter: options.haproxy_hard_stop_after,
      },
    });
  },
};
