import type { CertificateManager } from '../../clouds/certificates/manager.ts';
import type { HaproxyOptions } from '../haproxy/options.ts';
import type { HelpOfWorker } from '../interface.ts';
import type { KeepalivedOptions } from '../keepalived/options.ts';

/** How often and how long an agent is asked. */
export interface RetryOptions {
  /** Tries, the first included. */
  attempts: number;
  /** Seconds between two tries. */
  interval: number;
}

/** Everything the driver takes from the configuration; names in the comments are options of `[haproxy_amphora]`. */
export interface AmphoraDriverOptions extends HelpOfWorker {
  /** `server_ca`: CA of the amphorae's server certificates. */
  serverCaPath: string;
  /** `client_cert`: key and certificate that the controller presents. */
  clientCertificatePath: string;
  /** `bind_port` */
  agentPort: number;
  /** `rest_request_conn_timeout`, seconds */
  connectTimeout: number;
  /** `rest_request_read_timeout`, seconds */
  readTimeout: number;
  /** `connection_max_retries`, `connection_retry_interval`: an amphora that boots. */
  booting: RetryOptions;
  /** `active_connection_max_retries`, `active_connection_retry_interval`: an amphora that should answer. */
  active: RetryOptions;
  /** `failover_connection_max_retries`, `failover_connection_retry_interval`: an amphora that may be dead. */
  failover: RetryOptions;
  /** `[controller_worker] client_ca`: what agents shall trust from their next certificate on. Left out: as at boot. */
  clientCaPath?: string;
  haproxy: HaproxyOptions;
  /** Where the secrets of tenants are read. */
  certificates: CertificateManager;
  keepalived: KeepalivedOptions;
}
