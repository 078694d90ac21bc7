/** API and workers as separate processes on no-op drivers, with a PostgreSQL of their own in a temporary folder. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { NoopNetworkDriver } from '../packages/controller/src/clouds/network/noop/driver.ts';
import { deterministicUuid } from '../packages/controller/src/domain/deterministic-uuid.ts';
import { startPostgres } from '../packages/controller/src/local/postgres/start.ts';
import { stopPostgres } from '../packages/controller/src/local/postgres/stop.ts';
import { upgrade } from '../packages/controller/src/operator/db-manage.ts';
import { Store } from '../packages/controller/src/store/core/database.ts';

const PROGRAM = join(import.meta.dirname, '../packages/controller/bin/octavia.ts');
const ENDPOINT = 'http://127.0.0.1:9876/v2/lbaas/loadbalancers';
const SUBNET = deterministicUuid('noop', 'public-subnet');

interface LoadBalancer {
  id: string;
  provisioning_status: string;
}

export class ControlPlane {
  readonly #folder: string;
  readonly #env: NodeJS.ProcessEnv;
  readonly #url: string;
  readonly #children = new Set<ChildProcess>();
  #worker: ChildProcess | null = null;

  private constructor(folder: string, url: string) {
    this.#folder = folder;
    this.#url = url;
    this.#env = { ...process.env, ...settings(url) };
  }

  /** With a worker that has carried out its first operation, until the work is done. */
  static async warm<T>(pollMs: number, work: (plane: ControlPlane) => Promise<T>): Promise<T> {
    const plane = await ControlPlane.#start();
    try {
      plane.#worker = plane.spawn('worker');
      await plane.create('warm-up');
      await plane.settled(pollMs);
      return await work(plane);
    } finally {
      await plane.close();
    }
  }

  static async #start(): Promise<ControlPlane> {
    const folder = mkdtempSync(join(tmpdir(), 'octavia-bench-controller-'));
    const { url } = await startPostgres({ stateDir: folder, log: () => undefined });
    await upgrade(url);
    const store = new Store({ url, maxConnections: 1 });
    await new NoopNetworkDriver(store.db).bootstrap();
    await store.close();
    const plane = new ControlPlane(folder, url);
    const end = () => void plane.close().then(() => process.exit(130));
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, end);
    plane.spawn('api');
    while (
      !(await fetch(ENDPOINT).then(
        ({ ok }) => ok,
        () => false,
      ))
    ) {
      await pause(20);
    }
    return plane;
  }

  /** @param wrapper a command that starts the rest of its line, e.g. `unshare` */
  spawn(service: 'api' | 'worker', env: NodeJS.ProcessEnv = {}, wrapper: string[] = []): ChildProcess {
    const line = [...wrapper, process.execPath, ...process.execArgv, PROGRAM, service];
    const child = spawn(line[0] ?? '', line.slice(1), {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...this.#env, ...env },
    });
    this.#children.add(child);
    child.once('exit', () => this.#children.delete(child));
    return child;
  }

  /** The first worker ends, another one begins where it ended. */
  spawnInstead(service: 'worker', env: NodeJS.ProcessEnv): ChildProcess {
    this.#worker?.kill('SIGTERM');
    this.#worker = this.spawn(service, env);
    return this.#worker;
  }

  async create(project: string): Promise<string> {
    const body = JSON.stringify({ loadbalancer: { project_id: project, vip_subnet_id: SUBNET } });
    const answer = await fetch(ENDPOINT, { method: 'POST', body });
    if (answer.status !== 201) throw new Error(`create: ${answer.status} ${await answer.text()}`);
    const { loadbalancer } = (await answer.json()) as { loadbalancer: LoadBalancer };
    return loadbalancer.id;
  }

  async rename(id: string, name: string): Promise<void> {
    const answer = await fetch(`${ENDPOINT}/${id}`, {
      method: 'PUT',
      body: JSON.stringify({ loadbalancer: { name } }),
    });
    if (answer.status !== 200) throw new Error(`update: ${answer.status} ${await answer.text()}`);
  }

  /** Operations that are at a step whose name begins so. */
  async operationsAt(step: string): Promise<number> {
    const store = new Store({ url: this.#url, maxConnections: 1 });
    try {
      const found = store.pool.query('select count(*)::int as count from operation where current_step like $1', [
        `${step}%`,
      ]);
      return ((await found).rows[0] as { count: number }).count;
    } finally {
      await store.close();
    }
  }

  async status(id: string): Promise<string> {
    const answer = await fetch(`${ENDPOINT}/${id}`);
    return ((await answer.json()) as { loadbalancer: LoadBalancer }).loadbalancer.provisioning_status;
  }

  /** Waits until nothing is being created any more. @throws Error when one of the load balancers is not ACTIVE then */
  async settled(intervalMs: number): Promise<void> {
    const pending = `${ENDPOINT}?provisioning_status=PENDING_CREATE&limit=1&fields=id`;
    for (;;) {
      const { loadbalancers } = (await (await fetch(pending)).json()) as { loadbalancers: LoadBalancer[] };
      if (loadbalancers.length === 0) break;
      await pause(intervalMs);
    }
    const failed = (await (await fetch(`${ENDPOINT}?provisioning_status=ERROR&limit=1`)).json()) as {
      loadbalancers: LoadBalancer[];
    };
    if (failed.loadbalancers.length > 0) throw new Error(`a create failed: ${JSON.stringify(failed)}`);
  }

  async close(): Promise<void> {
    for (const child of this.#children) {
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    }
    await stopPostgres(this.#folder);
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** Everything else stays as shipped. */
const settings = (url: string): Record<string, string> => ({
  OS_DATABASE__CONNECTION: url,
  OS_API_SETTINGS__AUTH_STRATEGY: 'noauth',
  OS_CONTROLLER_WORKER__NETWORK_DRIVER: 'network_noop_driver',
  OS_CONTROLLER_WORKER__COMPUTE_DRIVER: 'compute_noop_driver',
  OS_CONTROLLER_WORKER__AMPHORA_DRIVER: 'amphora_noop_driver',
  OS_CERTIFICATES__CERT_GENERATOR: 'noop_cert_generator',
  OS_HEALTH_MANAGER__HEARTBEAT_KEY: 'bench',
});
