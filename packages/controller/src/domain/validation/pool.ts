/** Rules of a pool that need nothing but the pool and the configuration. */
import type { Pool, Resource } from '../resources.ts';
import { refusal } from './refuse.ts';
import { resolveSessionPersistence, type SessionPersistenceInput } from './session-persistence.ts';
import { changedTls, checkCiphers, checkTlsSettings, type TlsRules, withTlsDefaults } from './tls.ts';

export type PoolFields = Omit<Pool, Exclude<keyof Resource, 'name' | 'adminStateUp' | 'tags'> | 'loadBalancerId'>;
/** What a request says: the persistence is not settled yet. */
export type PoolInput = Omit<PoolFields, 'sessionPersistence'> & { sessionPersistence: SessionPersistenceInput | null };

export interface PoolRules {
  tls: TlsRules;
}

/** A pool as it will be stored. @throws OctaviaError VALIDATION */
export function settlePool(input: PoolInput, rules: PoolRules): PoolFields {
  const sessionPersistence =
    input.sessionPersistence && resolveSessionPersistence(input.sessionPersistence, input.protocol, null);
  if (input.crlContainerRef && !input.caTlsContainerRef) {
    throw refusal('A CA certificate reference is required to specify a revocation list.');
  }
  if (input.tlsCiphers) checkCiphers(input.tlsCiphers, rules.tls);
  if (input.tlsEnabled) checkTlsSettings(input, rules.tls);
  return { ...input, ...(input.tlsEnabled ? withTlsDefaults(input, rules.tls) : {}), sessionPersistence };
}

/** The fields to write for a change. @throws OctaviaError VALIDATION */
export function settlePoolChange(current: Pool, change: Partial<PoolInput>, rules: PoolRules): Partial<PoolFields> {
  const { sessionPersistence: persistence, ...rest } = change;
  const settled: Partial<PoolFields> = { ...rest };
  if (persistence !== undefined) {
    settled.sessionPersistence =
      persistence && resolveSessionPersistence(persistence, current.protocol, current.sessionPersistence);
  }
  const merged: Pool = { ...current, ...settled };
  if (merged.crlContainerRef && !merged.caTlsContainerRef) {
    throw refusal(
      change.crlContainerRef
        ? 'A CA reference is required to specify a certificate revocation list.'
        : 'A CA reference cannot be removed when a certificate revocation list is present.',
    );
  }
  checkTlsSettings(change, rules.tls);
  if (!merged.tlsEnabled) return settled;
  const switchedOn = !current.tlsEnabled;
  if (switchedOn) checkTlsSettings(merged, rules.tls);
  const filled = withTlsDefaults(changedTls(current, change, rules.tls), rules.tls);
  // ALPN set to null on PUT stays off; the other two return to the configured default.
  return { ...settled, ...filled, ...(change.alpnProtocols === null ? { alpnProtocols: null } : {}), ...keepAlpn() };

  function keepAlpn(): Partial<PoolFields> {
    const untouched = !switchedOn && change.alpnProtocols === undefined;
    return untouched ? { alpnProtocols: current.alpnProtocols } : {};
  }
}
