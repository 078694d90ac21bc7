/** The client library against the real API: each kind, each call. */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import {
  BadRequestError,
  type Collection,
  ConflictError,
  ForbiddenError,
  fetchSend,
  type Happened,
  NotFoundError,
  NotSupportedError,
  OctaviaClient,
  QuotaError,
  UnreachableError,
} from '@octavia/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CatalogApi, PROJECT } from '../../packages/controller/test/catalog/support/catalog-api.ts';
import { insertOperation } from '../../packages/controller/test/support/operations.ts';

let api: CatalogApi;
let client: OctaviaClient;
/** Requests of all tests, without their query. */
const asked = new Set<string>();
const QUICK = { intervalMs: 5 };

const query = (text: string, values: unknown[] = []) => api.database.store.pool.query(text, values);
const failure = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => Promise.reject(new Error('it did not fail')),
    (error: unknown) => error,
  );

beforeAll(async () => {
  api = await CatalogApi.start();
  const send = fetchSend();
  client = new OctaviaClient({
    baseUrl: api.url,
    projectId: PROJECT,
    send: (request) => {
      asked.add(`${request.method} ${new URL(request.url).pathname}`);
      return send(request);
    },
  });
});
afterAll(() => api.stop());

async function loadBalancer(attributes: object = {}): Promise<string> {
  const { id } = await client.loadBalancers.create({ vip_subnet_id: randomUUID(), project_id: PROJECT, ...attributes });
  await client.loadBalancers.waitFor(id, 'ACTIVE', QUICK);
  return id;
}

/** Of one that has an amphora of its own and nobody who carries anything out. */
async function withAmphora(): Promise<{ id: string; amphora: string }> {
  const { id } = await client.loadBalancers.create({
    vip_subnet_id: randomUUID(),
    project_id: PROJECT,
    provider: 'amphora',
  });
  await query(`update load_balancer set provisioning_status = 'ACTIVE' where id = $1`, [id]);
  await query('delete from operation where load_balancer_id = $1', [id]);
  const amphora = randomUUID();
  const columns = 'id, status, created_at, load_balancer_id, role, lb_network_ip';
  await query(`insert into amphora (${columns}) values ($1, 'ALLOCATED', now(), $2, 'STANDALONE', '198.18.0.9')`, [
    amphora,
    id,
  ]);
  return { id, amphora };
}

async function operation(loadBalancerId: string): Promise<string> {
  const id = randomUUID();
  await api.database.store.transaction((tx) =>
    insertOperation(tx, {
      id,
      loadBalancerId,
      projectId: PROJECT,
      kind: 'update_load_balancer',
      resourceType: 'load_balancer',
      resourceId: loadBalancerId,
      input: {},
      flowVersion: 1,
    }),
  );
  return id;
}

describe('a load balancer', () => {
  test('is created with a tree, listed, shown, changed, measured and deleted with everything below it', async () => {
    const made = await client.loadBalancers.create({
      name: 'tree',
      project_id: PROJECT,
      vip_subnet_id: randomUUID(),
      listeners: [
        {
          name: 'http',
          protocol: 'HTTP',
          protocol_port: 80,
          default_pool: {
            name: 'pool',
            protocol: 'HTTP',
            lb_algorithm: 'ROUND_ROBIN',
            members: [{ address: '192.0.2.1', protocol_port: 80 }],
            healthmonitor: { type: 'HTTP', delay: 5, timeout: 5, max_retries: 3 },
          },
        },
      ],
    });
    const { id } = made;
    expect(made.pools[0]?.members[0]?.address).toBe('192.0.2.1');
    const states: string[] = [];
    const seen = ({ provisioning_status: state }: { provisioning_status: string }) => void states.push(state);
    const active = await client.loadBalancers.waitFor(id, 'ACTIVE', { ...QUICK, seen });
    expect(states.at(-1)).toBe('ACTIVE');
    expect(active).toMatchObject({ name: 'tree', provider: 'noop_driver' });
    const { document, tag } = await client.loadBalancers.desiredState(id);
    expect(document).toMatchObject({ name: 'tree', listeners: [{ name: 'http' }] });
    expect(await client.loadBalancers.applyDesiredState(id, document, { tag })).toMatchObject({ changes: [] });
    const names = { fields: ['id', 'name'], name: 'tree' } as const;
    expect(await client.loadBalancers.list(names).toArray()).toEqual([{ id, name: 'tree' }]);
    expect((await client.loadBalancers.update(id, { description: 'big' })).description).toBe('big');
    await client.loadBalancers.waitFor(id, 'ACTIVE', QUICK);
    const tree = await client.loadBalancers.status(id);
    expect(tree.listeners[0]?.pools[0]?.members[0]).toMatchObject({ address: '192.0.2.1', protocol_port: 80 });
    expect(tree.listeners[0]?.pools[0]?.health_monitor?.type).toBe('HTTP');
    expect(await client.loadBalancers.stats(id)).toMatchObject({ total_connections: 0, bytes_in: 0 });
    expect(await client.loadBalancers.operations(id)).toEqual([]);
    expect(await client.loadBalancers.healthHistory(id, { limit: 5 })).toEqual([]);
    expect(await client.loadBalancers.statisticsHistory(id, { step: 3600 })).toEqual([]);
    const request = { url: 'http://example.org/', headers: ['Accept: */*'] };
    expect(await client.loadBalancers.route(id, request)).toMatchObject({ pool_id: tree.listeners[0]?.pools[0]?.id });
    expect(await failure(client.loadBalancers.delete(id))).toBeInstanceOf(BadRequestError);
    await client.loadBalancers.delete(id, { cascade: true });
    await client.loadBalancers.waitForDeleted(id, QUICK);
    expect(await failure(client.loadBalancers.show(id))).toMatchObject({
      name: 'NotFoundError',
      status: 404,
      code: 'NOT_FOUND',
      remedy: 'Check the id.',
      requestId: expect.stringMatching(/^req-/),
    });
  });

  test('is failed over', async () => {
    const { id } = await withAmphora();
    await client.loadBalancers.failover(id);
    expect((await client.loadBalancers.show(id)).provisioning_status).toBe('PENDING_UPDATE');
  });
});

test('lists run over all pages, whatever the host in the links', async () => {
  for (const name of ['a', 'b', 'c', 'd', 'e']) await loadBalancer({ name, project_id: 'pages' });
  const listed = client.loadBalancers.list({ project_id: 'pages', limit: 2, sort: 'name:desc' });
  const sizes: number[] = [];
  for await (const { length } of listed.pages()) sizes.push(length);
  expect(sizes.slice(0, 3)).toEqual([2, 2, 1]);
  const names: string[] = [];
  for await (const { name } of listed) names.push(name);
  expect(names).toEqual(['e', 'd', 'c', 'b', 'a']);
});

test('listeners, pools, members, monitors, policies and rules are created, listed, shown, changed and deleted', async () => {
  const lb = await loadBalancer();
  const settled = () => client.loadBalancers.waitFor(lb, 'ACTIVE', QUICK);
  const id = async (made: Promise<{ id: string }>): Promise<string> => {
    const object = await made;
    await settled();
    return object.id;
  };
  const listener = await id(
    client.listeners.create({ loadbalancer_id: lb, protocol: 'HTTP', protocol_port: 80, name: 'old' }),
  );
  const pool = await id(
    client.pools.create({ listener_id: listener, protocol: 'HTTP', lb_algorithm: 'ROUND_ROBIN', name: 'old' }),
  );
  const members = client.members(pool);
  const member = await id(members.create({ address: '192.0.2.1', protocol_port: 80, name: 'old' }));
  const monitor = await id(
    client.healthMonitors.create({ pool_id: pool, type: 'HTTP', delay: 5, timeout: 5, max_retries: 3, name: 'old' }),
  );
  const policy = await id(client.l7Policies.create({ listener_id: listener, action: 'REJECT', name: 'old' }));
  const rules = client.l7Rules(policy);
  const rule = await id(rules.create({ type: 'PATH', compare_type: 'STARTS_WITH', value: '/' }));
  expect(await client.listeners.stats(listener)).toMatchObject({ active_connections: 0 });

  // biome-ignore lint/suspicious/noExplicitAny: six kinds with one shape of calls
  const kinds: [Collection<any, any, any, any>, string][] = [
    [client.listeners, listener],
    [client.pools, pool],
    [members, member],
    [client.healthMonitors, monitor],
    [client.l7Policies, policy],
  ];
  for (const [kind, its] of kinds) {
    expect(await kind.update(its, { name: 'new' })).toMatchObject({ id: its, name: 'new' });
    await settled();
    expect(await kind.show(its)).toMatchObject({ id: its, name: 'new', provisioning_status: 'ACTIVE' });
    expect(await kind.list({ id: its, fields: ['name'] }).toArray()).toEqual([{ name: 'new' }]);
  }
  expect(await rules.update(rule, { value: '/x' })).toMatchObject({ value: '/x' });
  await rules.waitFor(rule, 'ACTIVE', QUICK);
  expect(await rules.list({ value: '/x' }).first()).toMatchObject({ id: rule });

  await members.replaceAll([{ address: '192.0.2.2', protocol_port: 80 }], { additiveOnly: true });
  await settled();
  expect(await members.list().toArray()).toHaveLength(2);
  await members.replaceAll([{ address: '192.0.2.2', protocol_port: 80, weight: 9 }]);
  await settled();
  expect(await members.list({ fields: ['address', 'weight'] }).toArray()).toEqual([
    { address: '192.0.2.2', weight: 9 },
  ]);

  const last = await members.list().first();
  await members.delete(last?.id ?? '');
  await settled();
  expect(await members.list().toArray()).toEqual([]);

  await rules.delete(rule);
  await rules.waitForDeleted(rule, QUICK);
  await settled();
  for (const [kind, its] of [...kinds].reverse()) {
    if (its === member) continue;
    await kind.delete(its);
    await settled();
    expect(await failure(kind.show(its))).toBeInstanceOf(NotFoundError);
  }
});

test('quotas have defaults, are set and forgotten; a full one is an error of its own', async () => {
  const project = 'quotas';
  const defaults = await client.quotas.defaults();
  expect(await client.quotas.show(project)).toEqual(defaults);
  expect(await client.quotas.update(project, { loadbalancer: 1, pool: null })).toMatchObject({ load_balancer: 1 });
  expect(await client.quotas.list({ project_id: project }).toArray()).toMatchObject([
    { project_id: project, pool: null },
  ]);
  await loadBalancer({ project_id: project });
  expect(await failure(loadBalancer({ project_id: project }))).toMatchObject({
    name: 'QuotaError',
    constructor: QuotaError,
    status: 403,
    code: 'QUOTA_EXCEEDED',
  });
  await client.quotas.delete(project);
  expect((await client.quotas.show(project)).loadbalancer).toBe(defaults.loadbalancer);
});

test('providers say what flavors and zones may ask of them', async () => {
  expect(await client.providers.list().toArray()).toContainEqual({ name: 'amphora', description: 'Amphorae.' });
  const names = await client.providers.flavorCapabilities('amphora').toArray();
  expect(names.map(({ name }) => name)).toContain('loadbalancer_topology');
  expect(await client.providers.availabilityZoneCapabilities('amphora').first()).toMatchObject({
    name: expect.any(String),
    description: expect.any(String),
  });
  expect(await failure(client.providers.flavorCapabilities('bare').first())).toBeInstanceOf(NotSupportedError);
  expect(await failure(client.providers.flavorCapabilities('nobody').first())).toBeInstanceOf(BadRequestError);
});

test('flavors and zones with their profiles are created, listed, shown, changed and deleted', async () => {
  const profile = await client.flavorProfiles.create({
    name: 'single',
    provider_name: 'amphora',
    flavor_data: '{"loadbalancer_topology": "SINGLE"}',
  });
  const flavor = await client.flavors.create({ name: 'small', flavor_profile_id: profile.id });
  expect(await client.flavors.update(flavor.id, { enabled: false })).toMatchObject({ enabled: false });
  expect(await client.flavors.show(flavor.id)).toMatchObject({ name: 'small', enabled: false });
  expect(await client.flavors.list({ enabled: false }).toArray()).toMatchObject([{ id: flavor.id }]);
  expect(await client.flavorProfiles.list({ provider_name: 'amphora', limit: 1 }).toArray()).toEqual([profile]);
  expect(await failure(client.flavorProfiles.delete(profile.id))).toBeInstanceOf(ConflictError);
  await client.flavors.delete(flavor.id);
  await client.flavorProfiles.update(profile.id, { name: 'other' });
  await client.flavorProfiles.delete(profile.id);
  expect(await failure(client.flavorProfiles.show(profile.id))).toBeInstanceOf(NotFoundError);

  const zoneProfile = await client.availabilityZoneProfiles.create({
    name: 'here',
    provider_name: 'amphora',
    availability_zone_data: '{"compute_zone": "nova"}',
  });
  const zone = await client.availabilityZones.create({
    name: 'zone/1',
    availability_zone_profile_id: zoneProfile.id,
  });
  expect(await client.availabilityZones.show('zone/1')).toEqual(zone);
  expect(await client.availabilityZones.update('zone/1', { description: 'x' })).toMatchObject({ description: 'x' });
  expect(await client.availabilityZones.list().toArray()).toHaveLength(1);
  expect(await client.availabilityZoneProfiles.list({ limit: 1 }).toArray()).toEqual([zoneProfile]);
  await client.availabilityZones.delete('zone/1');
  expect(await client.availabilityZoneProfiles.update(zoneProfile.id, { name: 'there' })).toMatchObject({
    name: 'there',
  });
  expect(await client.availabilityZoneProfiles.show(zoneProfile.id)).toMatchObject({ name: 'there' });
  await client.availabilityZoneProfiles.delete(zoneProfile.id);
});

test('amphorae are listed, shown, measured, configured, failed over and deleted', async () => {
  const { id, amphora } = await withAmphora();
  expect(await client.amphorae.list({ loadbalancer_id: id, fields: ['id', 'role'] }).toArray()).toEqual([
    { id: amphora, role: 'STANDALONE' },
  ]);
  expect(await client.amphorae.waitFor(amphora)).toMatchObject({ lb_network_ip: '198.18.0.9' });
  await query('insert into listener_statistics values ($1, $2, 1, 2, 3, 4, 5)', [randomUUID(), amphora]);
  expect(await client.amphorae.stats(amphora)).toMatchObject([{ id: amphora, bytes_in: 1 }]);
  await client.amphorae.configure(amphora);
  await client.amphorae.failover(amphora);
  expect(api.submitted.filter(({ resourceId }) => resourceId === amphora).map(({ kind }) => kind)).toEqual([
    'update_amphora_configuration',
    'failover_amphora',
  ]);
  const spare = randomUUID();
  await query(`insert into amphora (id, status, created_at) values ($1, 'READY', now())`, [spare]);
  await client.amphorae.delete(spare);
  expect((await client.amphorae.show(spare)).status).toBe('PENDING_DELETE');
});

describe('operations', () => {
  test('are listed, shown, and acted upon', async () => {
    const { id } = await withAmphora();
    const waiting = await operation(id);
    expect(await client.operations.list({ loadbalancer_id: id }).toArray()).toMatchObject([
      { id: waiting, state: 'queued' },
    ]);
    expect(await client.loadBalancers.operations(id)).toMatchObject([{ id: waiting, steps: [] }]);
    expect(await client.operations.reset(waiting, 'ERROR', 'a test')).toMatchObject({ state: 'failed' });
    const { actions } = await client.operations.show(waiting);
    expect(actions).toMatchObject([{ verb: 'reset' }]);
    expect(await failure(client.operations.waitFor(waiting, QUICK))).toMatchObject({
      name: 'WaitError',
      state: 'failed',
    });
    expect(await failure(client.operations.abandon(waiting))).toBeInstanceOf(ConflictError);
    expect(await failure(client.operations.resume(randomUUID()))).toBeInstanceOf(NotFoundError);
  });

  test('that are in the way stand in the error', async () => {
    const { id } = await withAmphora();
    await query(`update load_balancer set provisioning_status = 'PENDING_UPDATE' where id = $1`, [id]);
    const blocking = await operation(id);
    const error = await failure(client.loadBalancers.update(id, { name: 'x' }));
    expect(error).toBeInstanceOf(ConflictError);
    expect(error).toMatchObject({
      status: 409,
      code: 'LB_INVALID_STATE',
      operation: blocking,
      debuginfo: expect.stringContaining(blocking),
      remedy: expect.stringMatching(/\.$/),
      retryAfter: 1,
    });
    expect(error).not.toBeInstanceOf(ForbiddenError);
  });
});

test('what happens is told', async () => {
  const events = client.events({ kinds: ['created'] });
  const first = events.next();
  const { id } = await client.loadBalancers.create({ project_id: PROJECT, vip_subnet_id: randomUUID() });
  const { value } = await first;
  expect(value).toMatchObject({ reload: false, events: [{ kind: 'created' }] });
  expect((value as Happened).events[0]).toMatchObject({ loadbalancer_id: id });
  await events.return(undefined as never);
});

test('the service says which API it speaks', async () => {
  expect((await client.versions()).at(-1)).toMatchObject({ id: expect.stringMatching(/^v2\./), status: 'CURRENT' });
});

test('nobody there', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  const lonely = new OctaviaClient({ baseUrl: `http://127.0.0.1:${port}`, retries: 1 });
  const error = await failure(lonely.pools.create({ protocol: 'HTTP', lb_algorithm: 'ROUND_ROBIN' }));
  expect(error).toBeInstanceOf(UnreachableError);
  expect(error).toMatchObject({
    message: `http://127.0.0.1:${port} cannot be reached: connect ECONNREFUSED 127.0.0.1:${port}`,
    mayHaveArrived: false,
  });
});

/** What nobody needs a method for: roots and the document, other names of the same, and what is not part of the API. */
const WITHOUT_METHOD = [
  'GET /v2',
  'GET /v2/lbaas',
  'GET /v2/octavia',
  'GET /v2/openapi.json',
  'GET /v2/lbaas/loadbalancers/{id}/statuses',
  'GET /v2/lbaas/quotas/{project}/default',
  'GET /healthcheck',
];

test('every operation of the document has been called above', () => {
  const text = readFileSync(join(import.meta.dirname, '../../docs/openapi.json'), 'utf8');
  const { paths } = JSON.parse(text) as { paths: Record<string, object> };
  const operations = Object.entries(paths).flatMap(([path, item]) =>
    Object.keys(item).map((method) => `${method.toUpperCase()} ${path}`),
  );
  const isAsked = (operation: string): boolean => {
    const form = new RegExp(`^${operation.replace(/\{\w+\}/g, '(?!defaults$)[^/]+')}$`);
    return [...asked].some((request) => form.test(request));
  };
  expect(operations.filter((operation) => !isAsked(operation))).toEqual(WITHOUT_METHOD);
});
