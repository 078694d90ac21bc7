/** The whole control plane in one process, flows included, on the noop cloud. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort } from '../../../../test/kit/free-port.ts';
import { until } from '../../../../test/kit/until.ts';
import { loadConfig } from '../../src/config/index.ts';
import { startPostgres } from '../../src/local/postgres/start.ts';
import { stopPostgres } from '../../src/local/postgres/stop.ts';
import { cloudDefaults } from '../../src/local/up/settings.ts';
import { runAllInOne } from '../../src/processes/all-in-one.ts';
import type { Service } from '../../src/processes/runtime.ts';

const folder = mkdtempSync(join(tmpdir(), 'octavia-noop-'));
let service: Service & { endpoint: string };
let subnet: string;

interface Answer {
  status: number;
  body: Record<string, never>;
}

async function call(method: string, path: string, body?: object): Promise<Answer> {
  const response = await fetch(`${service.endpoint}/v2/lbaas${path}`, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });
  const text = await response.text();
  return { status: response.status, body: text === '' ? {} : JSON.parse(text) };
}

/** @returns null when it is gone */
async function settled(id: string): Promise<Record<string, unknown> | null> {
  const look = async () => {
    const { status, body } = await call('GET', `/loadbalancers/${id}`);
    if (status === 404) return { loadBalancer: null };
    const loadBalancer = body.loadbalancer as unknown as Record<string, string>;
    return loadBalancer.provisioning_status?.startsWith('PENDING') ? null : { loadBalancer };
  };
  return (await until(`load balancer ${id} rests`, look)).loadBalancer;
}

beforeAll(async () => {
  const { url } = await startPostgres({ stateDir: folder, log: () => undefined });
  const config = loadConfig({
    env: {},
    defaults: {
      ...cloudDefaults('noop', folder),
      database: { connection: url },
      health_manager: { heartbeat_key: 'key' },
      DEFAULT: { log_file: 'octavia.log', log_dir: folder, graceful_shutdown_timeout: 5 },
    },
    overrides: { api_settings: { bind_port: await freePort() } },
  });
  service = await runAllInOne({ config, cloud: 'noop' });
  subnet = (await import('../../src/domain/deterministic-uuid.ts')).deterministicUuid('noop', 'public-subnet');
});
afterAll(async () => {
  await service?.stop();
  await stopPostgres(folder);
  rmSync(folder, { recursive: true, force: true });
});

test('a whole tree becomes ACTIVE, changes, tells its history, and goes', async () => {
  const created = await call('POST', '/loadbalancers', {
    loadbalancer: {
      name: 'web',
      project_id: 'demo',
      vip_subnet_id: subnet,
      listeners: [
        {
          protocol: 'HTTP',
          protocol_port: 80,
          default_pool: {
            name: 'pool',
            protocol: 'HTTP',
            lb_algorithm: 'ROUND_ROBIN',
            healthmonitor: { type: 'HTTP', delay: 5, timeout: 2, max_retries: 2 },
            members: [{ address: '192.0.2.10', protocol_port: 8080 }],
          },
        },
      ],
    },
  });
  expect(created).toMatchObject({ status: 201, body: { loadbalancer: { provisioning_status: 'PENDING_CREATE' } } });
  const { id } = created.body.loadbalancer as unknown as { id: string };
  expect(await settled(id)).toMatchObject({ provisioning_status: 'ACTIVE', status_reason: null });

  const [pool] = (await call('GET', '/pools')).body.pools as unknown as { id: string }[];
  expect(await call('GET', `/pools/${pool?.id}/members`)).toMatchObject({
    body: { members: [{ provisioning_status: 'ACTIVE' }] },
  });
  const member = { member: { address: '192.0.2.11', protocol_port: 8080 } };
  expect((await call('POST', `/pools/${pool?.id}/members`, member)).status).toBe(201);
  await settled(id);

  const { operations } = (await call('GET', `/loadbalancers/${id}/operations`)).body as unknown as {
    operations: { kind: string; state: string; steps: { name: string; state: string }[] }[];
  };
  expect(operations.map(({ kind, state }) => `${kind} ${state}`)).toEqual([
    'create_member succeeded',
    'create_load_balancer succeeded',
  ]);
  expect(operations[0]?.steps.map(({ name, state }) => `${name}: ${state}`)).toEqual([
    'plug member networks: done',
    'apply configuration: done',
    'unplug unneeded member networks: done',
  ]);

  expect((await call('DELETE', `/loadbalancers/${id}?cascade=true`)).status).toBe(204);
  expect(await settled(id)).toBeNull();
  for (const kind of ['loadbalancers', 'listeners', 'pools', 'healthmonitors']) {
    expect((await call('GET', `/${kind}`)).body[kind]).toEqual([]);
  }
});

test('of two changes at once one is refused with 409 and told when to try again', async () => {
  const { body } = await call('POST', '/loadbalancers', {
    loadbalancer: { project_id: 'demo', vip_subnet_id: subnet },
  });
  const { id } = body.loadbalancer as unknown as { id: string };
  await settled(id);
  const change = () =>
    fetch(`${service.endpoint}/v2/lbaas/loadbalancers/${id}`, {
      method: 'PUT',
      body: '{"loadbalancer":{"name":"new"}}',
    });
  const answers = (await Promise.all([change(), change()])).sort((one, other) => one.status - other.status);
  expect(answers.map((answer) => answer.status)).toEqual([200, 409]);
  expect(answers[1]?.headers.get('retry-after')).toBe('1');
  expect(await settled(id)).toMatchObject({ provisioning_status: 'ACTIVE', name: 'new' });
});

test('40 load balancers created at once all become ACTIVE', async () => {
  const ids = await Promise.all(
    Array.from({ length: 40 }, async (_, index) => {
      const { status, body } = await call('POST', '/loadbalancers', {
        loadbalancer: { name: `lb-${index}`, project_id: 'demo', vip_subnet_id: subnet },
      });
      expect(status).toBe(201);
      return (body.loadbalancer as unknown as { id: string }).id;
    }),
  );
  const all = await Promise.all(ids.map(settled));
  expect(all.map((loadBalancer) => loadBalancer?.provisioning_status)).toEqual(ids.map(() => 'ACTIVE'));
  expect(new Set(all.map((loadBalancer) => loadBalancer?.vip_address)).size).toBe(40);
});

test('operations of a load balancer that does not exist: 404', async () => {
  expect((await call('GET', '/loadbalancers/7a1fb7f2-4f4b-4f8e-9c55-7f0d2a3b4c5d/operations')).status).toBe(404);
});
