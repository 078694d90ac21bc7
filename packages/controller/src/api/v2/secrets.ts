/**
 * References to secrets are read when they are accepted, so that a listener cannot fail later. Before any transaction: a
 * secret store may be slow, and a row lock must not wait for it.
 */
import type { X509Certificate } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import type { SecretReader } from '../../clouds/certificates/manager.ts';
import type { Listener, Pool } from '../../domain/resources.ts';
import { refusal } from '../../domain/validation/refuse.ts';
import type { TlsSettings } from '../../domain/validation/tls.ts';
import { OctaviaError } from '../../errors.ts';
import type { TlsBundle } from '../../tls/bundle.ts';
import { certificateKey, requireUsableCiphers } from '../../tls/ciphers.ts';
import { certificateNames } from '../../tls/names.ts';
import { isIssuedBy, type RevocationList, readAuthorities, readRevocationLists } from '../../tls/trust.ts';
import { requireShort, requireUsable } from '../../tls/usable.ts';
import type { ApiDependencies } from '../dependencies.ts';

type ListenerRefs = Pick<
  Listener,
  'defaultTlsContainerRef' | 'sniContainerRefs' | 'clientCaTlsContainerRef' | 'clientCrlContainerRef'
>;
/** With the settings that its keys have to do with. */
type ListenerTls = ListenerRefs & TlsSettings;
type PoolRefs = Pick<Pool, 'tlsContainerRef' | 'caTlsContainerRef' | 'crlContainerRef'>;

interface References {
  /** With a private key each. */
  certificates: string[];
  /** That the keys are used with; null: any that they can be. */
  settings: TlsSettings | null;
  authorities: string | null;
  revocations: string | null;
}

/** For whom secrets are read. Where everybody is believed a token proves nothing. */
export function readerOf(
  { identity }: Pick<ApiDependencies, 'identity'>,
  { headers, caller }: FastifyRequest,
  projectId: string,
): SecretReader {
  const token = headers['x-auth-token'];
  if (identity.trustsEverybody || typeof token !== 'string') return { projectId };
  return { projectId, caller: { token, projectId: caller.projectId } };
}

/** After a change: whoever asked for it may have been the last to need a secret. Nobody waits for it. */
export function giveSecretsBack(
  deps: Pick<ApiDependencies, 'certificates' | 'identity'>,
  request: FastifyRequest,
): void {
  const { projectId } = request.caller;
  const { caller } = readerOf(deps, request, projectId ?? '');
  if (projectId !== null && caller) deps.certificates.uses?.release(projectId, caller.token);
}

const isGiven = (ref: string | null): ref is string => ref !== null && ref !== '';

const ofListener = (listener: ListenerTls): References => ({
  settings: listener,
  certificates: [listener.defaultTlsContainerRef, ...listener.sniContainerRefs].filter(isGiven),
  authorities: listener.clientCaTlsContainerRef || null,
  revocations: listener.clientCrlContainerRef || null,
});

/** Of a client's certificate no cipher asks what key it has. */
const ofPool = (pool: PoolRefs): References => ({
  settings: null,
  certificates: pool.tlsContainerRef ? [pool.tlsContainerRef] : [],
  authorities: pool.caTlsContainerRef || null,
  revocations: pool.crlContainerRef || null,
});

export const hasListenerSecrets = (listener: Partial<ListenerRefs>): boolean =>
  Boolean(
    listener.defaultTlsContainerRef ||
      listener.sniContainerRefs?.length ||
      listener.clientCaTlsContainerRef ||
      listener.clientCrlContainerRef,
  );

export const hasPoolSecrets = (pool: Partial<PoolRefs>): boolean =>
  Boolean(pool.tlsContainerRef || pool.caTlsContainerRef || pool.crlContainerRef);

/** What one kind of object calls its trust, in refusals. */
interface Wording {
  authorities: string;
  revocations: string;
  mismatch: string;
}

const CLIENT_WORDING: Wording = {
  authorities: 'The client authentication CA certificate is invalid. It must be a valid x509 PEM format certificate.',
  revocations:
    'The client authentication certificate revocation list is invalid. It must be a valid x509 PEM format certificate revocation list.',
  mismatch: 'The CRL specified is not valid for client certificate authority reference supplied.',
};

const MEMBER_WORDING: Wording = {
  authorities: 'The CA certificate is invalid. It must be a valid x509 PEM format certificate.',
  revocations:
    'The certificate revocation list is invalid. It must be a valid x509 PEM format certificate revocation list.',
  mismatch: 'The CRL specified is not valid for the certificate authority reference supplied.',
};

const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

class SecretChecks {
  /** Reported together. */
  readonly #unreadable = new Set<string>();
  readonly #deps: Pick<ApiDependencies, 'certificates' | 'config'>;
  readonly #reader: SecretReader;

  constructor(deps: Pick<ApiDependencies, 'certificates' | 'config'>, reader: SecretReader) {
    this.#deps = deps;
    this.#reader = reader;
  }

  /** What was accepted before is not read again. */
  async check(refs: References, known: References | null, wording: Wording): Promise<void> {
    const { settings } = refs;
    const isSame = settings?.tlsCiphers === known?.settings?.tlsCiphers && sameList(settings, known?.settings);
    for (const ref of new Set(refs.certificates)) {
      if (!known?.certificates.includes(ref)) await this.#certificate(ref, settings);
      else if (!isSame) await this.#ciphers(ref, settings);
    }
    const same = known?.authorities === refs.authorities && known?.revocations === refs.revocations;
    if (!same) await this.#trust(refs, wording);
  }

  requireReadable(): void {
    if (this.#unreadable.size > 0)
      throw new OctaviaError('CERTIFICATE_UNREADABLE', { refs: [...this.#unreadable].join(', ') });
  }

  /** Of a certificate that is in use; whether it can be read now is not the question. */
  async #ciphers(ref: string, settings: TlsSettings | null): Promise<void> {
    try {
      const bundle = await this.#deps.certificates.getCertificate(ref, { projectId: this.#reader.projectId });
      this.#requireCiphers(ref, bundle, settings);
    } catch (error) {
      if (!(error instanceof OctaviaError) || error.code === 'CIPHERS_UNUSABLE') throw error;
    }
  }

  #requireCiphers(ref: string, { privateKey }: TlsBundle, settings: TlsSettings | null): void {
    if (settings === null || this.#deps.certificates.isMadeUp) return;
    const isChosen = settings.tlsCiphers !== this.#deps.config.api_settings.default_listener_ciphers;
    requireUsableCiphers(settings, isChosen, certificateKey(privateKey.reveal(), ref));
  }

  async #certificate(ref: string, settings: TlsSettings | null): Promise<void> {
    const bundle = await this.#read(ref, (reader) => this.#deps.certificates.getCertificate(ref, reader));
    if (bundle === null) return;
    const { commonNames, dnsNames } = certificateNames(bundle.certificate);
    if (commonNames.length + dnsNames.length === 0) throw new OctaviaError('CERTIFICATE_WITHOUT_NAME');
    requireUsable(bundle);
    this.#requireCiphers(ref, bundle, settings);
  }

  async #trust({ authorities, revocations }: References, wording: Wording): Promise<void> {
    const cas = await this.#parsed(authorities, readAuthorities, wording.authorities);
    const lists = await this.#parsed(revocations, readRevocationLists, wording.revocations);
    if (cas !== null && lists !== null && !lists.every((list) => isKnownTo(cas, list))) throw refusal(wording.mismatch);
  }

  async #parsed<T>(ref: string | null, parse: (pem: string) => T, words: string): Promise<T | null> {
    if (ref === null) return null;
    const secret = await this.#read(ref, (reader) => this.#deps.certificates.getSecret(ref, reader));
    if (secret === null) return null;
    try {
      const parsed = parse(secret.reveal());
      requireShort(secret.reveal());
      return parsed;
    } catch (error) {
      throw refusal(`${words} Error: ${wordsOf(error)}`);
    }
  }

  async #read<T>(ref: string, read: (reader: SecretReader) => Promise<T>): Promise<T | null> {
    try {
      return await read(this.#reader);
    } catch (error) {
      if (!(error instanceof OctaviaError) || error.code !== 'CERTIFICATE_UNREADABLE') throw error;
      this.#unreadable.add(ref);
      return null;
    }
  }
}

const sameList = (one: TlsSettings | null | undefined, other: TlsSettings | null | undefined): boolean =>
  JSON.stringify(one?.tlsVersions ?? null) === JSON.stringify(other?.tlsVersions ?? null);

const isKnownTo = (authorities: readonly X509Certificate[], list: RevocationList): boolean =>
  authorities.some((authority) => isIssuedBy(list, authority));

/**
 * @param current what is stored, for a change
 * @throws OctaviaError CERTIFICATE_UNREADABLE, CERTIFICATE_FORBIDDEN, CERTIFICATE_UNUSABLE, CERTIFICATE_WITHOUT_NAME, CIPHERS_UNUSABLE,
 *   PKCS12_UNREADABLE, VALIDATION; OPENSTACK_UNAVAILABLE
 */
export async function checkListenerSecrets(
  deps: Pick<ApiDependencies, 'certificates' | 'config'>,
  reader: SecretReader,
  listener: ListenerTls,
  current: ListenerTls | null = null,
): Promise<void> {
  const checks = new SecretChecks(deps, reader);
  await checks.check(ofListener(listener), current && ofListener(current), CLIENT_WORDING);
  checks.requireReadable();
}

/** The same for a pool. */
export async function checkPoolSecrets(
  deps: Pick<ApiDependencies, 'certificates' | 'config'>,
  reader: SecretReader,
  pool: PoolRefs,
  current: PoolRefs | null = null,
): Promise<void> {
  const checks = new SecretChecks(deps, reader);
  await checks.check(ofPool(pool), current && ofPool(current), MEMBER_WORDING);
  checks.requireReadable();
}

/** The same for everything that one request creates. */
export async function checkTreeSecrets(
  deps: Pick<ApiDependencies, 'certificates' | 'config'>,
  reader: SecretReader,
  tree: { listeners: readonly ListenerTls[]; pools: readonly PoolRefs[] },
): Promise<void> {
  const checks = new SecretChecks(deps, reader);
  for (const pool of tree.pools.filter(hasPoolSecrets)) await checks.check(ofPool(pool), null, MEMBER_WORDING);
  for (const listener of tree.listeners.filter(hasListenerSecrets)) {
    await checks.check(ofListener(listener), null, CLIENT_WORDING);
  }
  checks.requireReadable();
}
