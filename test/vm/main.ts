/**
 * `npm run test:vm`: what needs another kernel than the host's, and the amphora image. Boots the root file system of the image in
 * qemu twice: with or without KVM, to run the `*.vm.test.ts` files in it, without a network card; and as it is, without KVM, with
 * tests beside it, in network namespaces of their own. Nothing leaves them. `-- amphora` runs the second alone, `-- lvs` one file.
 */
import { spawn, spawnSync } from 'node:child_process';
import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BaseImage, baseImage, checkoutImage, freshDisk, INIT_PATH } from './image.ts';
import { installHostPackages } from './packages.ts';

const ROOT = join(import.meta.dirname, '../..');
const CACHE = process.env.OCTAVIA_VM_CACHE ?? '/var/cache/octavia-vm';
/** The filter that means the tests of the image itself. */
const AMPHORA = 'amphora';
const TIME_LIMIT_MS = 60 * 60_000;

/** From the start to our first program; a working one needs a few seconds. */
const KVM_PATIENCE_MS = 60_000;

function hasKvm(): boolean {
  try {
    accessSync('/dev/kvm', constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

const EMULATED = ['-accel', 'tcg,thread=multi', '-cpu', 'max'];
/** One after the other: a host may have the device and no use of it. */
const accelerations = (): string[][] => (hasKvm() ? [['-accel', 'kvm', '-cpu', 'host'], EMULATED] : [EMULATED]);

const machine = (image: BaseImage, rootDisk: string, checkout: string): string[] => [
  ...['-M', 'q35', '-smp', '2', '-m', '3072'],
  ...['-display', 'none', '-serial', 'stdio', '-monitor', 'none', '-no-reboot', '-nic', 'none'],
  ...['-kernel', image.kernel, '-initrd', image.initrd],
  ...['-append', `root=/dev/vda1 rw console=ttyS0 quiet init=${INIT_PATH}`],
  ...['-drive', `file=${rootDisk},format=raw,if=virtio,cache=unsafe`],
  ...['-drive', `file=${checkout},format=raw,if=virtio,cache=unsafe`],
];

/** Shows what the machine says and resolves with the status it tells; null when it never got to run our first program. */
function boot(args: string[], patienceMs: number): Promise<number | null> {
  const qemu = spawn('qemu-system-x86_64', args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const stop = (): void => void qemu.kill('SIGKILL');
  const timer = setTimeout(() => {
    process.stderr.write(`The machine did not end within ${TIME_LIMIT_MS / 60_000} minutes.\n`);
    stop();
  }, TIME_LIMIT_MS);
  const late = setTimeout(stop, patienceMs);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, stop);
  let tail = '';
  let status: number | null = null;
  qemu.stdout.setEncoding('utf8').on('data', (text: string) => {
    process.stdout.write(text);
    tail = (tail + text).slice(-2000);
    if (tail.includes('VM-BEGIN')) {
      clearTimeout(late);
      status ??= 1;
    }
    const told = /VM-EXIT (\d+)\r?\n/.exec(tail)?.[1];
    if (told !== undefined) status = Number(told);
  });
  qemu.stderr.setEncoding('utf8').on('data', (text: string) => {
    process.stderr.write(text);
    if (text.includes('KVM internal error')) stop();
  });
  return new Promise((resolve) => {
    qemu.once('error', (error) => {
      process.stderr.write(`qemu: ${error.message}\n`);
      resolve(1);
    });
    qemu.once('close', () => {
      clearTimeout(timer);
      clearTimeout(late);
      resolve(status);
    });
  });
}

/** @returns the status of the tests inside the machine */
async function testInside(image: BaseImage, disk: string, scratch: string, filters: string[]): Promise<number> {
  const checkout = checkoutImage(ROOT, scratch, filters);
  for (const acceleration of accelerations()) {
    // Virtualisation inside virtualisation may be there and not work: it dies, stands still, or runs in circles.
    const patience = acceleration === EMULATED ? TIME_LIMIT_MS : KVM_PATIENCE_MS;
    const status = await boot([...acceleration, ...machine(image, disk, checkout)], patience);
    if (status !== null) return status;
    process.stderr.write(`The machine did not start with ${acceleration[1]}.\n`);
  }
  return 1;
}

/** @returns the status of the tests beside the machine, in namespaces of their own */
function testBeside(disk: string): number {
  const vitest = [process.execPath, '--disable-warning=ExperimentalWarning', 'node_modules/vitest/vitest.mjs', 'run'];
  const isolated = ['--net', '--pid', '--fork', '--kill-child', '--mount-proc'];
  const words = [...vitest, '--config', 'test/vm/amphora/vitest.config.ts'];
  const { status } = spawnSync(
    'unshare',
    [...isolated, 'sh', '-c', 'ip link set lo up; "$@"; exit $?', 'sh', ...words],
    {
      cwd: ROOT,
      stdio: 'inherit',
      env: { ...process.env, AMPHORA_DISK: disk },
    },
  );
  return status ?? 1;
}

async function main(filters: string[]): Promise<number> {
  if (process.getuid?.() !== 0) {
    process.stderr.write('Run it as root: making a root file system needs it.\n');
    return 1;
  }
  installHostPackages();
  const image = await baseImage(CACHE);
  const scratch = mkdtempSync(join(process.env.TMPDIR ?? tmpdir(), 'octavia-vm-'));
  try {
    const disk = await freshDisk(image, scratch);
    const others = filters.filter((filter) => filter !== AMPHORA);
    // Before the tests inside, which write to the disk.
    const beside = filters.length === 0 || others.length < filters.length ? testBeside(disk) : 0;
    const inside = filters.length === 0 || others.length > 0 ? await testInside(image, disk, scratch, others) : 0;
    return beside || inside;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

process.exitCode = await main(process.argv.slice(2));
