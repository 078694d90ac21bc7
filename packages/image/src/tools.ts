/** Programs of the host that do the work, and what is looked at before they start. */
import { spawn, spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { ImageError } from './image-error.ts';
import { HOST_PACKAGES } from './packages.ts';

const SYSTEM_FOLDERS = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const LAST_LINES = 12;
const LINE_LENGTH = 300;
const shortened = (line: string): string => (line.length > LINE_LENGTH ? `${line.slice(0, LINE_LENGTH)} …` : line);

/** Runs a program; its words go to the log. */
export type Run = (command: string, args: readonly string[], options?: RunOptions) => Promise<string>;

interface RunOptions {
  env?: Readonly<Record<string, string>>;
  input?: string;
  cwd?: string;
}

export interface Output {
  logFile: string | null;
  /** Every command and everything they say, on standard error as well. */
  trace: boolean;
}

/** @returns what runs programs and gives their standard output back @throws ImageError with their last words */
export function runner({ logFile, trace }: Output): Run {
  const note = (text: string): void => {
    if (logFile !== null) appendFileSync(logFile, text);
    if (trace) process.stderr.write(text);
  };
  if (logFile !== null) mkdirSync(dirname(logFile), { recursive: true });
  return (command, args, { env = {}, input, cwd } = {}) =>
    new Promise((resolve, reject) => {
      note(`+ ${[command, ...args].join(' ')}\n`);
      // A clean environment: what the caller has set must not change what is built.
      const child = spawn(command, args, {
        env: { PATH: SYSTEM_FOLDERS, LC_ALL: 'C.UTF-8', HOME: '/root', TMPDIR: process.env.TMPDIR ?? '/tmp', ...env },
        stdio: ['pipe', 'pipe', 'pipe'],
        ...(cwd === undefined ? {} : { cwd }),
      });
      let out = '';
      let words = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        out += text;
        note(text);
      });
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        words += text;
        note(text);
      });
      child.stdin.on('error', () => undefined);
      child.stdin.end(input ?? '');
      child.on('error', (cause) => reject(failure(command, cause.message)));
      child.on('close', (code) => {
        if (code === 0) resolve(out);
        else
          reject(
            failure(command, (words.trim() || out.trim()).split('\n').slice(-LAST_LINES).map(shortened).join('\n')),
          );
      });
    });
}

const failure = (command: string, words: string): ImageError =>
  new ImageError(
    `${command} failed: ${words}`,
    'With -l <file> everything that was said is kept, -x shows it at once.',
  );

/** @throws ImageError that names all missing packages at once */
export function requireHost(uid = process.getuid?.(), exists: (path: string) => boolean = existsSync): void {
  if (uid !== 0) {
    throw new ImageError('Only root can build an image: its files belong to root.', 'Run the command with sudo.');
  }
  const missing = Object.entries(HOST_PACKAGES).filter(([, file]) => !exists(file));
  if (missing.length === 0) return;
  const names = missing.map(([name]) => name);
  throw new ImageError(`Missing system packages: ${names.join(', ')}.`, `apt-get install ${names.join(' ')}`);
}

const GB = 1e9;
export const CACHE_BYTES = 1 * GB;
export const WORK_BYTES = 1.5 * GB;
export const DESTINATION_BYTES = 0.5 * GB;

/** @throws ImageError when a folder cannot be made or has not enough room */
export function requireRoom(needs: readonly (readonly [folder: string, bytes: number, what: string])[]): void {
  for (const [folder, bytes, what] of needs) {
    try {
      mkdirSync(folder, { recursive: true });
    } catch (cause) {
      const words = (cause as Error).message;
      throw new ImageError(`The ${what} folder cannot be made: ${words}`, 'Name another one.', { cause });
    }
    const { bavail, bsize } = statfsSync(folder);
    const free = bavail * bsize;
    if (free >= bytes) continue;
    const numbers = `${(free / GB).toFixed(1)} GB free, ${(bytes / GB).toFixed(1)} GB needed`;
    throw new ImageError(`The ${what} folder ${folder} is too full: ${numbers}.`, 'Make room, or name another one.');
  }
}

/** Whether a folder can be a file system in memory. */
export function mountTmpfs(folder: string, bytes: number): boolean {
  if (process.availableMemory() < bytes * 2) return false;
  const size = `size=${Math.ceil(bytes)},mode=755`;
  return spawnSync('mount', ['-t', 'tmpfs', '-o', size, 'octavia-image', folder], { stdio: 'ignore' }).status === 0;
}

export function unmount(folder: string): void {
  spawnSync('umount', ['-l', folder], { stdio: 'ignore' });
}
