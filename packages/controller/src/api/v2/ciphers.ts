/** Ciphers and versions of TLS that go together with nobody are refused where they are asked for, not found out by clients. */

import type { Listener, Pool } from '../../domain/resources.ts';
import { isTlsCapable, type ListenerFields, type ListenerRules } from '../../domain/validation/listener.ts';
import type { PoolFields, PoolRules } from '../../domain/validation/pool.ts';
import type { TlsSettings } from '../../domain/validation/tls.ts';
import { requireUsableCiphers } from '../../tls/ciphers.ts';

export const changesTls = (change: Partial<TlsSettings>): boolean =>
  change.tlsCiphers !== undefined || change.tlsVersions !== undefined;

/** @throws OctaviaError CIPHERS_UNUSABLE */
export function checkListenerCiphers(listener: ListenerFields, { tls }: ListenerRules): void {
  if (isTlsCapable(listener)) requireUsableCiphers(listener, listener.tlsCiphers !== tls.defaultCiphers);
}

/** What was accepted before is left alone. @throws OctaviaError CIPHERS_UNUSABLE */
export function checkChangedListenerCiphers(
  current: Listener,
  change: Partial<ListenerFields>,
  settled: Partial<ListenerFields>,
  rules: ListenerRules,
): void {
  const wanted = { ...current, ...settled };
  if (changesTls(change) || isTlsCapable(wanted) !== isTlsCapable(current)) checkListenerCiphers(wanted, rules);
}

/** @throws OctaviaError CIPHERS_UNUSABLE */
export function checkPoolCiphers(pool: PoolFields, { tls }: PoolRules): void {
  if (pool.tlsEnabled) requireUsableCiphers(pool, pool.tlsCiphers !== tls.defaultCiphers);
}

/** The same of a change. */
export function checkChangedPoolCiphers(
  current: Pool,
  change: Partial<TlsSettings> & { tlsEnabled?: boolean },
  settled: Partial<PoolFields>,
  rules: PoolRules,
): void {
  if (changesTls(change) || (change.tlsEnabled && !current.tlsEnabled))
    checkPoolCiphers({ ...current, ...settled }, rules);
}
