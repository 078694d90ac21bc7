/** A driver in Python in a real API process: to be installed and enabled is all it takes. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { freePort } from '../../../../test/kit/free-port.ts';
import { until } from '../../../../test/kit/until.ts';
import { noopCloud, ServiceProcess } from '../processes/processes.ts';
import { openTestStore, type TestStore } from '../support/store.ts';

let database: TestStore;
let api: ServiceProcess;
let url: string;

beforeAll(async () => {
  database = await openTestStore();
  const port = await freePort();
  url = `http://127.0.0.1:${port}/v2/lbaas`;
  api = new ServiceProcess('api', {
    ...noopCloud(database.url),
    OS_API_SETTINGS__BIND_PORT: String(port),
    OS_API_SETTINGS__ENABLED_PROVIDER_DRIVERS: 'amphora: Amphorae., acme: The driver of the test., unheard-of: None.',
    PYTHONPATH: join(import.meta.dirname, 'testdata/python-driver'),
    PYTHONDONTWRITEBYTECODE: '1',
    ACME_CALLS: '/dev/null',
  });
  api.start();
  await api.said('API listens on');
});
afterAll(async () => {
  await api.end('SIGKILL');
  await database.close();
});

/** Processes of the driver that belong to this database. */
const hosts = (): string[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        const read = (file: string) => readFileSync(`/proc/${pid}/${file}`, 'utf8');
        return read('cmdline').includes('provider-python') && read('environ').includes(database.url);
      } catch {
        return false;
      }
    });

it('is listed, and called', async () => {
  const { providers } = (await (await fetch(`${url}/providers`)).json()) as { providers: { name: string }[] };
  expect(providers.map(({ name }) => name)).toEqual(['acme', 'amphora']);
  expect(api.output).toContain('The provider unheard-of is enabled, but nothing brings it');
  const loadbalancer = { provider: 'acme', vip_subnet_id: '11111111-1111-1111-1111-111111111111', project_id: 'p' };
  const answer = await fetch(`${url}/loadbalancers`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ loadbalancer }),
  });
  const body = (await answer.json()) as { loadbalancer: object };
  expect([answer.status, body.loadbalancer]).toEqual([201, expect.objectContaining({ vip_address: '203.0.113.9' })]);
  await api.said('Provider acme is served by acme_driver:Driver');
});

it.each(['SIGTERM', 'SIGKILL'] as const)('nothing stays behind after %s', async (signal) => {
  if (!api.running) api.start();
  await until('the driver', () => hosts().length === 1, 60_000);
  await api.end(signal);
  await until('the end of the driver', () => hosts().length === 0, 30_000);
});
