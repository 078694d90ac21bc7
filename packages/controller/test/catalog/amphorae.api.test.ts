import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CatalogApi, type Json } from './support/catalog-api.ts';

let api: CatalogApi;
let amphoraBalancer: Json;
let noopBalancer: Json;

const URL = '/v2/octavia/amphorae';
const faultOf = ({ status, body }: { status: number; body: Json }) => [status, body.faultstring];
const query = (text: string, values: unknown[] = []) => api.database.store.pool.query(text, values);
/** What a worker will carry out. */
const operationOf = (id: string) => api.submitted.filter(({ resourceId }) => resourceId === id);

async function amphora(columns: Record<string, unknown> = {}): Promise<string> {
  const row = { id: randomUUID(), status: 'ALLOCATED', created_at: new Date(), ...columns };
  const names = Object.keys(row);
  const places = names.map((_, index) => `$${index + 1}`);
  await query(`insert into amphora (${names.join(', ')}) values (${places.join(', ')})`, Object.values(row));
  return row.id;
}

beforeAll(async () => {
  api = await CatalogApi.start();
  noopBalancer = await api.loadBalancer({ project_id: 'noop-project' });
  amphoraBalancer = await api.loadBalancer({ project_id: 'amphora-project', provider: 'amphora' });
  await query(`update load_balancer set provisioning_status = 'ACTIVE'`);
});
afterAll(() => api.stop());

test('are shown with every field, listed by any of them, and hidden when deleted', async () => {
  const id = await amphora({
    load_balancer_id: amphoraBalancer.id,
    role: 'STANDALONE',
    lb_network_ip: '198.18.0.9',
    cert_expiration: new Date('2027-01-02T03:04:05Z'),
  });
  const gone = await amphora({ status: 'DELETED' });
  const shown = (await api.get(`${URL}/${id}`)).body.amphora;
  expect(shown).toMatchObject({
    id,
    loadbalancer_id: amphoraBalancer.id,
    role: 'STANDALONE',
    status: 'ALLOCATED',
    lb_network_ip: '198.18.0.9',
    cert_busy: false,
    cert_expiration: '2027-01-02T03:04:05',
    updated_at: null,
  });
  expect(Object.keys(shown)).toHaveLength(20);
  for (const filter of [
    `loadbalancer_id=${amphoraBalancer.id}`,
    'project_id=amphora-project',
    'role=STANDALONE',
    'lb_network_ip=198.18.0.9',
    `id=${id}`,
  ]) {
    const { body } = await api.get(`${URL}?${filter}&fields=id`);
    expect(body).toEqual({ amphorae: [{ id }], amphorae_links: [] });
  }
  expect(faultOf(await api.get(`${URL}/${gone}`))).toEqual([404, `Amphora ${gone} not found.`]);
  expect((await api.get(`${URL}?status=DELETED`)).body.amphorae).toEqual([]);
  expect((await api.get(`${URL}?color=red`)).status).toBe(400);
});

test('statistics are per listener', async () => {
  const id = await amphora({ load_balancer_id: amphoraBalancer.id });
  expect(faultOf(await api.get(`${URL}/${id}/stats`))).toEqual([404, `Amphora stats for ${id} not found.`]);
  const listener = randomUUID();
  await query('insert into listener_statistics values ($1, $2, 1, 2, 3, 4, 5)', [listener, id]);
  expect((await api.get(`${URL}/${id}/stats`)).body).toEqual({
    amphora_stats: [
      {
        active_connections: 3,
        bytes_in: 1,
        bytes_out: 2,
        id,
        listener_id: listener,
        loadbalancer_id: amphoraBalancer.id,
        request_errors: 5,
        total_connections: 4,
      },
    ],
  });
});

test('open connections are those of ALLOCATED amphorae, and of the listener itself where a driver counts', async () => {
  const { id: balancer } = await api.loadBalancer({ project_id: 'counted-project' });
  await api.settler.idle();
  const made = await api.call('POST', '/v2/lbaas/listeners', {
    listener: { loadbalancer_id: balancer, protocol: 'HTTP', protocol_port: 80 },
  });
  const listener = made.body.listener.id;
  // The rest is history: what replaced and unfinished amphorae have carried still counts in the sums, not as open.
  const others = ['PENDING_CREATE', 'BOOTING', 'READY', 'PENDING_DELETE', 'DELETED', 'ERROR', 'FAILOVER_STOPPED'];
  const count = (amphoraId: string, open: number) =>
    query('insert into listener_statistics values ($1, $2, 1, 2, $3, 4, 5)', [listener, amphoraId, open]);
  for (const status of others) await count(await amphora({ load_balancer_id: balancer, status }), 1000);
  await count(randomUUID(), 1000);
  const gone = { bytes_in: 8, bytes_out: 16, total_connections: 32, request_errors: 40 };
  const shown = async (path: string) => (await api.get(`/v2/lbaas/${path}/stats`)).body.stats;
  const [ofListener, ofBalancer] = [`listeners/${listener}`, `loadbalancers/${balancer}`];
  expect(await shown(ofListener)).toEqual({ ...gone, active_connections: 0 });
  expect(await shown(ofBalancer)).toMatchObject({ ...gone, active_connections: 0 });

  for (const open of [3, 4]) await count(await amphora({ load_balancer_id: balancer, status: 'ALLOCATED' }), open);
  await count(listener, 20);
  const all = { bytes_in: 11, bytes_out: 22, total_connections: 44, request_errors: 55, active_connections: 27 };
  expect(await shown(ofListener)).toEqual(all);
  expect(await shown(ofBalancer)).toMatchObject(all);
});

test('the configuration is pushed by its provider', async () => {
  const able = await amphora({ load_balancer_id: noopBalancer.id });
  expect(await api.call('PUT', `${URL}/${able}/config`)).toEqual({ status: 202, body: null });
  const ours = await amphora({ load_balancer_id: amphoraBalancer.id });
  expect(await api.call('PUT', `${URL}/${ours}/config`)).toEqual({ status: 202, body: null });
  expect(operationOf(ours)).toMatchObject([{ kind: 'update_amphora_configuration', resourceType: 'amphora' }]);
  expect((await api.call('PUT', `${URL}/${randomUUID()}/config`)).status).toBe(404);
});

test('failover needs an ACTIVE load balancer', async () => {
  const failover = (id: string) => api.call('PUT', `${URL}/${id}/failover`);
  const able = await amphora({ load_balancer_id: noopBalancer.id });
  const ours = await amphora({ load_balancer_id: amphoraBalancer.id });
  const leaving = await amphora({ load_balancer_id: amphoraBalancer.id, status: 'PENDING_DELETE' });
  const spare = await amphora({ status: 'READY' });
  expect(await failover(able)).toEqual({ status: 202, body: null });
  const statusOf = async (id: string) =>
    (await api.get(`/v2/lbaas/loadbalancers/${id}`)).body.loadbalancer.provisioning_status;
  await api.settler.idle();
  expect(await statusOf(noopBalancer.id)).toBe('ACTIVE');
  expect(faultOf(await failover(leaving))).toEqual([409, `amphora ${leaving} is immutable and cannot be updated.`]);
  expect(await statusOf(amphoraBalancer.id)).toBe('ACTIVE');
  expect(await failover(ours)).toEqual({ status: 202, body: null });
  expect(await statusOf(amphoraBalancer.id)).toBe('PENDING_UPDATE');
  expect(operationOf(ours)).toMatchObject([{ kind: 'failover_amphora', input: { topology: 'SINGLE' } }]);
  expect(faultOf(await failover(spare))).toEqual([409, `amphora ${spare} is immutable and cannot be updated.`]);
  expect((await failover(randomUUID())).status).toBe(404);
  await query(`update load_balancer set provisioning_status = 'ERROR' where id = $1`, [noopBalancer.id]);
  expect(faultOf(await failover(able))).toEqual([
    409,
    `Load Balancer ${noopBalancer.id} is immutable and cannot be updated.`,
  ]);
  await query(`update load_balancer set provisioning_status = 'ACTIVE' where id = $1`, [noopBalancer.id]);
});

test('only a READY or ERROR one can be deleted', async () => {
  const serving = await amphora({ load_balancer_id: noopBalancer.id });
  const broken = await amphora({ load_balancer_id: noopBalancer.id, status: 'ERROR' });
  const ours = await amphora({ status: 'READY' });
  const remove = (id: string) => api.call('DELETE', `${URL}/${id}`);
  expect(faultOf(await remove(serving))).toEqual([409, `amphora ${serving} is immutable and cannot be updated.`]);
  expect(await remove(broken)).toEqual({ status: 204, body: null });
  expect(await remove(ours)).toEqual({ status: 204, body: null });
  expect((await api.get(`${URL}/${ours}`)).body.amphora.status).toBe('PENDING_DELETE');
  expect(operationOf(ours)).toMatchObject([{ kind: 'delete_amphora' }]);
  expect((await remove('no-uuid')).status).toBe(404);
});

test('there is nothing else below or beside them', async () => {
  const id = await amphora();
  expect((await api.get(`${URL}/${id}/foo`)).status).toBe(404);
  for (const method of ['POST', 'PUT']) expect((await api.call(method, `${URL}/${id}`, {})).status).toBe(405);
  expect((await api.call('POST', URL, {})).status).toBe(405);
});
