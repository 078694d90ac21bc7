/** API and worker, each a process of its own, on no-op drivers and a PostgreSQL of their own in a temporary folder. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type AuthorityPaths,
  ensureAuthorities,
} from '../packages/controller/src/clouds/certificates/local/ensure-authorities.ts';
import { NoopNetworkDriver } from '../packages/controller/src/clouds/network/noop/driver.ts';
import { findPostmaster } from '../packages/controller/src/local/postgres/process.ts';
import { startPostgres } from '../packages/controller/src/local/postgres/start.ts';
import { stopPostgres } from '../packages/controller/src/local/postgres/stop.ts';
import { upgrade } from '../packages/controller/src/operator/db-manage.ts';
import { Store } from '../packages/controller/src/store/core/database.ts';
import { cpuSeconds } from './cpu.ts';
import { residentMegabytes } from './memory.ts';

const PORT = 9876;
const PROGRAM = join(import.meta.dirname, '../packages/controller/bin/octavia.ts');

export interface BenchServer {
  /** Of the database. */
  readonly url: string;
  readonly host: string;
  readonly port: number;
  /** Starts the API. @returns seconds until the first answer */
  start(): Promise<number>;
  stopApi(): Promise<void>;
  /** Starts the worker beside it. */
  startWorker(): void;
  /** Seconds of CPU so far, by process. */
  cpu(): Record<string, number>;
  residentMegabytes(): number;
  close(): Promise<void>;
}

/** @param more variables of the environment */
export async function benchServer(more: Record<string, string> = {}): Promise<BenchServer> {
  const folder = mkdtempSync(join(tmpdir(), 'octavia-bench-api-'));
  const { url } = await startPostgres({ stateDir: folder, log: () => undefined });
  const removeDatabase = async () => {
    await stopPostgres(folder);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await upgrade(url);
    const store = new Store({ url, maxConnections: 1 });
    await new NoopNetworkDriver(store.db).bootstrap();
    await store.close();
  } catch (error) {
    await removeDatabase();
    throw error;
  }
  const authorities = await ensureAuthorities(join(folder, 'certs'));
  const env = { ...process.env, ...settings(url, authorities), ...more };
  const run = (service: string): ChildProcess =>
    spawn(process.execPath, [...process.execArgv, PROGRAM, service], { stdio: ['ignore', 'ignore', 'inherit'], env });
  let child: ChildProcess | null = null;
  let worker: ChildProcess | null = null;
  const end = async (running: ChildProcess | null) => {
    if (!running || running.exitCode !== null) return;
    const ended = new Promise((resolve) => running.once('exit', resolve));
    running.kill('SIGTERM');
    await ended;
  };
  const stopApi = async () => {
    const running = child;
    child = null;
    await end(running);
  };
  return {
    url,
    host: '127.0.0.1',
    port: PORT,
    async start() {
      const started = performance.now();
      child = run('api');
      while (!(await answers())) {
        if (child.exitCode !== null) throw new Error('the API ended');
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      return (performance.now() - started) / 1000;
    },
    stopApi,
    startWorker() {
      worker = run('worker');
    },
    cpu: () => ({
      api: cpuSeconds(child?.pid ?? 0),
      worker: cpuSeconds(worker?.pid ?? 0),
      database: cpuSeconds(findPostmaster(join(folder, 'postgres/data'))?.pid ?? 0),
    }),
    residentMegabytes: () => residentMegabytes(child?.pid ?? 0),
    async close() {
      await Promise.all([stopApi(), end(worker)]);
      await removeDatabase();
    },
  };
}

/** Everything else stays as shipped. */
const settings = (url: string, authorities: AuthorityPaths): Record<string, string> => ({
  OS_DATABASE__CONNECTION: url,
  OS_API_SETTINGS__AUTH_STRATEGY: 'noauth',
  OS_API_SETTINGS__BIND_PORT: String(PORT),
  OS_API_SETTINGS__ENABLED_PROVIDER_DRIVERS: 'amphora:The Octavia Amphora driver.,noop_driver:The no-op driver.',
  OS_CONTROLLER_WORKER__NETWORK_DRIVER: 'network_noop_driver',
  OS_CONTROLLER_WORKER__COMPUTE_DRIVER: 'compute_noop_driver',
  OS_CONTROLLER_WORKER__AMPHORA_DRIVER: 'amphora_noop_driver',
  OS_CONTROLLER_WORKER__CLIENT_CA: authorities.clientCaCertificate,
  OS_CERTIFICATES__CA_CERTIFICATE: authorities.serverCaCertificate,
  OS_CERTIFICATES__CA_PRIVATE_KEY: authorities.serverCaKey,
  OS_HEALTH_MANAGER__HEARTBEAT_KEY: 'bench',
});

async function answers(): Promise<boolean> {
  try {
    return (await fetch(`http://127.0.0.1:${PORT}/`)).ok;
  } catch {
    return false;
  }
}
