/** Ends all sandboxes of an installation. Needs neither control plane nor database: `octavia down` stops those first. */
import { rm } from 'node:fs/promises';
import type { LocalInstance } from '../../local-host/instance.ts';
import { killProcesses } from '../../local-host/process.ts';
import { amphoraeDirectory, directoryOf, listInstanceIds, readRecord, writeRecord } from './record.ts';
import { findAllSandboxes } from './sandbox.ts';
import { unplugEverything } from './wiring.ts';

async function endAll(instance: LocalInstance): Promise<void> {
  await killProcesses(findAllSandboxes(instance));
  await unplugEverything(instance);
}

/** Stops every sandbox, recorded or not; keeps the instances, which boot again with `recover`. Idempotent. */
export async function stopAll(instance: LocalInstance): Promise<void> {
  await endAll(instance);
  for (const id of await listInstanceIds(instance)) {
    const directory = directoryOf(instance, id);
    const record = await readRecord(directory);
    if (record?.state !== 'running') continue;
    await writeRecord(directory, { ...record, state: 'stopped', process: null });
  }
}

/** Removes every sandbox, interface and directory of the instances. Their ports in the store stay. Idempotent. */
export async function purgeAll(instance: LocalInstance): Promise<void> {
  await endAll(instance);
  await rm(amphoraeDirectory(instance), { recursive: true, force: true });
}
