/** Makes files for amphorae of the secrets that a load balancer refers to. */
import { createHash } from 'node:crypto';
import type { TrustFileKind } from '@octavia/protocol/agent-api';
import type { CertificateManager } from '../../clouds/certificates/manager.ts';
import type { Listener, LoadBalancerTree, Pool } from '../../domain/resources.ts';
import { needsCertificates, servedListeners, servedPools } from '../../domain/serving.ts';
import type { TlsSettings } from '../../domain/validation/tls.ts';
import { OctaviaError } from '../../errors.ts';
import { combinedPem } from '../../tls/bundle.ts';
import { certificateKey, requireAnyCipher } from '../../tls/ciphers.ts';
import { Secret } from '../../tls/secret.ts';
import type { HaproxyOptions } from '../haproxy/options.ts';
import { certificatePath } from '../haproxy/tls.ts';
import {
  type ListenerTlsFiles,
  listenerSource,
  NO_TLS_FILES,
  type PoolTlsFiles,
  poolSource,
  type TlsFiles,
} from '../haproxy/tls-files.ts';
import type { UnusableListener } from '../interface.ts';

export interface CertificateFile {
  /** SHA-1 of the content: a file never changes, and what is there need not be sent. */
  name: string;
  kind: 'certificate' | TrustFileKind;
  content: Secret;
}

export interface TlsMaterial {
  files: TlsFiles;
  /** What must lie in the amphora, each once. */
  uploads: ReadonlyMap<string, CertificateFile>;
  /** Why secrets could not be read or served, by id of the listener or pool. */
  failures: ReadonlyMap<string, SecretFailure>;
}

type SecretFailure = Omit<UnusableListener, 'listenerId'>;

const NO_MATERIAL: TlsMaterial = { files: NO_TLS_FILES, uploads: new Map(), failures: new Map() };

function fileOf(kind: CertificateFile['kind'], content: Secret): CertificateFile {
  return { name: createHash('sha1').update(content.reveal()).digest('hex'), kind, content };
}

/** The tenant reads this: catalogue texts only, whatever else went wrong. */
function failureOf(error: unknown): SecretFailure {
  if (error instanceof OctaviaError) return { reason: error.message, code: error.code };
  return { reason: 'The certificate store did not answer as expected.', code: 'CERTIFICATE_UNREADABLE' };
}

function tlsListeners(tree: LoadBalancerTree): Listener[] {
  return servedListeners(tree).filter(needsCertificates);
}

function tlsPools(tree: LoadBalancerTree): Pool[] {
  const pools = servedListeners(tree).flatMap((listener) => servedPools(tree, listener));
  return [...new Set(pools)].filter(({ tlsEnabled }) => tlsEnabled);
}

class Collector {
  readonly uploads = new Map<string, CertificateFile>();
  readonly #tree: LoadBalancerTree;
  readonly #manager: CertificateManager;
  readonly #options: HaproxyOptions;

  constructor(tree: LoadBalancerTree, manager: CertificateManager, options: HaproxyOptions) {
    this.#tree = tree;
    this.#manager = manager;
    this.#options = options;
  }

  async listener(listener: Listener): Promise<ListenerTlsFiles> {
    const refs = [listener.defaultTlsContainerRef, ...listener.sniContainerRefs].filter((ref) => ref !== null);
    const names = await Promise.all([...new Set(refs)].map((ref) => this.#certificate(ref, listener)));
    const paths = names.map((name) => `${certificatePath(this.#tree.loadBalancer.id, name, this.#options)}\n`);
    return {
      source: listenerSource(listener),
      certificates: this.#add(fileOf('crt-list', new Secret(paths.join('')))),
      clientCa: await this.#trust('ca', listener.clientCaTlsContainerRef),
      clientCrl: await this.#trust('crl', listener.clientCrlContainerRef),
    };
  }

  async pool(pool: Pool): Promise<PoolTlsFiles> {
    return {
      source: poolSource(pool),
      certificate: pool.tlsContainerRef === null ? null : await this.#certificate(pool.tlsContainerRef),
      ca: await this.#trust('ca', pool.caTlsContainerRef),
      crl: await this.#trust('crl', pool.crlContainerRef),
    };
  }

  /** @param settings that the key has to do with; its kind may have changed with the certificate */
  async #certificate(ref: string, settings?: TlsSettings): Promise<string> {
    const bundle = await this.#manager.getCertificate(ref, this.#tree.loadBalancer);
    if (settings && !this.#manager.isMadeUp) {
      requireAnyCipher(settings, certificateKey(bundle.privateKey.reveal(), ref));
    }
    return this.#add(fileOf('certificate', combinedPem(bundle)));
  }

  async #trust(kind: 'ca' | 'crl', ref: string | null): Promise<string | null> {
    if (ref === null) return null;
    return this.#add(fileOf(kind, await this.#manager.getSecret(ref, this.#tree.loadBalancer)));
  }

  #add(file: CertificateFile): string {
    this.uploads.set(file.name, file);
    return file.name;
  }
}

/** Reads every secret that is served. One that cannot be read takes its listener or pool out, nothing else. Never throws. */
export async function collectMaterial(
  tree: LoadBalancerTree,
  manager: CertificateManager,
  options: HaproxyOptions,
): Promise<TlsMaterial> {
  const ofListeners = tlsListeners(tree);
  const ofPools = tlsPools(tree);
  if (ofListeners.length + ofPools.length === 0) return NO_MATERIAL;
  const failures = new Map<string, SecretFailure>();
  const listeners = new Map<string, ListenerTlsFiles>();
  const pools = new Map<string, PoolTlsFiles>();
  const collector = new Collector(tree, manager, options);
  const collect = async <T>(id: string, into: Map<string, T>, work: Promise<T>): Promise<void> => {
    try {
      into.set(id, await work);
    } catch (error) {
      failures.set(id, failureOf(error));
    }
  };
  await Promise.all([
    ...ofListeners.map((listener) => collect(listener.id, listeners, collector.listener(listener))),
    ...ofPools.map((pool) => collect(pool.id, pools, collector.pool(pool))),
  ]);
  return { files: { listeners, pools }, uploads: collector.uploads, failures };
}

/**
 * Where secrets could not be read but the amphora still has the files made of the same references, those serve on.
 *
 * @param inForce what the amphora uses now
 * @returns the files to render with, and what is still missing
 */
export function withKept(
  tree: LoadBalancerTree,
  material: TlsMaterial,
  inForce: TlsFiles,
): Pick<TlsMaterial, 'files' | 'failures'> {
  const failures = new Map(material.failures);
  const keep = <T extends { source: string }>(id: string, source: string, old: T | undefined, into: Map<string, T>) => {
    if (!failures.has(id) || old?.source !== source) return;
    into.set(id, old);
    failures.delete(id);
  };
  const listeners = new Map(material.files.listeners);
  const pools = new Map(material.files.pools);
  for (const item of tlsListeners(tree)) keep(item.id, listenerSource(item), inForce.listeners.get(item.id), listeners);
  for (const item of tlsPools(tree)) keep(item.id, poolSource(item), inForce.pools.get(item.id), pools);
  return { files: { listeners, pools }, failures };
}

/** Every listener that is not served as its owner wants it: for its own secrets, or for those of a pool it sends to. */
export function unusableListeners(tree: LoadBalancerTree, failures: TlsMaterial['failures']): UnusableListener[] {
  return servedListeners(tree).flatMap((listener) => {
    const own = failures.get(listener.id);
    if (own) return [{ listenerId: listener.id, ...own }];
    for (const { id } of servedPools(tree, listener)) {
      const failure = failures.get(id);
      if (failure) return [{ listenerId: listener.id, ...failure, reason: `Pool ${id}: ${failure.reason}` }];
    }
    return [];
  });
}
