/**
 * Names of the files in the amphora that hold certificates and keys, `<name>.pem` below the folder of the load balancer.
 * The renderer knows names only: what is in the files never comes near a configuration.
 */

export interface ListenerTlsFiles {
  /** List of the certificates to present, the default one first. */
  certificates: string;
  /** CAs of clients; null: clients are not asked for certificates. */
  clientCa: string | null;
  clientCrl: string | null;
}

export interface PoolTlsFiles {
  /** Certificate and key that the members get to see. */
  certificate: string | null;
  /** CAs of members; null: their certificates are not verified. */
  ca: string | null;
  crl: string | null;
}

/** A listener or pool that does TLS and is missing here cannot be served: its secrets could not be read. */
export interface TlsFiles {
  listeners: ReadonlyMap<string, ListenerTlsFiles>;
  pools: ReadonlyMap<string, PoolTlsFiles>;
}

export const NO_TLS_FILES: TlsFiles = { listeners: new Map(), pools: new Map() };
