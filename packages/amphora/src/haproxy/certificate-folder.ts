/** Certificates under their stable names, in a folder that only root reads. */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '../state/atomic-file.ts';
import type { CertificateChange } from './certificate-plan.ts';
import { listText, type Slots } from './certificate-slots.ts';

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
