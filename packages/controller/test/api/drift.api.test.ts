/**
 * What a create or an update sends is what a show gives, for every kind and every writable field: clients such as Terraform
 * plan a change for ever otherwise. The fields are read from the attribute tables; one whose type does not tell what to
 * send fails here until it has samples.
 */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AVAILABILITY_ZONE, AVAILABILITY_ZONE_PROFILE } from '../../src/api/attributes/availability-zone.ts';
import { FLAVOR, FLAVOR_PROFILE } from '../../src/api/attributes/flavor.ts';
import { HEALTH_MONITOR } from '../../src/api/attributes/health-monitor.ts';
import { L7POLICY } from '../../src/api/attributes/l7-policy.ts';
import { L7RULE } from '../../src/api/attributes/l7-rule.ts';
import { LISTENER } from '../../src/api/attributes/listener.ts';
import { LOAD_BALANCER } from '../../src/api/attributes/load-balancer.ts';
import { MEMBER } from '../../src/api/attributes/member.ts';
import { POOL } from '../../src/api/attributes/pool.ts';
import { QUOTA } from '../../src/api/attributes/quota.ts';
import { type Attribute, type AttributeTable, apiName } from '../../src/api/attributes/table.ts';
import { CatalogApi } from '../catalog/support/catalog-api.ts';
import { type Json, PROJECT, TestApi } from './support/api.ts';

/** A load balancer with parents for children; with hundreds of children each change of it would take long. */
async function moveHouse(): Promise<void> {
  const { id: lb } = await api.loadBalancer();
  const { id: listener } = await api.listener(lb, { protocol_port: 60_000 });
  ids.lb = lb;
  ids.listener = listener;
  ids.pool = (await api.pool(lb)).id;
  ids.udp = (await api.pool(lb, { protocol: 'UDP' })).id;
  ids.policy = (await api.policy(listener)).id;
}
const HOUSEHOLD = 20;

let api: TestApi;
let catalog: CatalogApi;
const ids: Record<string, string> = {};
beforeAll(async () => {
  [api, catalog] = await Promise.all([
    TestApi.start({ certificates: { cert_manager: 'noop_cert_manager' } }),
    CatalogApi.start(),
  ]);
  api.network.lenient = true;
  await moveHouse();
  ids.dual = (
    await api.loadBalancer({
      vip_address: '192.0.2.9',
      additional_vips: [{ subnet_id: randomUUID(), ip_address: '2001:db8::9' }],
    })
  ).id;
  const profile = { name: 'p', provider_name: 'noop_driver' };
  const make = async (kind: string, wrapper: string, data: object) =>
    (await catalog.make(kind, wrapper, { ...profile, ...data })).id;
  ids.flavorProfile = await make('flavorprofiles', 'flavorprofile', { flavor_data: '{}' });
  ids.zoneProfile = await make('availabilityzoneprofiles', 'availability_zone_profile', {
    availability_zone_data: '{}',
  });
});
afterAll(() => Promise.all([api.stop(), catalog.stop()]));

/** A value, and what has to be sent along with it. */
interface Sample {
  value: Json;
  beside?: () => object;
  /** Of a create or an update alone. */
  only?: 'create' | 'update';
}
type Samples = (Json | Sample)[];

const sample = (value: Json, beside?: () => object, only?: Sample['only']): Sample => ({
  value,
  ...(beside ? { beside } : {}),
  ...(only ? { only } : {}),
});
const isSample = (entry: Json): entry is Sample =>
  typeof entry === 'object' && entry !== null && 'value' in entry && !Array.isArray(entry);

let count = 100;
const fresh = () => ++count;

interface Kind {
  table: AttributeTable;
  wrapper: string;
  on: () => Pick<TestApi, 'call'> & { settle(): Promise<void> };
  /** Path of the collection, below `/v2/lbaas/`. */
  path(): string;
  /** What a create needs besides the field. */
  minimal(): object;
  key?: 'name';
  samples: Record<string, Samples>;
  /** Fields that answers leave out, or show otherwise, by contract. */
  apart: Record<string, string>;
}

const PARENT = 'in the path of the answers, or below `loadbalancers`';
const TREE = 'a fully populated create alone takes it';
const INHERITED = "a child's project is its load balancer's";
const ADDRESSES = ['192.0.2.200', '2001:db8::5', '2001:DB8::5', '2001:db8:0:0:0:0:0:1', '::ffff:192.0.2.1'];
const CIDRS = [
  ['10.0.0.0/8'],
  ['10.0.0.5/8', '192.0.2.7', '198.51.100/24'],
  ['2001:DB8::/32', '2001:db8:0:0:1::/80', '::/0'],
];
const NAMES = ['', 'Größe', 'x'.repeat(255)];
/** Of a field whose values are taken once. */
const unique = (text: string) => [sample(text, undefined, 'create'), sample(`${text}2`, undefined, 'update')];
const TLS = () => ({ protocol: 'TERMINATED_HTTPS', default_tls_container_ref: 'ref' });
const dual = () => ({ loadbalancer_id: ids.dual });
const CIPHERS = [
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:@SECLEVEL=1',
];
const REFS = ['ref', 'x'.repeat(255)];
const subnet = () => randomUUID();

const settling = () => ({
  call: (method: string, path: string, body?: unknown) => api.call(method, path, body),
  settle: () => api.settle(),
});
const atOnce = () => ({
  call: (method: string, path: string, body?: unknown) =>
    catalog.call(method, path, body) as ReturnType<TestApi['call']>,
  settle: async () => undefined,
});

const KINDS: Record<string, Kind> = {
  'load balancer': {
    table: LOAD_BALANCER,
    wrapper: 'loadbalancer',
    on: settling,
    path: () => 'loadbalancers',
    minimal: () => ({ project_id: PROJECT, vip_subnet_id: subnet() }),
    samples: {
      project_id: [PROJECT, 'p'.repeat(36)],
      vip_subnet_id: [subnet()],
      vip_network_id: [sample(randomUUID(), () => ({ vip_subnet_id: null }))],
      vip_address: ADDRESSES,
      vip_qos_policy_id: [randomUUID()],
      vip_sg_ids: [[], [randomUUID(), randomUUID()]],
      additional_vips: [
        [],
        ...ADDRESSES.map((ip_address) => [{ subnet_id: subnet(), ip_address }]),
        [
          { subnet_id: subnet(), ip_address: '2001:DB8::6' },
          { subnet_id: subnet(), ip_address: '192.0.2.201' },
        ],
      ],
      provider: ['amphora', 'octavia'],
    },
    apart: {
      vip_port_id: 'a port that exists already, see the tests of VIPs',
      flavor_id: 'the catalogue has its own tests',
      availability_zone: 'the catalogue has its own tests',
      listeners: TREE,
      pools: TREE,
    },
  },
  listener: {
    table: LISTENER,
    wrapper: 'listener',
    on: settling,
    path: () => 'listeners',
    minimal: () => ({ loadbalancer_id: ids.lb, protocol: 'HTTP', protocol_port: fresh() }),
    samples: {
      protocol: ['TCP', 'HTTP', 'HTTPS', 'UDP', 'SCTP', 'PROMETHEUS', sample('TERMINATED_HTTPS', TLS)],
      default_pool_id: [sample('pool'), null],
      insert_headers: [{}, { 'X-Forwarded-For': 'true', 'X-Forwarded-Port': 'False' }],
      default_tls_container_ref: REFS.map((ref) => sample(ref, () => ({ ...TLS(), default_tls_container_ref: ref }))),
      sni_container_refs: [[], sample(['b', 'a'], TLS), sample(['a'], TLS)],
      client_authentication: ['NONE', sample('OPTIONAL', () => ({ ...TLS(), client_ca_tls_container_ref: 'ca' }))],
      client_ca_tls_container_ref: REFS.map((ref) => sample(ref, TLS)),
      client_crl_container_ref: REFS.map((ref) => sample(ref, () => ({ ...TLS(), client_ca_tls_container_ref: 'ca' }))),
      allowed_cidrs: [null, ...CIDRS.map((cidrs) => sample(cidrs, dual))],
      // With TLS, and without, where they have no effect.
      tls_ciphers: [...CIPHERS, ...CIPHERS.map((ciphers) => sample(ciphers, TLS))],
      tls_versions: [['TLSv1.3', 'TLSv1.2'], ['TLSv1.1'], sample(['TLSv1.3', 'TLSv1.2'], TLS)],
      alpn_protocols: [['http/1.0'], sample(['http/1.1', 'h2'], TLS), sample(['http/1.0'], TLS)],
      hsts_max_age: [null, sample(0, TLS), sample(31_536_000, TLS)],
      hsts_include_subdomains: [false, sample(true, () => ({ ...TLS(), hsts_max_age: 1 }))],
      hsts_preload: [false, sample(true, () => ({ ...TLS(), hsts_max_age: 1 }))],
    },
    apart: { loadbalancer_id: PARENT, project_id: INHERITED, l7policies: TREE, default_pool: TREE },
  },
  pool: {
    table: POOL,
    wrapper: 'pool',
    on: settling,
    path: () => 'pools',
    minimal: () => ({ loadbalancer_id: ids.lb, protocol: 'HTTP', lb_algorithm: 'ROUND_ROBIN' }),
    samples: {
      session_persistence: [
        null,
        ...[{ type: 'SOURCE_IP' }, { type: 'HTTP_COOKIE' }, { type: 'APP_COOKIE', cookie_name: 'sid' }].map(
          (given) => ({
            cookie_name: null,
            persistence_timeout: null,
            persistence_granularity: null,
            ...given,
          }),
        ),
        ...['255.255.0.0', '64', 'FFFF:ffff:0:0:0:0:0:0'].map((persistence_granularity) =>
          sample({ type: 'SOURCE_IP', cookie_name: null, persistence_timeout: 5, persistence_granularity }, () => ({
            protocol: 'UDP',
          })),
        ),
      ],
      tls_container_ref: [null, ...REFS],
      ca_tls_container_ref: [null, ...REFS],
      crl_container_ref: [null, ...REFS.map((ref) => sample(ref, () => ({ ca_tls_container_ref: 'ca' })))],
      tls_ciphers: [null, ...CIPHERS, ...CIPHERS.map((ciphers) => sample(ciphers, () => ({ tls_enabled: true })))],
      tls_versions: [null, ['TLSv1.1'], sample(['TLSv1.3', 'TLSv1.2'], () => ({ tls_enabled: true }))],
      alpn_protocols: [null, ['http/1.0'], sample(['http/1.1', 'h2'], () => ({ tls_enabled: true }))],
    },
    apart: {
      loadbalancer_id: PARENT,
      listener_id: PARENT,
      project_id: INHERITED,
      members: TREE,
      healthmonitor: TREE,
    },
  },
  member: {
    table: MEMBER,
    wrapper: 'member',
    on: settling,
    path: () => `pools/${ids.pool}/members`,
    minimal: () => ({ address: '192.0.2.1', protocol_port: fresh() }),
    samples: {
      address: ADDRESSES,
      monitor_address: [null, ...ADDRESSES],
      monitor_port: [null, 1, 65_535],
      subnet_id: [null, randomUUID()],
    },
    apart: { project_id: INHERITED, request_sriov: 'shown as vnic_type' },
  },
  'health monitor': {
    table: HEALTH_MONITOR,
    wrapper: 'healthmonitor',
    on: settling,
    path: () => 'healthmonitors',
    minimal: () => ({ pool_id: ids.monitored, type: 'HTTP', delay: 5, timeout: 5, max_retries: 3 }),
    samples: {
      type: [
        'HTTP',
        'HTTPS',
        'PING',
        'TCP',
        'TLS-HELLO',
        sample('UDP-CONNECT', () => ({ pool_id: ids.udp })),
        sample('SCTP', () => ({ pool_id: ids.udp })),
      ],
      url_path: ['/', '/a?b=%20&c=//d'],
      expected_codes: ['200', '200,  204', '200-299'],
      http_version: [null, 1.0, 1.1],
      domain_name: [null, sample('www.Example.com', () => ({ http_version: 1.1 }))],
    },
    apart: { pool_id: 'below `pools`', project_id: INHERITED },
  },
  'L7 policy': {
    table: L7POLICY,
    wrapper: 'l7policy',
    on: settling,
    path: () => 'l7policies',
    minimal: () => ({ listener_id: ids.listener, action: 'REJECT' }),
    samples: {
      listener_id: [sample('listener')],
      action: ['REJECT'],
      redirect_url: ['http://www.Example.com:80/a/../b?c=%7e#d'].map((url) =>
        sample(url, () => ({ action: 'REDIRECT_TO_URL' })),
      ),
      redirect_prefix: [sample('HTTPS://www.example.com', () => ({ action: 'REDIRECT_PREFIX' }))],
      redirect_pool_id: [sample('pool', () => ({ action: 'REDIRECT_TO_POOL' }))],
      redirect_http_code: [301, 308].map((code) =>
        sample(code, () => ({ action: 'REDIRECT_PREFIX', redirect_prefix: 'https://a' })),
      ),
      position: [1],
    },
    apart: { rules: TREE, project_id: INHERITED },
  },
  'L7 rule': {
    table: L7RULE,
    wrapper: 'rule',
    on: settling,
    path: () => `l7policies/${ids.policy}/rules`,
    minimal: () => ({ type: 'PATH', compare_type: 'STARTS_WITH', value: '/' }),
    samples: {
      type: [
        'PATH',
        'HOST_NAME',
        ...['HEADER', 'COOKIE'].map((type) => sample(type, () => ({ key: 'a' }))),
        sample('FILE_TYPE', () => ({ compare_type: 'EQUAL_TO', value: 'jpg' })),
        sample('SSL_CONN_HAS_CERT', () => ({ compare_type: 'EQUAL_TO', value: 'True' })),
        sample('SSL_VERIFY_RESULT', () => ({ compare_type: 'EQUAL_TO', value: '0' })),
        sample('SSL_DN_FIELD', () => ({ key: 'CN' })),
      ],
      key: ['X-Key', 'a'].map((key) => sample(key, () => ({ type: 'HEADER', key: 'first' }))),
      value: ['/', '/A?b="c', 'x'.repeat(255)],
    },
    apart: { project_id: INHERITED },
  },
  flavor: {
    table: FLAVOR,
    wrapper: 'flavor',
    on: atOnce,
    path: () => 'flavors',
    minimal: () => ({ name: `f${fresh()}`, flavor_profile_id: ids.flavorProfile }),
    samples: {
      name: [...unique('Größe'), ...unique('x'.repeat(254))],
      flavor_profile_id: [sample('flavorProfile')],
    },
    apart: {},
  },
  'flavor profile': {
    table: FLAVOR_PROFILE,
    wrapper: 'flavorprofile',
    on: atOnce,
    path: () => 'flavorprofiles',
    minimal: () => ({ name: 'p', provider_name: 'noop_driver', flavor_data: '{}' }),
    samples: { provider_name: ['noop_driver', 'noop_driver-alt'], flavor_data: ['{}', '{ "amp_image_tag":"a" }'] },
    apart: {},
  },
  'availability zone': {
    table: AVAILABILITY_ZONE,
    wrapper: 'availability_zone',
    on: atOnce,
    key: 'name',
    path: () => 'availabilityzones',
    minimal: () => ({ name: `z${fresh()}`, availability_zone_profile_id: ids.zoneProfile }),
    samples: { name: ['Zone', 'z'.repeat(255)], availability_zone_profile_id: [sample('zoneProfile')] },
    apart: {},
  },
  'availability zone profile': {
    table: AVAILABILITY_ZONE_PROFILE,
    wrapper: 'availability_zone_profile',
    on: atOnce,
    path: () => 'availabilityzoneprofiles',
    minimal: () => ({ name: 'p', provider_name: 'noop_driver', availability_zone_data: '{}' }),
    samples: {
      provider_name: ['noop_driver', 'noop_driver-alt'],
      availability_zone_data: ['{}', '{"compute_zone": "a"}'],
    },
    apart: {},
  },
};

/** What the type of a field says can be sent; null when that is not enough. */
function fromSchema({ type }: Attribute): Samples | null {
  const { schema } = type;
  if (Array.isArray(schema.enum)) return schema.enum;
  if (schema.type === 'boolean') return [true, false];
  if (schema.type === 'integer') {
    const minimum = Number(schema.minimum);
    return [minimum, minimum + 1, ...(schema.maximum === undefined ? [70_000] : [schema.maximum])];
  }
  const isPlain = schema.pattern === undefined && schema.format === undefined && schema.maxLength === 255;
  return schema.type === 'string' && isPlain ? NAMES : null;
}

/** Fields that a value of another gives their defaults. */
const FILLED: Record<string, string[]> = {
  tls_enabled: ['tls_ciphers', 'tls_versions', 'alpn_protocols'],
  redirect_url: ['redirect_http_code'],
  redirect_prefix: ['redirect_http_code'],
};

interface Case {
  name: string;
  entry: Sample;
  accepted: Attribute['accepted'];
}

const TAGS = [[], ['b', 'a'], ['Größe']];

function casesOf({ table, samples, apart }: Kind): Case[] {
  return Object.entries(table).flatMap(([field, given]) => {
    const attribute = given as Attribute;
    const name = apiName(field, attribute);
    if (attribute.accepted === 'never' || name in apart) return [];
    const own = samples[name] ?? (name === 'tags' ? TAGS : fromSchema(attribute));
    if (own === null) throw new Error(`${name} is writable: say here what can be sent`);
    return own.map((entry) => ({
      name,
      entry: isSample(entry) ? entry : sample(entry),
      accepted: attribute.accepted,
    }));
  });
}

/** Ids are known once the objects are there. */
const resolved = (value: Json): Json => (typeof value === 'string' && value in ids ? ids[value] : value);

/** An additional VIP is shown with the port that it is on. */
const asSent = (name: string, value: Json): Json =>
  name === 'additional_vips'
    ? value.map((vip: Json) => ({ subnet_id: vip.subnet_id, ip_address: vip.ip_address }))
    : value;

const path = (kind: Kind, id = '') => `/v2/lbaas/${kind.path()}${id === '' ? '' : `/${id}`}`;

let household = 0;

async function create(kind: Kind, attributes: () => object): Promise<Json> {
  household += 1;
  if (household % HOUSEHOLD === 0) await moveHouse();
  // One monitor a pool.
  if (kind.wrapper === 'healthmonitor') ids.monitored = (await api.pool(ids.lb!)).id;
  const { call, settle } = kind.on();
  const body = { ...kind.minimal(), ...attributes() } as Json;
  if (kind.wrapper === 'healthmonitor' && body.pool_id === ids.udp) {
    body.pool_id = (await api.pool(ids.lb!, { protocol: 'UDP' })).id;
  }
  const answer = await call('POST', path(kind), { [kind.wrapper]: body });
  expect(answer.status, JSON.stringify(answer.body)).toBe(201);
  await settle();
  return answer.body[kind.wrapper];
}

/** What the field says may be of the same household. */
async function createWith(kind: Kind, name: string, { value, beside }: Sample): Promise<{ made: Json; value: Json }> {
  const wanted = () => ({ ...beside?.(), [name]: resolved(value) });
  const made = await create(kind, wanted);
  return { made, value: resolved(value) };
}

async function shown(kind: Kind, id: string): Promise<Json> {
  const { status, body } = await kind.on().call('GET', path(kind, encodeURIComponent(id)));
  expect(status).toBe(200);
  return body[kind.wrapper];
}

describe.each(Object.entries(KINDS))('a %s', (_title, kind) => {
  const cases = casesOf(kind);
  const idOf = (object: Json): string => object[kind.key ?? 'id'];

  it.each(cases.filter(({ entry }) => entry.only !== 'update'))(
    'is created with $name $entry.value',
    async ({ name, entry }) => {
      const { made, value } = await createWith(kind, name, entry);
      expect(asSent(name, made[name])).toEqual(value);
      expect(asSent(name, (await shown(kind, idOf(made)))[name])).toEqual(value);
    },
  );

  const changeable = cases.filter(({ accepted, entry }) => accepted === 'create and update' && entry.only !== 'create');
  it.runIf(changeable.length > 0).each(changeable)('is changed to $name $entry.value', async ({ name, entry }) => {
    const beside = (entry.beside?.() ?? {}) as Json;
    // Of what goes with the field, the create takes all that it needs.
    const made = await create(kind, () => (beside.action ? {} : (entry.beside?.() ?? {})));
    const value = resolved(entry.value);
    const { action, key, redirect_prefix } = beside;
    const needed = Object.entries({ action, key, redirect_prefix }).filter(([, given]) => given !== undefined);
    const body = { ...Object.fromEntries(needed), [name]: value };
    const answer = await kind.on().call('PUT', path(kind, encodeURIComponent(idOf(made))), { [kind.wrapper]: body });
    expect(answer.status, JSON.stringify(answer.body)).toBe(200);
    await kind.on().settle();
    expect(asSent(name, answer.body[kind.wrapper][name])).toEqual(value);
    const now = await shown(kind, idOf(made));
    expect(asSent(name, now[name])).toEqual(value);
    // Nothing else has moved.
    const moved = [
      'updated_at',
      'provisioning_status',
      'operating_status',
      ...Object.keys(body),
      ...(FILLED[name] ?? []),
    ];
    for (const other of Object.keys(made)) if (!moved.includes(other)) expect(now[other], other).toEqual(made[other]);
  });
});

describe('the quota of a project', () => {
  it.each(Object.entries(QUOTA).map(([field, attribute]) => apiName(field, attribute as Attribute)))(
    '%s',
    async (name) => {
      for (const limit of [-1, 0, 7]) {
        const url = `/v2/lbaas/quotas/drift-${name}`;
        const { status, body } = await catalog.call('PUT', url, { quota: { [name]: limit } });
        expect(status).toBe(202);
        expect(body.quota[name]).toBe(limit);
        expect((await catalog.call('GET', url)).body.quota[name]).toBe(limit);
      }
    },
  );
});

/** The same fields in the other ways to make a child. */
const inTree = (kind: Kind) =>
  casesOf(kind).filter(
    ({ name, entry }) =>
      entry.only !== 'update' && !['default_pool_id', 'redirect_pool_id', 'listener_id'].includes(name),
  );

async function tree(loadbalancer: object): Promise<Json> {
  const answer = await api.call('POST', '/v2/lbaas/loadbalancers', {
    loadbalancer: {
      project_id: PROJECT,
      vip_subnet_id: randomUUID(),
      vip_address: '192.0.2.9',
      additional_vips: [{ subnet_id: randomUUID(), ip_address: '2001:db8::9' }],
      ...loadbalancer,
    },
  });
  expect(answer.status, JSON.stringify(answer.body)).toBe(201);
  await api.settle();
  return answer.body.loadbalancer;
}

function withoutParent(attributes: object): Json {
  const { loadbalancer_id: _1, listener_id: _2, pool_id: _3, ...rest } = attributes as Json;
  return rest;
}

describe('in a tree', () => {
  const { listener, pool, member, ...others } = KINDS as Record<string, Kind>;
  const monitor = others['health monitor']!;
  const rule = others['L7 rule']!;
  const policy = others['L7 policy']!;
  const aPool = (parts: object = {}) => ({ name: 'p', protocol: 'HTTP', lb_algorithm: 'ROUND_ROBIN', ...parts });
  const aListener = (parts: object = {}) => ({ protocol: 'HTTP', protocol_port: 80, ...parts });

  const ways: [string, Kind, (child: Json) => object, (made: Json) => [Json, at: string]][] = [
    [
      'a listener',
      listener!,
      (child) => ({ listeners: [child] }),
      (lb) => [lb.listeners[0], `listeners/${lb.listeners[0].id}`],
    ],
    ['a pool', pool!, (child) => ({ pools: [aPool(child)] }), (lb) => [lb.pools[0], `pools/${lb.pools[0].id}`]],
    [
      'a member',
      member!,
      (child) => ({ pools: [aPool({ members: [child] })] }),
      (lb) => [lb.pools[0].members[0], `pools/${lb.pools[0].id}/members/${lb.pools[0].members[0].id}`],
    ],
    [
      'a monitor',
      monitor,
      (child) => ({
        pools: [
          aPool({ healthmonitor: child, ...(['UDP-CONNECT', 'SCTP'].includes(child.type) ? { protocol: 'UDP' } : {}) }),
        ],
      }),
      (lb) => [lb.pools[0].healthmonitor, `healthmonitors/${lb.pools[0].healthmonitor.id}`],
    ],
    [
      'a policy',
      policy,
      (child) => ({ listeners: [aListener({ l7policies: [child] })] }),
      (lb) => [lb.listeners[0].l7policies[0], `l7policies/${lb.listeners[0].l7policies[0].id}`],
    ],
    [
      'a rule',
      rule,
      (child) => ({ listeners: [aListener({ l7policies: [{ action: 'REJECT', rules: [child] }] })] }),
      (lb) => {
        const [own] = lb.listeners[0].l7policies;
        return [own.rules[0], `l7policies/${own.id}/rules/${own.rules[0].id}`];
      },
    ],
  ];

  describe.each(ways)('%s', (_title, kind, wrap, find) => {
    it.each(inTree(kind))('has $name $entry.value', async ({ name, entry }) => {
      const child = withoutParent({ ...kind.minimal(), ...entry.beside?.(), [name]: entry.value });
      const [made, at] = find(await tree(wrap(child)));
      expect(made[name]).toEqual(entry.value);
      const { body } = await api.get(`/v2/lbaas/${at}`);
      expect(body[kind.wrapper][name]).toEqual(entry.value);
    });
  });
});

describe('in a batch', () => {
  const { member } = KINDS as { member: Kind } & Record<string, Kind>;
  const listed = async (poolId: string): Promise<Json[]> =>
    (await api.get(`/v2/lbaas/pools/${poolId}/members`)).body.members;

  it.each(inTree(member))('a member has $name $entry.value, new and there already', async ({ name, entry }) => {
    const { id } = await api.pool(ids.lb!);
    const wish = { ...member.minimal(), [name]: entry.value };
    for (const _round of ['new', 'there already']) {
      const { status } = await api.call('PUT', `/v2/lbaas/pools/${id}/members`, { members: [wish] });
      expect(status).toBe(202);
      await api.settle();
      expect((await listed(id)).map((shownMember) => shownMember[name])).toEqual([entry.value]);
    }
  });

  it('a member takes the new spelling of its address, and is the same', async () => {
    const { id } = await api.pool(ids.lb!);
    const before = await api.member(id, { address: '2001:DB8::5' });
    const put = (address: string) =>
      api.call('PUT', `/v2/lbaas/pools/${id}/members`, { members: [{ address, protocol_port: 80 }] });
    for (const address of ['2001:db8:0::5', '2001:db8::5', '2001:db8:0:0:0:0:0:5']) {
      expect((await put(address)).status).toBe(202);
      await api.settle();
      expect((await listed(id)).map((shownMember) => [shownMember.id, shownMember.address])).toEqual([
        [before.id, address],
      ]);
    }
    const twice = await api.call('POST', `/v2/lbaas/pools/${id}/members`, {
      member: { address: '2001:DB8::0:5', protocol_port: 80 },
    });
    expect(twice.status).toBe(409);
  });
});

it('the statuses of a load balancer name members as they were sent', async () => {
  const lb = await api.loadBalancer({
    listeners: [
      {
        protocol: 'HTTP',
        protocol_port: 80,
        default_pool: {
          name: 'p',
          protocol: 'HTTP',
          lb_algorithm: 'ROUND_ROBIN',
          members: ADDRESSES.map((address, index) => ({ address, protocol_port: index + 1 })),
        },
      },
    ],
  });
  const { body } = await api.get(`/v2/lbaas/loadbalancers/${lb.id}/status`);
  const [pool] = body.statuses.loadbalancer.listeners[0].pools;
  expect(pool.members.map(({ address }: Json) => address)).toEqual(ADDRESSES);
});

it('lists show what a show gives', async () => {
  const lb = await api.loadBalancer({
    vip_address: '2001:DB8::7',
    additional_vips: [{ subnet_id: randomUUID(), ip_address: '2001:db8:0::8' }],
  });
  const { body } = await api.get(`/v2/lbaas/loadbalancers?vip_address=2001:db8::7&id=${lb.id}`);
  expect(body.loadbalancers).toEqual([await shown(KINDS['load balancer']!, lb.id)]);
  expect(body.loadbalancers[0]).toMatchObject({
    vip_address: '2001:DB8::7',
    additional_vips: [{ ip_address: '2001:db8:0::8' }],
  });
});
