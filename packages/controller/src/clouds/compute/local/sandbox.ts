/**
 * The sandbox of one amphora: bubblewrap with its own network, process, mount, host name and IPC namespaces. It is detached
 * from the controller and lives on without it. Every sandbox carries its marker on its command line, which is how one
 * that nobody recorded (its controller died that moment) is found again.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { lstatSync, readlinkSync } from 'node:fs';
import { open, rm, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { isPresent, readTextIfPresent, statIfPresent } from '../../../files/optional.ts';
import { toolEnvironment } from '../../local-host/command.ts';
import type { LocalInstance } from '../../local-host/instance.ts';
import { findProcesses, identify, isAlive, type ProcessIdentity } from '../../local-host/process.ts';
import { CONSOLE_FILE, START_LOGGING } from './logging.ts';
import { amphoraeDirectory, MOUNTS } from './record.ts';

export interface SandboxOptions {
  instance: LocalInstance;
  /** The instance's directory on the host. */
  directory: string;
  hostname: string;
  /** Node binary and agent bundle on the host. */
  agentNode: string;
  agentBundle: string;
}

export interface StartedSandbox {
  /** The first process inside (on the host's count of pids): killing it ends everything in the sandbox. */
  process: ProcessIdentity;
  /** Lets the agent start; until then the sandbox waits, so that its interfaces can be put in first. */
  release(): void;
  /** After `release`: until the first program inside runs. @throws Error when the sandbox ended instead */
  running(): Promise<void>;
}

const MARKER = 'OCTAVIA_SANDBOX';
const START_TIMEOUT_MS = 10_000;
const CONSOLE_LIMIT_BYTES = 1024 * 1024;
const CONSOLE_TAIL_BYTES = 2000;

/** What the agent and HAProxy need as root; the rest of root's power stays outside. */
const CAPABILITIES = [
  'NET_ADMIN',
  'NET_RAW',
  'NET_BIND_SERVICE',
  'SYS_ADMIN', // network namespaces inside the sandbox
  'SYS_CHROOT',
  'SETUID',
  'SETGID',
  'CHOWN',
  'DAC_OVERRIDE',
  'FOWNER',
  'KILL',
  'SYS_RESOURCE', // HAProxy raises its limit of open files
];

/** Files of /etc that programs look up: names of users and services, the linker's cache, the clock's zone. */
const ETC_FILES = [
  'alternatives',
  'group',
  'host.conf',
  'iproute2',
  'ld.so.cache',
  'ld.so.conf',
  'ld.so.conf.d',
  'localtime',
  'nsswitch.conf',
  'passwd',
  'protocols',
  'services',
  'ssl',
];

/** Written by the first program inside: bubblewrap tells of a sandbox before all of it is set up. */
const STARTED_MARK = '.started';
const MARK_POLL_MS = 2;

/** An agent that stays small, see docs/adr/0008; deploy/octavia-amphora-agent.service starts it the same way. */
const AGENT =
  'MALLOC_ARENA_MAX=1 MALLOC_MMAP_THRESHOLD_=16384 MALLOC_TRIM_THRESHOLD_=16384 MALLOC_TOP_PAD_=0 ' +
  '/opt/octavia/node --max-old-space-size=64 --max-semi-space-size=1 --lite-mode --expose-gc /opt/octavia/amphora-agent.cjs';

/** The agent may die; HAProxy then keeps serving and the next agent adopts it. */
const INIT_SCRIPT =
  `: > ${MOUNTS.lib}/${STARTED_MARK}; ` +
  START_LOGGING +
  `while :; do ${AGENT}; echo "the agent ended with status $?, starting it again"; sleep 1; done`;

/** `/bin` and its kind are links into /usr on merged systems, directories on others. */
function rootDirectories(): string[] {
  return ['bin', 'sbin', 'lib', 'lib32', 'lib64', 'libx32'].flatMap((name) => {
    const path = `/${name}`;
    const status = lstatSync(path, { throwIfNoEntry: false });
    if (!status) return [];
    return status.isSymbolicLink() ? ['--symlink', readlinkSync(path), path] : ['--ro-bind', path, path];
  });
}

const markerPrefix = (instance: LocalInstance): string => `${instance.tag} ${amphoraeDirectory(instance)}/`;
const markerOf = (options: Pick<SandboxOptions, 'instance' | 'directory'>): string =>
  `${options.instance.tag} ${options.directory}`;

/** Arguments of bwrap. File descriptor 3 tells the pid, 4 holds the start back. */
function sandboxArguments(options: SandboxOptions): string[] {
  return [
    ...['--unshare-net', '--unshare-pid', '--unshare-uts', '--unshare-ipc', '--hostname', options.hostname],
    ...['--info-fd', '3', '--block-fd', '4'],
    ...['--clearenv', '--setenv', MARKER, markerOf(options)],
    ...['--setenv', 'PATH', '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin', '--setenv', 'HOME', '/root'],
    ...['--cap-drop', 'ALL', ...CAPABILITIES.flatMap((name) => ['--cap-add', `CAP_${name}`])],
    ...['--ro-bind', '/usr', '/usr', ...rootDirectories()],
    ...ETC_FILES.flatMap((name) => ['--ro-bind-try', `/etc/${name}`, `/etc/${name}`]),
    ...['--dev', '/dev', '--proc', '/proc', '--dir', '/sys', '--dir', '/root'],
    // Not for root alone, as bubblewrap would make them: HAProxy gives up root and needs its way to the agent's sockets.
    ...['--perms', '0755', '--dir', '/var', '--perms', '0755', '--dir', '/var/lib'],
    ...['--tmpfs', '/tmp', '--tmpfs', '/run', '--symlink', '../run', '/var/run', '--dir', '/var/log'],
    // Instances of former releases lack the younger folders.
    ...Object.entries(MOUNTS).flatMap(([folder, path]) => ['--bind-try', join(options.directory, folder), path]),
    ...['--ro-bind-try', join(options.directory, 'console.log'), CONSOLE_FILE],
    ...['--ro-bind', options.agentNode, '/opt/octavia/node'],
    ...['--ro-bind', options.agentBundle, '/opt/octavia/amphora-agent.cjs'],
    ...['--remount-ro', '/', '--chdir', '/', '--', '/bin/sh', '-c', INIT_SCRIPT],
  ];
}

/** bwrap processes whose marker satisfies the test; never others. */
function findByMarker(test: (marker: string) => boolean): ProcessIdentity[] {
  return findProcesses((args) => {
    const position = args.indexOf(MARKER);
    return position > 0 && args[position - 1] === '--setenv' && test(args[position + 1] ?? '');
  });
}

/** Processes of this instance directory's sandbox, recorded or not. */
export function findSandbox(instance: LocalInstance, directory: string): ProcessIdentity[] {
  const marker = markerOf({ instance, directory });
  return findByMarker((found) => found === marker);
}

/** Processes of all sandboxes of this installation. */
export const findAllSandboxes = (instance: LocalInstance): ProcessIdentity[] =>
  findByMarker((found) => found.startsWith(markerPrefix(instance)));

export async function readConsoleTail(directory: string): Promise<string> {
  const text = (await readTextIfPresent(join(directory, 'console.log'))) ?? '';
  return text.slice(-CONSOLE_TAIL_BYTES).trim();
}

async function openConsole(directory: string) {
  const file = join(directory, 'console.log');
  const size = statIfPresent(file)?.size ?? 0;
  if (size > CONSOLE_LIMIT_BYTES) await truncate(file);
  return open(file, 'a', 0o600);
}

/** Resolves with the pid that bwrap tells, rejects when it ends or stays silent. */
function readChildPid(child: ChildProcess, info: Duplex): Promise<number> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('bubblewrap did not start in time')), START_TIMEOUT_MS);
    const fail = (detail: string): void => {
      clearTimeout(timer);
      reject(new Error(detail));
    };
    let text = '';
    info.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      const pid = /"child-pid": (\d+)/.exec(text)?.[1];
      if (pid === undefined || !text.trimEnd().endsWith('}')) return;
      clearTimeout(timer);
      resolve(Number(pid));
    });
    child.on('error', (error) => fail(`bubblewrap did not start: ${error.message}`));
    child.on('exit', (code, signal) => fail(`bubblewrap ended with ${code ?? signal}`));
  });
}

async function waitForMark(mark: string, process: ProcessIdentity): Promise<void> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  for (;;) {
    if (isPresent(mark)) return;
    if (!isAlive(process)) throw new Error('it is gone');
    if (Date.now() > deadline) throw new Error('its first program did not start in time');
    await sleep(MARK_POLL_MS);
  }
}

/** Starts the sandbox and holds it before its first program. @throws Error with the console's last words */
export async function startSandbox(options: SandboxOptions): Promise<StartedSandbox> {
  const mark = join(options.directory, 'lib', STARTED_MARK);
  await rm(mark, { force: true });
  const console = await openConsole(options.directory);
  try {
    const child = spawn('bwrap', sandboxArguments(options), {
      cwd: '/',
      detached: true,
      env: toolEnvironment(),
      stdio: ['ignore', console.fd, console.fd, 'pipe', 'pipe'],
    });
    const [, , , info, block] = child.stdio as unknown as [null, null, null, Duplex, Duplex];
    // The sandbox may die while we hold its start back; that shows elsewhere.
    block.on('error', () => undefined);
    info.on('error', () => undefined);
    block.resume(); // notices the other end closing, so that nothing stays open here
    child.unref();
    try {
      const process = identify(await readChildPid(child, info));
      if (!process) throw new Error('the sandbox ended at once');
      return {
        process,
        release: () => void block.end('1', () => block.destroy()),
        running: () => waitForMark(mark, process),
      };
    } finally {
      info.destroy();
    }
  } catch (error) {
    const words = await readConsoleTail(options.directory);
    throw new Error(`${error instanceof Error ? error.message : String(error)}${words ? `: ${words}` : ''}`);
  } finally {
    await console.close();
  }
}
