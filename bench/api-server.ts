/** The API service alone, as its own process, on a PostgreSQL of its own in a temporary folder. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { upgrade } from '../packages/controller/src/services/db-manage.ts';
import { startPostgres } from '../packages/controller/src/services/postgres/start.ts';
import { stopPostgres } from '../packages/controller/src/services/postgres/stop.ts';
import { residentMegabytes } from './memory.ts';

const PORT = 9876;
const PROGRAM = join(import.meta.dirname, '../packages/controller/bin/octavia.ts');

export interface BenchServer {
  readonly host: string;
  readonly port: number;
  /** Starts the API. @returns seconds until the first answer */
  start(): Promise<number>;
  stopApi(): Promise<void>;
  residentMegabytes(): number;
  close(): Promise<void>;
}

export async function benchServer(): Promise<BenchServer> {
  const folder = mkdtempSync(join(tmpdir(), 'octavia-bench-api-'));
  const { url } = await startPostgres({ stateDir: folder, log: () => undefined });
  const removeDatabase = async () => {
    await stopPostgres(folder);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await upgrade(url);
  } catch (error) {
    await removeDatabase();
    throw error;
  }
  let child: ChildProcess | null = null;
  const stopApi = async () => {
    const running = child;
    child = null;
    if (!running || running.exitCode !== null) return;
    const ended = new Promise((resolve) => running.once('exit', resolve));
    running.kill('SIGTERM');
    await ended;
  };
  return {
    host: '127.0.0.1',
    port: PORT,
    async start() {
      const started = performance.now();
      child = spawn(process.execPath, [...process.execArgv, PROGRAM, 'api'], {
        stdio: ['ignore', 'ignore', 'inherit'],
        env: { ...process.env, ...settings(url) },
      });
      while (!(await answers())) {
        if (child.exitCode !== null) throw new Error('the API ended');
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      return (performance.now() - started) / 1000;
    },
    stopApi,
    residentMegabytes: () => residentMegabytes(child?.pid ?? 0),
    async close() {
      await stopApi();
      await removeDatabase();
    },
  };
}

/** Everything else stays as shipped. */
const settings = (url: string): Record<string, string> => ({
  OS_DATABASE__CONNECTION: url,
  OS_API_SETTINGS__AUTH_STRATEGY: 'noauth',
  OS_API_SETTINGS__BIND_PORT: String(PORT),
  OS_API_SETTINGS__ENABLED_PROVIDER_DRIVERS: 'amphora:The Octavia Amphora driver.,noop_driver:The no-op driver.',
  OS_CONTROLLER_WORKER__NETWORK_DRIVER: 'network_noop_driver',
  OS_CONTROLLER_WORKER__COMPUTE_DRIVER: 'compute_noop_driver',
  OS_CONTROLLER_WORKER__AMPHORA_DRIVER: 'amphora_noop_driver',
});

async function answers(): Promise<boolean> {
  try {
    return (await fetch(`http://127.0.0.1:${PORT}/`)).ok;
  } catch {
    return false;
  }
}
