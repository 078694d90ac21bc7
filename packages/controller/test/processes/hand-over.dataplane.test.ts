/** A worker that is stopped ends what it can within its time; the rest another worker carries on. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort } from '../../../../test/kit/free-port.ts';
import { ensureAuthorities } from '../../src/clouds/certificates/local/ensure-authorities.ts';
import { NoopNetworkDriver } from '../../src/clouds/network/noop/driver.ts';
import { deterministicUuid } from '../../src/domain/deterministic-uuid.ts';
import { sql } from '../../src/store/core/sql.ts';
import { openTestStore, type TestStore } from '../support/store.ts';
import { noopCloud, ServiceProcess } from './processes.ts';

const PORT = await freePort();
const GRACE_SECONDS = 3;
let testStore: TestStore;
const services: ServiceProcess[] = [];
const folder = mkdtempSync(join(tmpdir(), 'octavia-hand-over-'));

beforeAll(async () => {
  testStore = await openTestStore();
  await new NoopNetworkDriver(testStore.store.db).bootstrap();
});
afterAll(async () => {
  await Promise.all(services.map((service) => service.end('SIGKILL')));
  await testStore.close();
  rmSync(folder, { recursive: true });
});

function started(role: 'api' | 'worker', env: Record<string, string> = {}, runner: string[] = []): ServiceProcess {
  const common = {
    OS_API_SETTINGS__BIND_PORT: String(PORT),
    OS_DEFAULT__GRACEFUL_SHUTDOWN_TIMEOUT: String(GRACE_SECONDS),
  };
  const service = new ServiceProcess(role, { ...noopCloud(testStore.url), ...common, ...env }, [], runner);
  services.push(service);
  service.start();
  return service;
}

async function create(): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${PORT}/v2/lbaas/loadbalancers`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      loadbalancer: { project_id: 'demo', vip_subnet_id: deterministicUuid('noop', 'public-subnet') },
    }),
  });
  return ((await response.json()) as { loadbalancer: { id: string } }).loadbalancer.id;
}

async function operationOf(loadBalancerId: string) {
  const { rows } = await sql<{ state: string; step: string | null; attempts: number }>`
    select state, current_step as step, attempts from operation where load_balancer_id = ${loadBalancerId}`.execute(
    testStore.store.db,
  );
  return rows[0];
}

/** Status and, in ERROR, the reason. */
const provisioning = async (id: string): Promise<string> => {
  const response = await fetch(`http://127.0.0.1:${PORT}/v2/lbaas/loadbalancers/${id}`);
  const { provisioning_status: status, status_reason: reason } = (
    (await response.json()) as { loadbalancer: { provisioning_status: string; status_reason: string | null } }
  ).loadbalancer;
  return reason === null ? status : `${status}: ${reason}`;
};

test('an operation that lasts longer than the grace of its worker is carried on by another', async () => {
  const api = started('api');
  await api.said('API listens');
  // Its amphorae never answer, for it has no network: a create waits for the agent for minutes.
  const paths = await ensureAuthorities(join(folder, 'certs'));
  const agents = {
    OS_CONTROLLER_WORKER__AMPHORA_DRIVER: 'amphora_haproxy_rest_driver',
    OS_CONTROLLER_WORKER__CLIENT_CA: paths.clientCaCertificate,
    OS_HAPROXY_AMPHORA__SERVER_CA: paths.serverCaCertificate,
    OS_HAPROXY_AMPHORA__CLIENT_CERT: paths.clientCertificateAndKey,
  };
  const waiting = started('worker', agents, ['unshare', '--net']);
  const id = await create();
  await expect
    .poll(() => operationOf(id), { timeout: 60_000 })
    .toMatchObject({ state: 'running', step: expect.stringContaining('wait for agent') });
  const before = Date.now();
  await waiting.end('SIGTERM');
  // The grace, five seconds to hand over, and much for a busy machine. The create would go on for minutes.
  expect(Date.now() - before).toBeLessThan((GRACE_SECONDS + 5 + 22) * 1000);
  expect(await provisioning(id)).toBe('PENDING_CREATE');

  started('worker');
  await expect.poll(() => provisioning(id), { timeout: 60_000 }).toBe('ACTIVE');
  expect(await operationOf(id)).toMatchObject({ state: 'succeeded' });
});

test('one that ends in time is ended by its worker', async () => {
  const id = await create();
  await expect.poll(() => provisioning(id), { timeout: 60_000, interval: 1 }).not.toBe('');
  await sleep(50);
  const worker = services.at(-1)!;
  expect(await worker.end('SIGTERM')).toBe(0);
  const operation = await operationOf(id);
  // Taken and ended, or not taken at all: never left half way.
  expect(['succeeded', 'queued']).toContain(operation?.state);
});
