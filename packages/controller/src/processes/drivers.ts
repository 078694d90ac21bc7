/** Drivers only workers need, built from the configuration. Loaded on demand: an API process needs none of them. */
import { join } from 'node:path';
import type { CertificateGenerator } from '../clouds/certificates/interface.ts';
import type { SigningDigest } from '../clouds/certificates/local/keys.ts';
import type { CertificateManager } from '../clouds/certificates/manager.ts';
import type { ComputeDriver } from '../clouds/compute/interface.ts';
import type { Config } from '../config/index.ts';
import type { AmphoraDriverOptions } from '../dataplane/amphora/options.ts';
import type { LoggingOptions } from '../dataplane/haproxy/options.ts';
import type { DataplaneDriver } from '../dataplane/interface.ts';
import { OctaviaError } from '../errors.ts';
import type { Runtime } from './runtime.ts';

export function unknownChoice(option: string, name: string, known: string[]): OctaviaError {
  return new OctaviaError('UNKNOWN_CHOICE', { option, value: name, known: known.join(', ') });
}

export async function computeDriver({ config, instance, network, log }: Runtime): Promise<ComputeDriver> {
  const name = config.controller_worker.compute_driver;
  if (name === 'compute_local_driver' && instance) {
    const { LocalComputeDriver } = await import('../clouds/compute/local/driver.ts');
    const { agent_node } = config.local_cloud;
    return new LocalComputeDriver({
      instance,
      network,
      agentBundle: join(instance.stateDir, 'agent/amphora-agent.cjs'),
      ...(agent_node ? { agentNode: agent_node } : {}),
      onRecoverError: (id, error) => log.error({ amphora: id, err: error }, 'An amphora could not be booted again'),
    });
  }
  if (name === 'compute_noop_driver') {
    const { NoopComputeDriver } = await import('../clouds/compute/noop/driver.ts');
    return new NoopComputeDriver({ buildLatencyMs: config.compute.noop_boot_time * 1000 });
  }
  throw unknownChoice('[controller_worker] compute_driver', name, ['compute_local_driver', 'compute_noop_driver']);
}

function signingDigest(name: string): SigningDigest {
  const known: SigningDigest[] = ['sha256', 'sha384', 'sha512'];
  const digest = known.find((candidate) => candidate === name);
  if (!digest) throw unknownChoice('[certificates] signing_digest', name, known);
  return digest;
}

export async function certificateGenerator({ config }: Runtime): Promise<CertificateGenerator> {
  const { cert_generator, ca_certificate, ca_private_key, cert_validity_time, ...certificates } = config.certificates;
  if (cert_generator === 'local_cert_generator') {
    const { LocalCertificateGenerator } = await import('../clouds/certificates/local/generator.ts');
    return new LocalCertificateGenerator({
      caCertificate: ca_certificate,
      caPrivateKey: ca_private_key,
      caPrivateKeyPassphrase: certificates.ca_private_key_passphrase,
      clientCa: config.controller_worker.client_ca,
      validitySeconds: cert_validity_time,
      digest: signingDigest(certificates.signing_digest),
    });
  }
  if (cert_generator === 'noop_cert_generator') {
    const { NoopCertificateGenerator } = await import('../clouds/certificates/noop/generator.ts');
    return new NoopCertificateGenerator({ validitySeconds: cert_validity_time });
  }
  throw unknownChoice('[certificates] cert_generator', cert_generator, ['local_cert_generator', 'noop_cert_generator']);
}

/** Where tenants' certificates are. Barbican is not served yet: with it, as without any store, no reference can be read. */
export async function certificateManager({
  config,
  log,
}: Pick<Runtime, 'config' | 'log'>): Promise<CertificateManager> {
  const { cert_manager, storage_path } = config.certificates;
  if (cert_manager === 'local_cert_manager') {
    const { LocalCertificateManager } = await import('../clouds/certificates/local/manager.ts');
    return new LocalCertificateManager(storage_path);
  }
  if (cert_manager === 'noop_cert_manager') {
    const { NoopCertificateManager } = await import('../clouds/certificates/noop/manager.ts');
    return new NoopCertificateManager();
  }
  if (cert_manager === 'barbican_cert_manager') {
    const { UnconfiguredCertificateManager } = await import('../clouds/certificates/unconfigured/manager.ts');
    log.info(
      {},
      '[certificates] cert_manager = barbican_cert_manager: this release cannot read Barbican, TLS references are refused',
    );
    return new UnconfiguredCertificateManager();
  }
  const known = ['local_cert_manager', 'noop_cert_manager', 'barbican_cert_manager'];
  throw unknownChoice('[certificates] cert_manager', cert_manager, known);
}

/** Logs go to the log daemon of amphorae. Sandboxes of this host run one only where the logs are to be sent somewhere. */
function logging({ amphora_agent, controller_worker, haproxy_amphora }: Config): LoggingOptions | null {
  const forwarded = [
    amphora_agent.admin_log_targets,
    amphora_agent.tenant_log_targets,
    amphora_agent.logging_template_override,
  ];
  const sandboxes = controller_worker.compute_driver === 'compute_local_driver';
  if (sandboxes && !forwarded.some((targets) => targets !== null && targets.length > 0)) return null;
  return {
    socket: '/run/rsyslog/octavia/log',
    userFacility: amphora_agent.user_log_facility,
    administrativeFacility: amphora_agent.administrative_log_facility,
    connections: haproxy_amphora.connection_logging,
    userFormat: haproxy_amphora.user_log_format,
  };
}

/** @param ofWorker what only a worker can do for it */
export async function dataplaneDriver(
  { config, log }: Pick<Runtime, 'config' | 'log'>,
  ofWorker: Pick<AmphoraDriverOptions, 'untilAnswered' | 'renew'> = {},
): Promise<DataplaneDriver> {
  const name = config.controller_worker.amphora_driver;
  if (name === 'amphora_haproxy_rest_driver') {
    const { AmphoraDataplaneDriver } = await import('../dataplane/amphora/driver.ts');
    const { DEFAULT_HAPROXY_OPTIONS } = await import('../dataplane/haproxy/options.ts');
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
      certificates: await certificateManager({ config, log }),
      haproxy: {
        ...DEFAULT_HAPROXY_OPTIONS,
        basePath: options.base_path,
        certificatesPath: options.base_cert_dir,
        pingCommand: `${options.base_path}/ping-wrapper.sh`,
        logging: logging(config),
        defaultConnectionLimit: options.default_connection_limit,
        stickSize: options.haproxy_stick_size,
        bufferSize: options.haproxy_buffer_size,
        maxHeaders: options.haproxy_max_headers,
        hardStopAfter: options.haproxy_hard_stop_after,
      },
    });
  }
  if (name === 'amphora_noop_driver') {
    const { NoopDataplaneDriver } = await import('../dataplane/noop/driver.ts');
    return new NoopDataplaneDriver();
  }
  throw unknownChoice('[controller_worker] amphora_driver', name, [
    'amphora_haproxy_rest_driver',
    'amphora_noop_driver',
  ]);
}
