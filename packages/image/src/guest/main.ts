/** Entry of the bundled first boot: finds the config drive, reads it, carries it out. Runs on plain Node, without arguments. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { applyFirstBoot } from './apply.ts';
import { readConfigDrive } from './config-drive.ts';
import type { FirstBootPlan } from './first-boot-plan.ts';

/** The second is how vfat writes it. */
const DEVICES = ['/dev/disk/by-label/config-2', '/dev/disk/by-label/CONFIG-2'];
const MOUNT_POINT = '/run/octavia/config-drive';
const DONE = '/var/lib/octavia-first-boot';
/** Emulated drives of optical discs answer late. */
const PATIENCE_MS = 60_000;
const POLL_MS = 100;

const run = (command: string, ...args: string[]): string =>
  execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

async function findDrive(): Promise<string> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const device = DEVICES.find((path) => existsSync(path));
    if (device !== undefined) return device;
    if (Date.now() > deadline) {
      const words = 'there is no disk with the label config-2, so this amphora gets neither keys nor configuration';
      throw new Error(`No config drive: ${words}. Build it with config_drive = true.`);
    }
    await sleep(POLL_MS);
  }
}

/** By one of the kinds that Nova makes ([DEFAULT] config_drive_format). */
function mount(device: string): void {
  mkdirSync(MOUNT_POINT, { recursive: true });
  run('mount', '-t', 'iso9660,vfat', '-o', 'ro,nosuid,nodev,noexec', device, MOUNT_POINT);
}

async function read(): Promise<FirstBootPlan> {
  mount(await findDrive());
  try {
    return await readConfigDrive(MOUNT_POINT);
  } finally {
    run('umount', MOUNT_POINT);
  }
}

async function main(): Promise<void> {
  const plan = await read();
  const { unitsChanged } = await applyFirstBoot('/', plan);
  for (const warning of plan.warnings) console.log(warning);
  if (plan.hostname !== null) run('hostname', '-F', '/etc/hostname');
  if (unitsChanged) run('systemctl', 'daemon-reload');
  mkdirSync(DONE, { recursive: true });
  writeFileSync(`${DONE}/done`, `${plan.instanceId}\n`);
  console.log(`First boot of instance ${plan.instanceId}: ${plan.files.length} files placed.`);
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
});
