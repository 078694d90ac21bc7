/** Certificate files of load balancers: `<base_cert_dir>/<load balancer>/<name>.pem`, private, written whole. */
import { mkdir, rm, rmdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { certificateFolder } from '@octavia/protocol/agent-api';
import { writeFileAtomic } from '../state/atomic-file.ts';
import { listIfPresent, readIfPresent } from '../state/optional-file.ts';

/** No separators, no leading dot: a name can mean only a file in its folder. */
const FILE_NAME = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,250}\.pem$/;

export function isCertificateName(name: string): boolean {
  return FILE_NAME.test(name);
}

export class CertificateStore {
  readonly #folder: string;

  /** @param folder `[haproxy_amphora] base_cert_dir` */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** True when files of the load balancer are here. */
  async knows(loadBalancerId: string): Promise<boolean> {
    return (await listIfPresent(this.#of(loadBalancerId))).length > 0;
  }

  /** File names, in order. */
  async list(loadBalancerId: string): Promise<string[]> {
    const names = await listIfPresent(this.#of(loadBalancerId));
    return names.filter(isCertificateName).sort();
  }

  /** Null when there is no such file. */
  read(loadBalancerId: string, name: string): Promise<Buffer | null> {
    return readIfPresent(join(this.#of(loadBalancerId), name));
  }

  async write(loadBalancerId: string, name: string, content: Buffer): Promise<void> {
    await mkdir(this.#of(loadBalancerId), { recursive: true, mode: 0o700 });
    await writeFileAtomic(join(this.#of(loadBalancerId), name), content, 0o600);
  }

  /** As a configuration names it. Null when it is not a file of this load balancer, or not there. */
  async readPath(loadBalancerId: string, path: string): Promise<Buffer | null> {
    const name = basename(path);
    const isOurs = path === join(this.#of(loadBalancerId), name) && isCertificateName(name);
    return isOurs ? this.read(loadBalancerId, name) : null;
  }

  /** The last file takes its folder along. False when there was no such file. */
  async remove(loadBalancerId: string, name: string): Promise<boolean> {
    if ((await this.read(loadBalancerId, name)) === null) return false;
    await rm(join(this.#of(loadBalancerId), name), { force: true });
    // Other files keep the folder.
    await rmdir(this.#of(loadBalancerId)).catch(() => {});
    return true;
  }

  async removeAll(loadBalancerId: string): Promise<void> {
    await rm(this.#of(loadBalancerId), { recursive: true, force: true });
  }

  #of(loadBalancerId: string): string {
    return certificateFolder(this.#folder, loadBalancerId);
  }
}
