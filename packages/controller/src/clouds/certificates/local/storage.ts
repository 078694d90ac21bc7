/**
 * The files of `[certificates] storage_path`, named as OpenStack Octavia names them: `<id>.crt` (a certificate, authorities or
 * a revocation list), `<id>.key`, `<id>.int` (intermediates), `<id>.pass` (of the key), and our `<id>.project`, the one
 * project that may use it.
 */
import { randomUUID } from 'node:crypto';
import { chmod, mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { listIfPresent, readIfPresent } from '../../../files/optional.ts';
import { Secret } from '../../../tls/secret.ts';

/** A reference is a name here, never a path. */
const ID = /^[A-Za-z0-9_][A-Za-z0-9_-]{0,200}$/;

export interface StoredSecret {
  certificate: string;
  key: Secret | null;
  intermediates: Buffer | null;
  passphrase: Secret | null;
  /** Null: every project may use it. */
  project: string | null;
}

const ENDINGS = ['crt', 'key', 'int', 'pass', 'project'] as const;
type Ending = (typeof ENDINGS)[number];

export class CertificateStorage {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Null when nothing of that name is stored. @throws OctaviaError FILE_UNREADABLE */
  async read(id: string): Promise<StoredSecret | null> {
    if (!ID.test(id)) return null;
    const certificate = await this.#read(id, 'crt');
    if (certificate === null) return null;
    const [key, intermediates, passphrase, project] = await Promise.all(
      (['key', 'int', 'pass', 'project'] as const).map((ending) => this.#read(id, ending)),
    );
    return {
      certificate: certificate.toString('utf8'),
      key: key ? new Secret(key.toString('utf8')) : null,
      intermediates: intermediates ?? null,
      passphrase: passphrase ? new Secret(passphrase.toString('utf8').replace(/\r?\n$/, '')) : null,
      project: project?.toString('utf8').trim() || null,
    };
  }

  /** Stores under a new name, which is the reference. The certificate comes last: what is half there does not count. */
  async add(
    secret: Pick<StoredSecret, 'certificate' | 'key' | 'project'> & { intermediates: string | null },
  ): Promise<string> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    await chmod(this.#folder, 0o700);
    const id = randomUUID();
    if (secret.key) await this.#write(id, 'key', secret.key.reveal());
    if (secret.intermediates) await this.#write(id, 'int', secret.intermediates);
    if (secret.project) await this.#write(id, 'project', `${secret.project}\n`);
    await this.#write(id, 'crt', secret.certificate);
    return id;
  }

  /** Names in order. */
  async list(): Promise<string[]> {
    const files = await listIfPresent(this.#folder);
    return files.flatMap((file) => (file.endsWith('.crt') ? [file.slice(0, -'.crt'.length)] : [])).sort();
  }

  /** False when there was nothing of that name. */
  async remove(id: string): Promise<boolean> {
    if ((await this.read(id)) === null) return false;
    for (const ending of ENDINGS) await rm(this.#path(id, ending), { force: true });
    return true;
  }

  #path(id: string, ending: Ending): string {
    return join(this.#folder, `${id}.${ending}`);
  }

  #read(id: string, ending: Ending): Promise<Buffer | null> {
    return readIfPresent(this.#path(id, ending));
  }

  async #write(id: string, ending: Ending, content: string): Promise<void> {
    const draft = `${this.#path(id, ending)}.new`;
    const file = await open(draft, 'w', 0o600);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, this.#path(id, ending));
  }
}
