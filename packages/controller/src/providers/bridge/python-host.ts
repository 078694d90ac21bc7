/** How the Python host of `packages/provider-python` is run, and what it says while it runs. */
import { type ChildProcess, execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import type { Log } from '@octavia/protocol/log';
import type { SocketPaths } from '@octavia/provider-lib';

const host = (): string =>
  dirname(createRequire(import.meta.filename).resolve('@octavia/provider-python/package.json'));

/** A start of Python takes 0.1 s; a disk that is asleep takes seconds. */
const LIST_TIMEOUT_MS = 20_000;

/** Entry points of drivers, and of the agents beside them. */
export type Group = 'octavia.api.drivers' | 'octavia.driver_agent.provider_agents';

/** @returns name → `module:Class` of what is installed for this Python; nothing where that cannot be told, with the reason in the log */
export async function installedInPython(
  python: string,
  group: Group,
  log: Pick<Log, 'error'>,
): Promise<ReadonlyMap<string, string>> {
  try {
    const { stdout } = await promisify(execFile)(python, [host(), 'list'], { timeout: LIST_TIMEOUT_MS });
    const groups = JSON.parse(stdout) as Record<string, Record<string, string>>;
    return new Map(Object.entries(groups[group] ?? {}));
  } catch (error) {
    log.error({ err: error }, `${python} cannot tell what is installed of ${group} ([api_settings] provider_python)`);
    return new Map();
  }
}

export interface HostArguments {
  name: string;
  configFiles: readonly string[];
  sockets: SocketPaths;
  debug: boolean;
}

/** Where the host writes states and log lines. */
const REPORT_FD = 3;
export const HOST_STDIO = ['pipe', 'ignore', 'pipe', 'pipe'] as const;

const common = ({ configFiles, sockets, debug }: HostArguments): string[] => [
  ...['--child', '--report-fd', String(REPORT_FD)],
  ...configFiles.flatMap((file) => ['--config-file', file]),
  ...['--status-socket', sockets.status_socket],
  ...['--stats-socket', sockets.stats_socket],
  ...['--get-socket', sockets.get_socket],
  ...(debug ? ['--debug'] : []),
];

/** @param socket where the driver is to listen */
export const serveArguments = (given: HostArguments, socket: string): string[] => [
  ...[host(), 'serve', given.name, '--socket', socket],
  ...common(given),
];

/** @param title of the process @param shutdownMs how long the agent may take to end when this process has gone */
export const agentArguments = (given: HostArguments, title: string, shutdownMs: number): string[] => [
  ...[host(), 'agent', given.name, '--title', title, '--shutdown-timeout', String(shutdownMs / 1000)],
  ...common(given),
];

const LEVELS = ['debug', 'info', 'warn', 'error'] as const;

/** Puts what a host says into the log. @param heard is given each report, log lines among them */
export function hearHost(
  child: ChildProcess,
  log: Log,
  fields: object,
  heard: (report: Readonly<Record<string, unknown>>) => void,
): void {
  const lines = (stream: unknown, take: (line: string) => void) =>
    createInterface({ input: stream as Readable, crlfDelay: Number.POSITIVE_INFINITY }).on('line', take);
  const plain = (text: string) => log.warn({ ...fields, pid: child.pid }, text);
  lines(child.stderr, plain);
  lines(child.stdio[REPORT_FD], (line) => {
    const report = parsed(line);
    if (report === null) return plain(line);
    const level = LEVELS.find((one) => one === report.log);
    if (level) log[level]({ ...fields, logger: report.logger }, String(report.text));
    heard(report);
  });
}

function parsed(line: string): Record<string, unknown> | null {
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return null;
  }
}
