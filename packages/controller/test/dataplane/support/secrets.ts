import type { CertificateManager } from '../../../src/clouds/certificates/manager.ts';
import { OctaviaError } from '../../../src/errors.ts';
import { bundleOf, type TlsBundle } from '../../../src/tls/bundle.ts';
import { Secret } from '../../../src/tls/secret.ts';
import type { IssuedPem } from './test-authority.ts';

/** A secret store in memory: references are the names that a test gives. */
export class TestSecrets implements CertificateManager {
  readonly name = 'test';
  readonly #bundles = new Map<string, TlsBundle>();
  readonly #texts = new Map<string, Secret>();
  /** Answers nothing while true. */
  down = false;

  pair(ref: string, { certificate, privateKey }: IssuedPem, intermediates = ''): this {
    this.#bundles.set(ref, bundleOf(certificate, new Secret(privateKey), Buffer.from(intermediates), undefined));
    return this;
  }

  text(ref: string, text: string): this {
    this.#texts.set(ref, new Secret(text));
    return this;
  }

  async getCertificate(ref: string): Promise<TlsBundle> {
    return this.#get(this.#bundles, ref);
  }

  async getSecret(ref: string): Promise<Secret> {
    return this.#get(this.#texts, ref);
  }

  #get<T>(from: Map<string, T>, ref: string): T {
    const found = this.down ? undefined : from.get(ref);
    if (found === undefined) throw new OctaviaError('CERTIFICATE_UNREADABLE', { refs: ref });
    return found;
  }
}
