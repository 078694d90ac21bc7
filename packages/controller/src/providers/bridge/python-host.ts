/** How the Python host of `packages/provider-python` is run. */
import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import type { SocketPaths } from '@octavia/provider-lib';

const host = (): string =>
  dirname(createRequire(import.meta.filename).resolve('@octavia/provider-python/package.json'));

/** A start of Python takes 0.1 s; a disk that is asleep takes seconds. */
const LIST_TIMEOUT_MS = 20_000;

/** @returns name → `module:Class` of what is installed for this Python @throws Error */
export async function installedDrivers(python: string): Promise<ReadonlyMap<string, string>> {
  const { stdout } = await promisify(execFile)(python, [host(), 'list'], { timeout: LIST_TIMEOUT_MS });
  const groups = JSON.parse(stdout) as Record<string, Record<string, string>>;
  return new Map(Object.entries(groups['octavia.api.drivers'] ?? {}));
}

export interface HostArguments {
  name: string;
  configFiles: readonly string[];
  sockets: SocketPaths;
  debug: boolean;
}

/** @param reportFd where states and log lines are written */
export const serveArguments = (
  { name, configFiles, sockets, debug }: HostArguments,
  socket: string,
  reportFd: number,
): string[] => [
  host(),
  'serve',
  name,
  ...['--child', '--socket', socket, '--report-fd', String(reportFd)],
  ...configFiles.flatMap((file) => ['--config-file', file]),
  ...['--status-socket', sockets.status_socket],
  ...['--stats-socket', sockets.stats_socket],
  ...['--get-socket', sockets.get_socket],
  ...(debug ? ['--debug'] : []),
];
