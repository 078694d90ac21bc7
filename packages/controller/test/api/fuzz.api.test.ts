import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sql } from '../../src/store/core/sql.ts';
import { type Json, TestApi } from './support/api.ts';

let api: TestApi;
let lb: Json;
let listener: Json;
let pool: Json;
let member: Json;
let monitor: Json;
let policy: Json;
let rule: Json;
beforeAll(async () => {
  api = await TestApi.start();
  lb = await api.loadBalancer();
  listener = await api.listener(lb.id);
  pool = await api.pool(lb.id);
  member = await api.member(pool.id);
  monitor = await api.monitor(pool.id);
  policy = await api.policy(listener.id);
  rule = await api.rule(policy.id);
});
afterAll(() => api.stop());

const RUNS = 150;

const nasty = fc.oneof(
  { weight: 3, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
  fc.constantFrom<Json>(null, '', '\0', '\ud800', '1', '-1', 1e308, -0, 2 ** 31, 2 ** 53, 'true', [], {}, [null], [[]]),
  fc.constantFrom<Json>(
    'TCP',
    'HTTP',
    'UDP',
    'SOURCE_IP',
    'SCTP',
    'PROMETHEUS',
    '10.0.0.0/8',
    '::/0',
    '192.0.2.1',
    '{name}',
  ),
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.uuid(),
  fc.ipV6(),
);

/** Objects with the attributes of a kind, as its schema names them, and now and then another. */
async function bodies(schema: string): Promise<fc.Arbitrary<Record<string, Json>>> {
  const document = (await api.get('/v2/openapi.json')).body;
  const properties = Object.keys(document.components.schemas[schema].properties);
  return fc.dictionary(fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...properties) }, fc.string()), nasty, {
    maxKeys: 5,
  });
}

const KINDS = [
  ['loadbalancers', 'loadbalancer', () => lb.id, () => ({ vip_subnet_id: randomUUID(), project_id: 'p' })],
  ['listeners', 'listener', () => listener.id, () => ({ loadbalancer_id: lb.id, protocol: 'TCP', protocol_port: 99 })],
  ['pools', 'pool', () => pool.id, () => ({ loadbalancer_id: lb.id, protocol: 'TCP', lb_algorithm: 'SOURCE_IP' })],
  ['pools/:pool/members', 'member', () => member.id, () => ({ address: '192.0.2.99', protocol_port: 99 })],
  [
    'healthmonitors',
    'healthmonitor',
    () => monitor.id,
    () => ({ pool_id: pool.id, type: 'TCP', delay: 1, timeout: 1, max_retries: 1 }),
  ],
  ['l7policies', 'l7policy', () => policy.id, () => ({ listener_id: listener.id, action: 'REJECT' })],
  ['l7policies/:policy/rules', 'rule', () => rule.id, () => ({ type: 'PATH', compare_type: 'REGEX', value: '/' })],
] as const;

const TABLES = ['load_balancer', 'listener', 'pool', 'member', 'health_monitor', 'l7policy', 'l7rule', 'local_port'];

/** How much there is of everything, and how much of it waits: a refused request changes neither. */
async function traces(): Promise<unknown> {
  const counts = TABLES.map((table) => {
    const waiting = table === 'local_port' ? '0' : `count(*) filter (where provisioning_status like 'PENDING%')`;
    return `(select array[count(*), ${waiting}] from ${table}) as ${table}`;
  });
  const { rows } = await sql`select ${sql.raw(counts.join(', '))}`.execute(api.database.store.db);
  return rows[0];
}

const within = (path: string): string => path.replace(':pool', pool.id).replace(':policy', policy.id);

async function send(method: string, path: string, body: unknown): Promise<void> {
  const before = await traces();
  const answer = await api.call(method, `/v2/lbaas/${path}`, body);
  expect(answer.status, JSON.stringify(body)).not.toBe(500);
  expect([200, 201, 400, 404, 409, 501], JSON.stringify(answer.body)).toContain(answer.status);
  if (answer.status >= 400) expect(await traces(), JSON.stringify(body)).toEqual(before);
  await api.settle();
}

describe.each(KINDS)('%s', (path, wrapper, id, minimum) => {
  it('never fails on a create body', async () => {
    const arbitrary = await bodies(`${wrapper}_create`);
    const property = fc.asyncProperty(arbitrary, (body) =>
      send('POST', within(path), { [wrapper]: { ...minimum(), ...body } }),
    );
    await fc.assert(property, { numRuns: RUNS });
  });

  it('never fails on an update body', async () => {
    const arbitrary = await bodies(`${wrapper}_update`);
    const property = fc.asyncProperty(arbitrary, (body) => send('PUT', `${within(path)}/${id()}`, { [wrapper]: body }));
    await fc.assert(property, { numRuns: RUNS });
  });

  it('never fails on a query', async () => {
    const document = (await api.get('/v2/openapi.json')).body;
    const listing = document.paths[`/v2/lbaas/${path.replace(/:(\w+)/, '{$1}')}`].get.parameters;
    const nameOf = ({ name, $ref: reference }: Json): string => name ?? reference.split('/').at(-1);
    const names = fc.constantFrom<string>(...listing.map(nameOf));
    const values = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('\0', '-', '99999999999', 'name', '1', id()),
    );
    const property = fc.asyncProperty(fc.array(fc.tuple(names, values), { maxLength: 4 }), async (pairs) => {
      const query = pairs.map(([name, value]) => `${name}=${encodeURIComponent(value.toWellFormed())}`).join('&');
      const answer = await api.get(`/v2/lbaas/${within(path)}?${query}`);
      expect([200, 400], query).toContain(answer.status);
    });
    await fc.assert(property, { numRuns: RUNS });
  });
});

/** A whole tree, one part of which is replaced. */
const TREE = {
  name: 'lb',
  listeners: [
    {
      protocol: 'HTTP',
      protocol_port: 80,
      default_pool: { name: 'p' },
      l7policies: [
        {
          action: 'REDIRECT_TO_POOL',
          redirect_pool: { name: 'q', protocol: 'HTTP', lb_algorithm: 'ROUND_ROBIN' },
          position: 1,
          rules: [{ type: 'HEADER', compare_type: 'EQUAL_TO', key: 'X', value: 'y', invert: true }],
        },
        { action: 'REDIRECT_TO_URL', redirect_url: 'http://a/', redirect_http_code: 301 },
      ],
    },
  ],
  pools: [
    {
      name: 'p',
      protocol: 'HTTP',
      lb_algorithm: 'ROUND_ROBIN',
      session_persistence: { type: 'APP_COOKIE', cookie_name: 'sid' },
      members: [{ address: '192.0.2.1', protocol_port: 80, weight: 1 }],
      healthmonitor: { type: 'HTTP', delay: 1, timeout: 1, max_retries: 1 },
    },
  ],
};

/** Where every part of the value stands. */
function places(value: Json, at: (string | number)[] = []): (string | number)[][] {
  const inside = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  const key = (name: string) => (Array.isArray(value) ? Number(name) : name);
  return [...(at.length > 0 ? [at] : []), ...inside.flatMap(([name, part]) => places(part, [...at, key(name)]))];
}

it('never fails on a tree with a wrong part', async () => {
  const property = fc.asyncProperty(fc.constantFrom(...places(TREE)), nasty, async (place, wrong) => {
    const tree: Json = structuredClone(TREE);
    const parent = place.slice(0, -1).reduce((part: Json, key) => part[key], tree);
    parent[place.at(-1)!] = wrong;
    await send('POST', 'loadbalancers', {
      loadbalancer: { vip_subnet_id: randomUUID(), project_id: 'p', ...tree },
    });
  });
  await fc.assert(property, { numRuns: RUNS });
});

it('survives a body that is nested as deeply as it can be', async () => {
  const deep = '['.repeat(50_000) + ']'.repeat(50_000);
  for (const body of [deep, `{"loadbalancer": ${deep}}`, `{"loadbalancer": {"name": ${deep}}}`]) {
    expect((await api.call('POST', '/v2/lbaas/loadbalancers', body)).status).toBe(400);
  }
});
