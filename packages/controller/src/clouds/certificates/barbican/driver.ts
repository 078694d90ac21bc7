import { type ErrorCode, OctaviaError } from '../../../errors.ts';
import { bundleOf, readBundle, type TlsBundle } from '../../../tls/bundle.ts';
import { Secret } from '../../../tls/secret.ts';
import { type Barbican, type BarbicanObject, objectOf } from '../../openstack/barbican.ts';
import type { CertificateManager, SecretReader, SecretUses } from '../manager.ts';
import type { BarbicanAccess } from './access.ts';

/**
 * Certificates in Barbican: containers of certificate, key, intermediates and pass phrase, and single secrets with PKCS#12 or PEM.
 * Whoever names a reference must be able to see it, and gives the service user access by that.
 */
export class BarbicanCertificateManager implements CertificateManager {
  readonly name: string;
  readonly uses: SecretUses;
  readonly #barbican: Barbican;
  readonly #access: BarbicanAccess;

  constructor(name: string, barbican: Barbican, { access, uses }: { access: BarbicanAccess; uses: SecretUses }) {
    this.name = name;
    this.uses = uses;
    this.#barbican = barbican;
    this.#access = access;
  }

  getCertificate(ref: string, reader: SecretReader): Promise<TlsBundle> {
    return this.#read(ref, reader, async ({ kind, id }) => {
      if (kind === 'secrets') return readBundle(await this.#barbican.payload(id));
      const { certificate, private_key, intermediates, private_key_passphrase } = await this.#partsOf(id);
      const missing = certificate === undefined ? 'certificate' : private_key === undefined ? 'private key' : null;
      if (certificate === undefined || private_key === undefined) throw unusable(`It holds no ${missing}.`);
      const key = new Secret(private_key.toString());
      const passphrase = private_key_passphrase?.toString().replace(/\r?\n$/, '');
      return bundleOf(certificate.toString('latin1'), key, intermediates ?? null, passphrase);
    });
  }

  getSecret(ref: string, reader: SecretReader): Promise<Secret> {
    return this.#read(ref, reader, async ({ kind, id }) => {
      if (kind === 'secrets') return textOf(await this.#barbican.payload(id));
      const { certificate } = await this.#partsOf(id);
      if (certificate === undefined) throw unusable('It holds no certificate.');
      return textOf(certificate);
    });
  }

  /** Contents of a container by their names. */
  async #partsOf(id: string): Promise<Record<string, Buffer>> {
    const secrets = await this.#barbican.secretsOf(id);
    const read = async ([name, secret]: [string, string]) => [name, await this.#barbican.payload(secret)] as const;
    return Object.fromEntries(await Promise.all([...secrets].map(read)));
  }

  async #read<T>(ref: string, reader: SecretReader, read: (object: BarbicanObject) => Promise<T>): Promise<T> {
    const object = objectOf(ref);
    if (object === null) throw new OctaviaError('CERTIFICATE_UNREADABLE', { refs: ref });
    try {
      await this.#access.ask(ref, object, reader);
      return await read(object);
    } catch (error) {
      throw await this.#asReadError(ref, error);
    }
  }

  /** What a tenant can do something about is said in words of the reference. */
  async #asReadError(ref: string, error: unknown): Promise<unknown> {
    if (isRefusal(error, 'OPENSTACK_NOT_FOUND')) {
      return new OctaviaError('CERTIFICATE_UNREADABLE', { refs: ref }, { cause: error });
    }
    if (!isRefusal(error, 'OPENSTACK_UNAUTHORISED')) return error;
    const user = (await this.#barbican.userId()) ?? 'of [service_auth]';
    return new OctaviaError('CERTIFICATE_FORBIDDEN', { refs: ref, user }, { cause: error });
  }
}

/** Of Barbican itself: that Keystone does not let us in is no tenant's business. */
const isRefusal = (error: unknown, code: ErrorCode): error is OctaviaError =>
  error instanceof OctaviaError && error.code === code && error.parameters.service === 'Barbican';

/** Barbican cuts off white space, and with it the end of the last line. */
const textOf = (bytes: Buffer): Secret => new Secret(bytes.toString().replace(/(?<!\n)$/, '\n'));

const unusable = (detail: string): OctaviaError => new OctaviaError('CERTIFICATE_UNUSABLE', { detail });
