/**
 * Names of the files in the amphora that hold certificates and keys, `<name>.pem` below the folder of the load balancer.
 * The renderer knows names only: what is in the files never comes near a configuration.
 */
import { createHash } from 'node:crypto';
import type { Listener, Pool } from '../../domain/resources.ts';

export interface ListenerTlsFiles {
  /** `listenerSource` of the listener whose secrets are in the files. */
  source: string;
  /** List of the certificates to present, the default one first. */
  certificates: string;
  /** CAs of clients; null: clients are not asked for certificates. */
  clientCa: string | null;
  clientCrl: string | null;
}

export interface PoolTlsFiles {
  /** `poolSource` of the pool whose secrets are in the files. */
  source: string;
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

const digest = (refs: readonly (string | null)[]): string =>
  createHash('sha1').update(JSON.stringify(refs)).digest('hex');

/** Says which secrets, without naming them: equal for equal references. */
export const listenerSource = (listener: Listener): string =>
  digest([
    listener.defaultTlsContainerRef,
    listener.clientCaTlsContainerRef,
    listener.clientCrlContainerRef,
    ...listener.sniContainerRefs,
  ]);

export const poolSource = (pool: Pool): string =>
  digest([pool.tlsContainerRef, pool.caTlsContainerRef, pool.crlContainerRef]);
