/** What HAProxy is started and reloaded with, on disk: written so that a crash at any moment leaves something that starts. */
import { createHash } from 'node:crypto';
import { copyFile, mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '../state/atomic-file.ts';
import { readIfPresent } from '../state/optional-file.ts';
import type { CertificateChange } from './certificate-plan.ts';
import {
  digestsOf,
  listText,
  type ReadCertificateFile,
  type Slots,
  type SlottedText,
  withSlots,
} from './certificate-slots.ts';
import { decode, encode } from './config-text.ts';
import type { LoadBalancerPaths } from './paths.ts';
import {
  CERTIFICATE_FOLDERS,
  type CertificateFolder,
  type RunningFile,
  readRunningFile,
  writeRunningFile,
} from './running-file.ts';

/** Certificates under their stable names, in a folder that only root reads. */
async function write(folder: string, name: string, content: Buffer | string): Promise<void> {
  await writeFileAtomic(join(folder, name), content, 0o600);
}

/** All anew; what was in the folder is gone. */
export async function fillFolder(folder: string, { certificates, lists }: Slots): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  if (certificates.size === 0) return;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  for (const [name, content] of certificates) await write(folder, name, content);
  for (const [name, entries] of lists) await write(folder, name, listText(folder, entries));
}

/** What was done in the running HAProxy. At any moment the folder has every file that a list in it names. */
export async function followChanges(
  folder: string,
  slots: Slots,
  changes: readonly CertificateChange[],
): Promise<void> {
  const dropped = changes.filter((change) => change.kind === 'drop');
  for (const change of changes) {
    if (change.kind !== 'drop') await write(folder, change.name, change.content);
  }
  if (changes.some((change) => change.kind !== 'replace')) {
    for (const [name, entries] of slots.lists) await write(folder, name, listText(folder, entries));
  }
  for (const { name } of dropped) await rm(join(folder, name), { force: true });
}

export const sha256 = (content: Buffer): string => createHash('sha256').update(content).digest('hex');

async function read(path: string): Promise<RunningFile | null> {
  const content = await readIfPresent(path);
  return content === null ? null : readRunningFile(decode(content));
}

export class RunningConfiguration {
  readonly #paths: LoadBalancerPaths;
  readonly #readCertificate: ReadCertificateFile;
  readonly #complete: (text: string) => Promise<string>;

  /**
   * @param readCertificate reads a file that the controller uploaded, as a configuration names it
   * @param complete adds what the agent wants in it
   */
  constructor(
    paths: LoadBalancerPaths,
    readCertificate: ReadCertificateFile,
    complete: (text: string) => Promise<string>,
  ) {
    this.#paths = paths;
    this.#readCertificate = readCertificate;
    this.#complete = complete;
  }

  /** Null before the first start. */
  current(): Promise<RunningFile | null> {
    return read(this.#paths.running);
  }

  /** A start or reload with it was begun, and nothing is known of how it went. */
  async isUnproven(): Promise<boolean> {
    return (await read(this.#paths.previous)) !== null;
  }

  folder(name: CertificateFolder): string {
    return join(this.#paths.folder, name);
  }

  /** An upload as it would stand with its certificates in that folder. */
  async wanted(stored: Buffer, name: CertificateFolder): Promise<SlottedText> {
    return withSlots(await this.#complete(decode(stored)), this.folder(name), this.#readCertificate);
  }

  /** Before a start or reload: the upload becomes the current one, unproven. */
  async stage(stored: Buffer): Promise<void> {
    const { running, previous } = this.#paths;
    // A `previous` that is still there is the last proven one; `running` was never proven.
    const proven = (await read(previous)) ?? (await read(running));
    const fresh = CERTIFICATE_FOLDERS.find((name) => name !== proven?.folder) ?? CERTIFICATE_FOLDERS[0];
    const wanted = await this.wanted(stored, fresh);
    if (proven !== null && !(await this.isUnproven())) {
      await copyFile(running, `${previous}.tmp`);
      await rename(`${previous}.tmp`, previous);
    }
    await fillFolder(this.folder(fresh), wanted.slots);
    await this.#write(stored, wanted, fresh);
  }

  /** After commands to the running HAProxy: the upload is the current one. */
  async follow(
    stored: Buffer,
    wanted: SlottedText,
    name: CertificateFolder,
    changes: readonly CertificateChange[],
  ): Promise<void> {
    await followChanges(this.folder(name), wanted.slots, changes);
    await this.#write(stored, wanted, name);
  }

  /** HAProxy runs with the current one. */
  async prove(): Promise<void> {
    await rm(this.#paths.previous, { force: true });
    const current = await this.current();
    for (const name of CERTIFICATE_FOLDERS) {
      if (name !== current?.folder) await rm(this.folder(name), { recursive: true, force: true });
    }
  }

  /** Back to the last one that was proven. False when there was none: then there is no current one either. */
  async restore(): Promise<boolean> {
    const { previous, running } = this.#paths;
    if (await this.isUnproven()) {
      await rename(previous, running);
      return true;
    }
    await rm(running, { force: true });
    return false;
  }

  async #write(stored: Buffer, { text, slots }: SlottedText, folder: CertificateFolder): Promise<void> {
    const file = writeRunningFile({ text, uploaded: sha256(stored), folder, digests: digestsOf(slots) });
    await writeFileAtomic(this.#paths.running, encode(file, stored), 0o600);
  }
}
