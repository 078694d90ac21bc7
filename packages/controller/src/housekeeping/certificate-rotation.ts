/**
 * Renews the server certificates of agents in time, in place: a worker uploads the new one, traffic notices nothing.
 */
import type { Log } from '@octavia/protocol/log';
import type { SigningAuthority } from '../clouds/certificates/interface.ts';
import type { RequestOutcome } from '../flows/failover-requests.ts';
import type { Store, Tx } from '../store/core/database.ts';
import * as certificates from '../store/resources/amphora-certificates.ts';
import type { DutyOutcome } from './housekeeper.ts';

export interface RotationOptions {
  store: Store;
  /** Seconds a certificate is made for: `[certificates] cert_validity_time`. */
  validitySeconds: number;
  /** `[house_keeping] cert_expiry_buffer` */
  expiryBuffer: number;
  /** `[house_keeping] cert_rotate_threads`: rotations under way at once. */
  atOnce: number;
  /** Null where certificates are not signed here (no-op generator). @throws OctaviaError when its files are unusable */
  authority(): Promise<SigningAuthority | null>;
  request(tx: Tx, amphoraId: string): Promise<RequestOutcome>;
  log: Log;
  now(): Date;
}

/** While rotations are under way the next look is soon. */
const SOON_SECONDS = 3;

/**
 * How long before its end a certificate is renewed (seconds): the buffer, or at two thirds of its life when that is earlier. A
 * buffer of more than half the life counts as half, or new certificates would be due at once.
 */
export function renewalMargin(validitySeconds: number, expiryBuffer: number): number {
  return Math.ceil(Math.max(validitySeconds / 3, Math.min(expiryBuffer, validitySeconds / 2)));
}

/** Has due certificates renewed, as many at once as allowed. @throws Error when the authority must not sign */
export async function rotateCertificates(options: RotationOptions): Promise<DutyOutcome> {
  const { store, log, now } = options;
  const stale = await certificates.releaseStaleMarks(store.db);
  if (stale > 0) log.warn({ amphorae: stale }, 'Released amphorae that were marked for a rotation nobody carries out');
  const authority = await options.authority();
  if (authority && !authority.trusted) throw new Error(untrusted(authority));
  const authoritySince = authority
    ? await certificates.noteAuthority(store.db, authority.fingerprint, authority.subject)
    : null;
  const remainingSeconds = renewalMargin(options.validitySeconds, options.expiryBuffer);
  if (authority && authority.expiresAt.getTime() - now().getTime() < options.validitySeconds * 1000) {
    log.warn(
      { authority: authority.subject, expiresAt: authority.expiresAt },
      'The authority that signs certificates of amphorae ends within the life of a certificate: replace it',
    );
  }
  const free = options.atOnce - (await certificates.countBusy(store.db));
  const due = await certificates.due(store.db, {
    remainingSeconds,
    authorityEnd: authority?.expiresAt ?? null,
    authoritySince,
    limit: Math.max(free, 1),
  });
  if (due.length === 0) return { summary: null };
  let begun = 0;
  for (const { amphoraId, expiresAt, cause } of free > 0 ? due : []) {
    const outcome = await store.transaction((tx) => options.request(tx, amphoraId));
    if (outcome !== 'queued') continue;
    begun += 1;
    log.info({ amphora: amphoraId, expiresAt, cause }, 'The certificate of an amphora is renewed');
  }
  return { summary: begun === 0 ? null : `${begun} certificates are being renewed`, againIn: SOON_SECONDS };
}

function untrusted({ subject }: SigningAuthority): string {
  return `Certificates are not renewed: [haproxy_amphora] server_ca does not hold the authority that would sign them (${subject}). Add it to that file first.`;
}
