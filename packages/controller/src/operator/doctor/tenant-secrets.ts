/** Whether listeners could be served anew: amphorae keep what they have, but a failover reads every secret again. */
import { X509Certificate } from 'node:crypto';
import type { CertificateManager } from '../../clouds/certificates/manager.ts';
import { duration } from '../../domain/duration.ts';
import { isOctaviaError } from '../../errors.ts';
import type { Store } from '../../store/core/database.ts';
import { type ListenerSecrets, listenersWithSecrets } from '../../store/resources/secret-uses.ts';
import { readAuthorities, readRevocationLists } from '../../tls/trust.ts';
import { type Finding, failure, listing, success, warning } from './check.ts';

const CHECK = 'Listeners’ secrets';
const PAGE = 500;
const AT_ONCE = 8;
const SOON_MS = 30 * 86_400_000;
const FIRST = '00000000-0000-0000-0000-000000000000';

/** What is wrong with what a reference leads to. */
interface Trouble {
  what: string;
  /** It cannot be read: a new amphora could not serve the listener. */
  isUnreadable: boolean;
}

export async function listenersSecrets(store: Store, manager: CertificateManager, now: Date): Promise<Finding[]> {
  if (manager.isMadeUp) return [];
  const listeners: ListenerSecrets[] = [];
  for (let after = FIRST; ; ) {
    const page = await listenersWithSecrets(store.db, after, PAGE);
    listeners.push(...page);
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) break;
    after = last.listenerId;
  }
  const lookups = new Map<string, () => Promise<Trouble | null>>();
  for (const { projectId, certificates, trust } of listeners) {
    for (const ref of certificates)
      lookups.set(`${projectId} ${ref}`, () => certificateTrouble(manager, projectId, ref, now));
    for (const ref of trust) lookups.set(`${projectId} ${ref}`, () => trustTrouble(manager, projectId, ref, now));
  }
  const troubles = await lookAtAll(lookups);
  if (troubles instanceof Error) return [warning(CHECK, `${troubles.message}. Amphorae keep what they have.`)];
  const lines = (isUnreadable: boolean): string[] =>
    listeners.flatMap(({ listenerId, loadBalancerId, projectId, certificates, trust }) =>
      [...certificates, ...trust].flatMap((ref) => {
        const trouble = troubles.get(`${projectId} ${ref}`);
        if (!trouble || trouble.isUnreadable !== isUnreadable) return [];
        return [`${listenerId} of ${loadBalancerId}: ${trouble.what}`];
      }),
    );
  const [unreadable, ending] = [lines(true), lines(false)];
  const findings: Finding[] = [];
  if (unreadable.length > 0) {
    const heading = 'These cannot be read any more; a failover would leave their listeners in ERROR:';
    findings.push(failure(CHECK, listing(heading, unreadable)));
  }
  if (ending.length > 0) findings.push(warning(CHECK, listing('These are to be replaced by their owners:', ending)));
  return findings.length > 0 ? findings : [success(CHECK, `All of ${listeners.length} listeners can be read`)];
}

/** @returns the error when the store is away: then no single secret is to blame */
async function lookAtAll(
  lookups: ReadonlyMap<string, () => Promise<Trouble | null>>,
): Promise<Map<string, Trouble | null> | Error> {
  const found = new Map<string, Trouble | null>();
  const waiting = [...lookups];
  let away: Error | null = null;
  const look = async (): Promise<void> => {
    for (let next = waiting.pop(); next && away === null; next = waiting.pop()) {
      const [key, lookup] = next;
      try {
        found.set(key, await lookup());
      } catch (error) {
        away = error as Error;
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, look));
  return away ?? found;
}

async function certificateTrouble(manager: CertificateManager, projectId: string, ref: string, now: Date) {
  return unlessUnreadable(async () => {
    const { certificate } = await manager.getCertificate(ref, { projectId });
    return endOf(ref, new Date(new X509Certificate(certificate).validTo), now);
  });
}

async function trustTrouble(manager: CertificateManager, projectId: string, ref: string, now: Date) {
  return unlessUnreadable(async () => {
    const text = (await manager.getSecret(ref, { projectId })).reveal();
    const isList = text.includes('-----BEGIN X509 CRL-----');
    const ends = isList
      ? readRevocationLists(text).map(({ nextUpdate }) => nextUpdate)
      : readAuthorities(text).map(({ validTo }) => new Date(validTo));
    const [first] = ends.filter((end) => end !== null).sort((a, b) => a.getTime() - b.getTime());
    // Lists of revocations are short-lived by their nature.
    return first === undefined ? null : endOf(ref, first, now, isList ? 0 : SOON_MS);
  });
}

/** @throws OctaviaError when it is the store that cannot be asked */
async function unlessUnreadable(look: () => Promise<Trouble | null>): Promise<Trouble | null> {
  try {
    return await look();
  } catch (error) {
    if (isOctaviaError(error) && error.code.startsWith('OPENSTACK_')) throw error;
    return { what: error instanceof Error ? error.message : String(error), isUnreadable: true };
  }
}

function endOf(ref: string, end: Date, now: Date, soonMs = SOON_MS): Trouble | null {
  const left = end.getTime() - now.getTime();
  if (left > soonMs) return null;
  const seconds = left / 1000;
  const what = left < 0 ? `${ref} ended ${duration(seconds)} ago` : `${ref} ends in ${duration(seconds)}`;
  return { what, isUnreadable: false };
}
