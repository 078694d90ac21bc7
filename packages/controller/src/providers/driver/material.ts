/** Certificates, keys and revocation lists behind the references of an object, as drivers are given them. */
import type { TlsContainer } from '@octavia/provider-lib';
import type { CertificateManager } from '../../clouds/certificates/manager.ts';
import type { Listener, Pool } from '../../domain/resources.ts';
import { OctaviaError } from '../../errors.ts';
import { certificateNames } from '../../tls/names.ts';

export interface TlsMaterial {
  /** By reference. */
  readonly certificates: ReadonlyMap<string, TlsContainer>;
  /** PEM of authorities and revocation lists, by reference. */
  readonly texts: ReadonlyMap<string, string>;
}

export const NO_MATERIAL: TlsMaterial = { certificates: new Map(), texts: new Map() };

type ListenerRefs = Partial<
  Pick<Listener, 'defaultTlsContainerRef' | 'sniContainerRefs' | 'clientCaTlsContainerRef' | 'clientCrlContainerRef'>
>;
type PoolRefs = Partial<Pick<Pool, 'tlsContainerRef' | 'caTlsContainerRef' | 'crlContainerRef'>>;

interface Holders {
  listeners?: readonly ListenerRefs[];
  pools?: readonly PoolRefs[];
}

const isGiven = (ref: string | null | undefined): ref is string => typeof ref === 'string' && ref !== '';

/**
 * @param isTolerant what cannot be read is left out: of objects as they were, or that go
 * @throws OctaviaError CERTIFICATE_UNREADABLE
 */
export async function readMaterial(
  manager: CertificateManager,
  projectId: string,
  { listeners = [], pools = [] }: Holders,
  isTolerant: boolean,
): Promise<TlsMaterial> {
  const certificates = new Map<string, TlsContainer>();
  const texts = new Map<string, string>();
  const attempt = async (refs: readonly (string | null | undefined)[], read: (ref: string) => Promise<void>) => {
    for (const ref of new Set(refs.filter(isGiven))) {
      try {
        await read(ref);
      } catch (error) {
        if (!isTolerant || !(error instanceof OctaviaError)) throw error;
      }
    }
  };
  const own = listeners.flatMap((listener) => [listener.defaultTlsContainerRef, ...(listener.sniContainerRefs ?? [])]);
  await attempt([...own, ...pools.map((pool) => pool.tlsContainerRef)], async (ref) => {
    const { certificate, privateKey, intermediates } = await manager.getCertificate(ref, { projectId });
    certificates.set(ref, {
      certificate,
      private_key: privateKey.reveal(),
      intermediates,
      passphrase: null,
      primary_cn: manager.isMadeUp ? null : (certificateNames(certificate).commonNames[0] ?? null),
    });
  });
  const trust = [
    ...listeners.flatMap((listener) => [listener.clientCaTlsContainerRef, listener.clientCrlContainerRef]),
    ...pools.flatMap((pool) => [pool.caTlsContainerRef, pool.crlContainerRef]),
  ];
  await attempt(trust, async (ref) => {
    texts.set(ref, (await manager.getSecret(ref, { projectId })).reveal());
  });
  return { certificates, texts };
}
