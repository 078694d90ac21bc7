/** A load balancer with everything below it as one document: `/v2/octavia/desired-state/{loadbalancer}`. */
import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { sql } from '../../src/store/core/sql.ts';
import { type Answer, type Json, PROJECT, TestApi } from './support/api.ts';
import { asChildren, numbered, tree } from './support/random-trees.ts';

let api: TestApi;
beforeAll(async () => {
  api = await TestApi.start();
});
afterAll(() => api.stop());

const pathOf = (name: string) => `/v2/octavia/desired-state/${encodeURIComponent(name)}`;
let count = 0;
function fresh(): string {
  count += 1;
  return `lb-${count}`;
}
const SUBNET = randomUUID();

interface How {
  query?: string;
  headers?: Record<string, string>;
}

const put = (name: string, document: object, { query = '', headers = {} }: How = {}): Promise<Answer> =>
  api.call('PUT', `${pathOf(name)}${query}`, { loadbalancer: { project_id: PROJECT, ...document } }, headers);

/** Applies and carries out. @returns the lines of the plan */
async function apply(name: string, document: object, how: How = {}): Promise<Json[]> {
  const { status, body } = await put(name, { vip_subnet_id: SUBNET, ...document }, how);
  if (status !== 200) throw new Error(`${status} ${JSON.stringify(body)}`);
  await api.settle();
  return body.plan.changes;
}

const short = ({ action, kind, name, effect, fields }: Json): string =>
  [
    action,
    kind,
    name,
    ...fields.map((field: Json) => `${field.name}: ${JSON.stringify(field.old)} → ${JSON.stringify(field.new)}`),
    effect,
  ].join(' | ');

async function idOf(name: string): Promise<string> {
  const { body } = await api.get(`/v2/lbaas/loadbalancers?name=${encodeURIComponent(name)}`);
  expect(body.loadbalancers).toHaveLength(1);
  return body.loadbalancers[0].id;
}

async function exported(name: string): Promise<{ document: Json; tag: string }> {
  // Without authentication everybody's project is their own.
  const { status, body, headers } = await api.get(pathOf(await idOf(name)));
  expect(status).toBe(200);
  return { document: body.loadbalancer, tag: headers.get('etag') ?? '' };
}

const TABLES = ['pool', 'health_monitor', 'member', 'listener', 'l7policy', 'l7rule'] as const;
const WITHIN: Record<(typeof TABLES)[number], string> = {
  pool: 'load_balancer_id = $',
  listener: 'load_balancer_id = $',
  health_monitor: 'pool_id in (select id from pool where load_balancer_id = $)',
  member: 'pool_id in (select id from pool where load_balancer_id = $)',
  l7policy: 'listener_id in (select id from listener where load_balancer_id = $)',
  l7rule:
    'l7policy_id in (select p.id from l7policy p join listener l on l.id = p.listener_id where load_balancer_id = $)',
};

/** Every row below a load balancer, ids replaced by names, in an order of their own. */
async function picture(id: string): Promise<string[]> {
  const names = new Map([[id, 'load balancer']]);
  const all: [string, Json][] = [];
  for (const table of TABLES) {
    const condition = sql.raw(WITHIN[table].replace('$', `'${id}'`));
    const { rows } = await sql<Json>`select * from ${sql.table(table)} where ${condition}`.execute(
      api.database.store.db,
    );
    for (const row of rows) {
      if (row.name) names.set(row.id, `${table} ${row.name}`);
      all.push([table, row]);
    }
  }
  return all
    .map(([table, { id: _own, created_at: _1, updated_at: _2, tags, ...row }]) => {
      // What is measured of a member depends on whether it had a monitor before; heartbeats decide.
      const measured = table === 'member' ? { operating_status: null } : {};
      let text = JSON.stringify({ table, ...row, ...measured, tags: [...tags].sort() });
      for (const [own, name] of names) text = text.replaceAll(own, name);
      return text;
    })
    .sort();
}

/** Names and ports in another order, so that listeners meet those of another document in every way. */
const shifted = (given: Json, by: number) => {
  const children = asChildren(numbered(given));
  const { listeners } = children;
  return {
    ...children,
    listeners: listeners.map((listener: Json, index: number) => ({
      ...listener,
      protocol_port: 80 + ((index + by) % (listeners.length + 1)),
    })),
  };
};

describe('any tree', () => {
  it('exported and applied again plans nothing; one after another equals the other built', async () => {
    const property = fc.asyncProperty(tree, tree, fc.nat(3), async (one, other, by) => {
      const [first, second] = [shifted(one, 0), shifted(other, by)];
      const name = fresh();
      expect((await apply(name, first))[0]).toMatchObject({ action: 'create', kind: 'load_balancer' });
      const before = await exported(name);
      for (const query of ['', '?prune=true']) expect(await apply(name, before.document, { query })).toEqual([]);
      expect((await exported(name)).tag).toBe(before.tag);

      const planned = await put(name, { vip_subnet_id: SUBNET, ...second }, { query: '?prune=true&dry_run=true' });
      expect([planned.status, planned.headers.get('etag')]).toEqual([200, before.tag]);
      const done = await put(name, { vip_subnet_id: SUBNET, ...second }, { query: '?prune=true' });
      expect(done.status, JSON.stringify(done.body)).toBe(200);
      const withoutId = (lines: Json[]) =>
        lines.map(({ id: _, fields, ...line }) => ({ ...line, fields: fields.length }));
      expect(withoutId(done.body.plan.changes)).toEqual(withoutId(planned.body.plan.changes));
      await api.settle();
      expect(done.headers.get('etag')).toBe((await exported(name)).tag);
      expect(await apply(name, second, { query: '?prune=true' })).toEqual([]);

      const built = await api.loadBalancer({ vip_subnet_id: SUBNET, ...second });
      expect(await picture(await idOf(name))).toEqual(await picture(built.id));
    });
    // A busy machine tries fewer: a tree is some forty requests.
    await fc.assert(property, { numRuns: 15, endOnFailure: true });
  }, 240_000);
});

const WEB = {
  listeners: [
    {
      name: 'web',
      protocol: 'HTTP',
      protocol_port: 80,
      default_pool: { name: 'servers' },
      l7policies: [
        {
          name: 'api',
          action: 'REDIRECT_TO_POOL',
          redirect_pool: { name: 'others' },
          rules: [{ type: 'PATH', compare_type: 'STARTS_WITH', value: '/api' }],
        },
      ],
    },
  ],
  pools: [
    {
      name: 'servers',
      protocol: 'HTTP',
      lb_algorithm: 'ROUND_ROBIN',
      healthmonitor: { type: 'HTTP', delay: 5, timeout: 3, max_retries: 3 },
      members: [
        { address: '192.0.2.1', protocol_port: 80 },
        { address: '192.0.2.2', protocol_port: 80, weight: 5 },
      ],
    },
    {
      name: 'others',
      protocol: 'HTTP',
      lb_algorithm: 'SOURCE_IP',
      members: [{ address: '192.0.2.9', protocol_port: 81 }],
    },
  ],
};

/** Another document, made of a copy. */
function changed(change: (document: Json) => void): Json {
  const document = structuredClone(WEB) as Json;
  change(document);
  return document;
}

/** What changes, what the plan says of it, and with `prune`. */
const PLANS: [name: string, document: Json, plan: string[], prune?: string[]][] = [
  ['nothing', WEB, []],
  [
    'a weight',
    changed(({ pools }) => Object.assign(pools[0].members[1], { weight: 7 })),
    ['update | member | 192.0.2.2:80 | weight: 5 → 7 | none'],
  ],
  [
    'a weight where it decides who is asked',
    changed(({ pools }) => Object.assign(pools[1].members[0], { weight: 7 })),
    ['update | member | 192.0.2.9:81 | weight: 1 → 7 | reload'],
  ],
  [
    'words',
    changed((document) => Object.assign(document, { description: 'new', tags: ['a'] })),
    ['update | load_balancer | NAME | tags: [] → ["a"] | description: "" → "new" | none'],
  ],
  [
    'a member more',
    changed(({ pools }) => pools[0].members.push({ address: '192.0.2.3', protocol_port: 80 })),
    ['create | member | 192.0.2.3:80 | none'],
  ],
  ['a member less', changed(({ pools }) => pools[0].members.pop()), [], ['delete | member | 192.0.2.2:80 | none']],
  [
    'a port',
    changed(({ listeners }) => Object.assign(listeners[0], { protocol_port: 8080 })),
    ['update | listener | web | protocol_port: 80 → 8080 | rebuild'],
  ],
  [
    'another name for the port',
    changed(({ listeners }) => Object.assign(listeners[0], { name: 'site' })),
    null as never,
    ['update | listener | site | name: "web" → "site" | none'],
  ],
  [
    'a monitor less',
    changed(({ pools }) => Reflect.deleteProperty(pools[0], 'healthmonitor')),
    [],
    ['delete | health_monitor |  | reload'],
  ],
  [
    'another kind of monitor',
    changed(({ pools }) => Object.assign(pools[0].healthmonitor, { type: 'TCP' })),
    [
      'update | health_monitor |  | type: "HTTP" → "TCP" | http_method: "GET" → null | url_path: "/" → null | expected_codes: "200" → null | reload',
    ],
  ],
  [
    'a rule',
    changed(({ listeners }) => Object.assign(listeners[0].l7policies[0].rules[0], { value: '/v2' })),
    ['update | l7rule | PATH STARTS_WITH /v2 | value: "/api" → "/v2" | reload'],
  ],
  [
    'a policy before another',
    changed(({ listeners }) => listeners[0].l7policies.unshift({ name: 'no', action: 'REJECT' })),
    ['create | l7policy | no | reload', 'update | l7policy | api | position: 1 → 2 | reload'],
  ],
  [
    'a pool that nobody uses',
    changed(({ pools }) => pools.push({ name: 'spare', protocol: 'HTTP', lb_algorithm: 'ROUND_ROBIN' })),
    ['create | pool | spare | none'],
  ],
  [
    'everything',
    {},
    [],
    ['delete | listener | web | reload', 'delete | pool | servers | reload', 'delete | pool | others | reload'],
  ],
];

describe('plans', () => {
  test.each(PLANS)('%s', async (_what, document, plan, prune = plan) => {
    const name = fresh();
    await apply(name, WEB);
    const lines = (found: Json[]) => found.map((line) => short(line).replace(name, 'NAME'));
    const dry = await put(name, document, { query: '?dry_run=true' });
    // Without prune the other listener keeps the port.
    if (plan === null)
      expect([dry.status, dry.body.faultstring]).toEqual([
        409,
        expect.stringContaining('at loadbalancer.listeners[0]'),
      ]);
    else expect(lines(dry.body.plan.changes)).toEqual(plan);
    const before = await exported(name);
    const { body } = await put(name, document, { query: '?dry_run=true&prune=true' });
    expect(lines(body.plan.changes)).toEqual(prune);
    expect(await exported(name)).toEqual(before);
    expect(lines(await apply(name, document, { query: '?prune=true' }))).toEqual(prune);
    expect(await apply(name, document, { query: '?prune=true' })).toEqual([]);
  });

  test('listeners exchange their ports, and another protocol takes over a pool', async () => {
    const name = fresh();
    const listener = (own: string, protocol_port: number, protocol = 'HTTP') => ({
      name: own,
      protocol,
      protocol_port,
    });
    await apply(name, { listeners: [listener('a', 80), listener('b', 81), listener('c', 82)] });
    await apply(name, { listeners: [listener('a', 81), listener('b', 82), listener('c', 80, 'TCP')] });
    const { document } = await exported(name);
    expect(document.listeners).toEqual([listener('a', 81), listener('b', 82), listener('c', 80, 'TCP')]);
  });

  test('objects that no name tells apart are told apart by their id', async () => {
    const name = fresh();
    const lb = await api.loadBalancer({ name, vip_subnet_id: SUBNET });
    const pools = [await api.pool(lb.id), await api.pool(lb.id, { name: 'x' }), await api.pool(lb.id, { name: 'x' })];
    await api.listener(lb.id, { default_pool_id: pools[2].id });
    const { document } = await exported(name);
    expect(document.pools.map(({ id }: Json) => id)).toEqual(pools.map(({ id }) => id));
    expect(document.listeners[0]).toMatchObject({ default_pool: { id: pools[2].id } });
    expect(await apply(name, document, { query: '?prune=true' })).toEqual([]);
    const unclear = await put(name, { pools: [{ name: 'x', protocol: 'HTTP', lb_algorithm: 'ROUND_ROBIN' }] });
    expect([unclear.status, unclear.body.faultstring]).toEqual([
      400,
      "Validation failure: Several objects are called 'x': give the id of the pool that is meant. (at loadbalancer.pools[0])",
    ]);
  });
});

const POOL = { name: 'p', protocol: 'HTTP', lb_algorithm: 'ROUND_ROBIN' };
const REFUSED: [name: string, document: Json, status: number, text: string | RegExp][] = [
  [
    'an attribute that there is not',
    { pools: [POOL, { ...POOL, zzz: 1 }] },
    400,
    'Unknown attribute for argument desired_state.loadbalancer.pools[1]: zzz (at loadbalancer.pools[1])',
  ],
  [
    'a value out of bounds',
    { pools: [{ ...POOL, members: [{ address: '192.0.2.1', protocol_port: 80, weight: 257 }] }] },
    400,
    /^Invalid input for field\/attribute weight.*\(at loadbalancer\.pools\[0\]\.members\[0\]\)$/,
  ],
  [
    'a pool without a name',
    { pools: [{ ...POOL, name: '' }] },
    400,
    'Validation failure: The pool needs a name: without one it cannot be found again. (at loadbalancer.pools[0])',
  ],
  [
    'one name for two',
    { pools: [POOL, POOL] },
    400,
    "Validation failure: Two entries name the pool 'p': give them different names. (at loadbalancer.pools[1])",
  ],
  [
    'one member twice',
    { pools: [{ ...POOL, members: [1, 2].map(() => ({ address: '192.0.2.1', protocol_port: 80 })) }] },
    409,
    /\(at loadbalancer\.pools\[0\]\.members\[1\]\)$/,
  ],
  [
    'a pool that is nowhere',
    { listeners: [{ name: 'l', protocol: 'HTTP', protocol_port: 80, default_pool: { name: 'q' } }] },
    400,
    "Validation failure: Pool 'q' was referenced but no full definition was found. (at loadbalancer.listeners[0])",
  ],
  [
    'a pool that does not fit',
    {
      pools: [{ ...POOL, protocol: 'UDP' }],
      listeners: [{ name: 'l', protocol: 'HTTP', protocol_port: 80, default_pool: { name: 'p' } }],
    },
    400,
    /The pool protocol 'UDP' is invalid.*\(at loadbalancer\.listeners\[0\]\)$/,
  ],
  [
    'another subnet',
    { vip_subnet_id: '00000000-0000-4000-8000-000000000001' },
    400,
    /^Validation failure: vip_subnet_id of a load balancer cannot be changed: .*\(at loadbalancer\.vip_subnet_id\)$/,
  ],
  [
    'another name than the path',
    { name: 'other' },
    400,
    /^Validation failure: The document is about 'other', the path about/,
  ],
  [
    'an object of another load balancer',
    { pools: [{ ...POOL, id: '00000000-0000-4000-8000-000000000001' }] },
    400,
    /There is no pool 00000000-0000-4000-8000-000000000001 where the document has it\. \(at loadbalancer\.pools\[0\]\)$/,
  ],
];

describe('refusals', () => {
  test.each(REFUSED)('%s', async (_what, document, status, text) => {
    const name = fresh();
    await apply(name, {});
    const before = await api.snapshot();
    const answer = await put(name, document);
    expect([answer.status, answer.body.faultstring]).toEqual([
      status,
      typeof text === 'string' ? text : expect.stringMatching(text),
    ]);
    expect(await api.snapshot()).toBe(before);
  });

  test('without a load balancer the same text, and nothing is left', async () => {
    const before = await api.snapshot();
    const answer = await put(fresh(), { vip_subnet_id: SUBNET, pools: [{ ...POOL, crl_container_ref: 'x' }] });
    expect(answer.status).toBe(400);
    expect(answer.body.faultstring).toMatch(/\(at loadbalancer\.pools\[0\]\)$/);
    const dry = await put(fresh(), { vip_subnet_id: SUBNET, pools: [POOL] }, { query: '?dry_run=true' });
    expect(dry.body.plan).toMatchObject({
      loadbalancer_id: null,
      dry_run: true,
      changes: [{ kind: 'load_balancer', effect: 'rebuild' }, { id: null }],
    });
    expect(await api.snapshot()).toBe(before);
  });

  test('what is being changed names the operation that is in the way, and a crash leaves all or nothing', async () => {
    const name = fresh();
    await apply(name, WEB);
    const id = await idOf(name);
    const before = await api.snapshot();
    api.provider.refuseSubmit = new Error('the process dies here');
    const document = changed(({ pools }) => pools[0].members.push({ address: '192.0.2.3', protocol_port: 80 }));
    expect((await put(name, document)).status).toBe(500);
    expect(await api.snapshot()).toBe(before);
    await api.setStatus('load_balancer', id, 'PENDING_UPDATE');
    const answer = await put(name, document);
    expect([answer.status, answer.headers.get('octavia-error-code')]).toEqual([409, 'IMMUTABLE']);
    await api.setStatus('load_balancer', id, 'ACTIVE');
  });

  test('names nobody has, and ids nobody has', async () => {
    expect((await api.get(pathOf('nobody'))).status).toBe(404);
    expect((await put(randomUUID(), {})).status).toBe(404);
  });
});

describe('others write at the same time', () => {
  test('If-Match: only what was read is replaced', async () => {
    const name = fresh();
    const none = await put(name, { vip_subnet_id: SUBNET }, { headers: { 'if-match': '*' } });
    expect([none.status, none.headers.get('octavia-error-code')]).toEqual([412, 'PRECONDITION_FAILED']);
    await apply(name, WEB, { headers: { 'if-none-match': '*' } });
    expect((await put(name, WEB, { headers: { 'if-none-match': '*' } })).status).toBe(412);
    const { tag } = await exported(name);
    const pool = (await api.get(`/v2/lbaas/pools?name=servers&loadbalancer_id=${await idOf(name)}`)).body.pools[0];
    await api.member(pool.id, { address: '192.0.2.77' });
    const answer = await put(name, WEB, { query: '?prune=true', headers: { 'if-match': tag } });
    expect([answer.status, answer.body.faultstring]).toEqual([
      412,
      'Precondition failed: The load balancer has been changed since it was read.',
    ]);
    const now = await exported(name);
    expect(await apply(name, WEB, { query: '?prune=true', headers: { 'if-match': `"old", ${now.tag}` } })).toHaveLength(
      1,
    );
  });

  test('two processes create the same one: there is one', async () => {
    const other = await api.sibling({});
    const name = fresh();
    const body = { loadbalancer: { project_id: PROJECT, vip_subnet_id: SUBNET, ...WEB } };
    const answers = await Promise.all([api, other, api, other].map((one) => one.call('PUT', pathOf(name), body)));
    // Who comes second finds it being created.
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409]);
    await api.settle();
    await idOf(name);
    expect(await apply(name, WEB)).toEqual([]);
  });

  test('documents with If-Match beside single requests: nothing that was accepted is lost', async () => {
    const other = await api.sibling({});
    const name = fresh();
    await apply(name, { pools: [POOL] });
    const id = await idOf(name);
    const pool = (await api.get(`/v2/lbaas/pools?name=p&loadbalancer_id=${id}`)).body.pools[0].id;
    const accepted = new Set<string>();
    const single = async (number: number) => {
      const address = `192.0.2.${number}`;
      const { status } = await api.call('POST', `/v2/lbaas/pools/${pool}/members`, {
        member: { address, protocol_port: 80 },
      });
      if (status === 201) accepted.add(address);
      return status;
    };
    const document = async (number: number) => {
      const address = `192.0.2.${number}`;
      const read = await other.get(pathOf(id));
      const { loadbalancer } = read.body;
      const members = [...(loadbalancer.pools[0].members ?? []), { address, protocol_port: 80 }];
      loadbalancer.pools[0].members = members;
      const headers = { 'if-match': read.headers.get('etag') ?? '' };
      const { status } = await other.call('PUT', `${pathOf(id)}?prune=true`, { loadbalancer }, headers);
      if (status === 200) accepted.add(address);
      return status;
    };
    const seen = new Set<number>();
    for (let round = 0; round < 12; round += 1) {
      const number = 10 + round * 8;
      const requests = [single(number), document(number + 1), single(number + 2), document(number + 3)];
      for (const status of await Promise.all(requests)) seen.add(status);
      await api.settle();
    }
    expect([...seen].every((status) => [200, 201, 409, 412].includes(status))).toBe(true);
    const { document: end } = await exported(name);
    expect(new Set(end.pools[0].members.map(({ address }: Json) => address))).toEqual(accepted);
    expect(accepted.size).toBeGreaterThanOrEqual(12);
  });
});
