/**
 * Of several errors the first in the contract's order is the answer (VAL-ORDER). Each route that submits a change gets, for
 * each stage, a request that this stage and all later ones refuse. The routes are those that the API registers.
 */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it, test } from 'vitest';
import { OF_SEVERAL, OPERATION_KINDS, type OperationKind } from '../../src/domain/operations.ts';
import { QUOTA_KINDS } from '../../src/domain/quotas.ts';
import { OctaviaError } from '../../src/errors.ts';
import { sql } from '../../src/store/core/sql.ts';
import { FakeKeystone } from '../identity/fake-keystone.ts';
import { type Answer, type Json, MISSING_SUBNET, PROJECT, routesOfResources, TestApi } from './support/api.ts';

/** In the order of the contract; the parent in a path and the rights of operators are judged before the body is read. */
const STAGES = [
  'operator',
  'parent',
  'parse',
  'missing',
  'policy',
  'valid',
  'provider',
  'able',
  'quota',
  'state',
  'conflict',
  'submit',
] as const;
type Stage = (typeof STAGES)[number];

const ANSWERS: Record<Exclude<Stage, 'valid' | 'conflict'>, [status: number, text: RegExp]> = {
  operator: [403, /^Policy does not allow/],
  parent: [404, /not found/],
  parse: [400, /^Unknown attribute/],
  missing: [404, /not found/],
  policy: [403, /^Policy does not allow/],
  provider: [400, /^Provider 'none' is not enabled/],
  able: [501, /probe of check/],
  quota: [403, /^Quota has been met/],
  state: [409, /is immutable|^Invalid state/],
  submit: [500, /probe of submit/],
};

let open: TestApi;
let api: TestApi;
let keystone: FakeKeystone;
let tokens: Record<'allowed' | 'denied', string>;

interface Ids {
  loadbalancer: string;
  listener: string;
  pool: string;
  member: string;
  monitor: string;
  policy: string;
  rule: string;
  amphora: string;
  /** A pool without a monitor, to which nobody redirects. */
  freePool: string;
  /** A policy with as many rules as there can be. */
  fullPolicy: string;
}
let ids: Ids;

/** A request that is right, and what makes it wrong. */
interface Specimen {
  /** What `:id` stands for. */
  own?: keyof Ids;
  /** Key around the attributes of the body; without it there is no body. */
  wrapper?: string;
  body?: Json;
  /** Attribute of the body that names the parent. */
  parentIn?: string;
  query?: string;
  invalid?: { body?: Json; query?: string; says: RegExp };
  /** Other attributes, or other objects in the path. */
  conflict?: { body?: Json; ids?: Partial<Ids>; says: RegExp };
}

const HEADERS = { insert_headers: { a: 'b' } };
const COOKIE = { session_persistence: { type: 'SOURCE_IP', cookie_name: 'x' } };
const DOMAIN = { domain_name: 'www.example.com' };
const RULE = { type: 'PATH', compare_type: 'STARTS_WITH', value: '/' };
const MAXIMUM_RULES = 50;
const rules = (count: number) => Array.from({ length: count }, () => RULE);
const METADATA_SERVICE = '169.254.169.254';
const NO_ADDRESS = /is not a valid option for member/;
const NO_VERSION = /'http_version' must be specified/;
const NO_TARGET = /^Invalid L7 Policy arguments/;
const NO_KEY = /^Error parsing L7Rule/;

const SPECIMENS: Partial<Record<OperationKind, () => Specimen>> = {
  create_load_balancer: () => ({
    wrapper: 'loadbalancer',
    body: { project_id: PROJECT, vip_subnet_id: randomUUID() },
    invalid: { body: { vip_subnet_id: MISSING_SUBNET }, says: /^Subnet .* not found/ },
    conflict: {
      body: { listeners: [80, 80].map((protocol_port) => ({ protocol: 'HTTP', protocol_port })) },
      says: /^Another Listener on this Load Balancer/,
    },
  }),
  update_load_balancer: () => ({
    own: 'loadbalancer',
    wrapper: 'loadbalancer',
    body: {},
    invalid: { body: { vip_sg_ids: [randomUUID()] }, says: /allowed_cidrs/ },
  }),
  apply_desired_state: () => {
    const listeners = [{ name: 'new', protocol: 'HTTP', protocol_port: 83 }];
    return {
      own: 'loadbalancer',
      wrapper: 'loadbalancer',
      body: { listeners },
      invalid: {
        body: { listeners: [{ ...listeners[0], ...HEADERS }] },
        says: /insert_headers.*at loadbalancer.listeners\[0\]/,
      },
      conflict: {
        body: { listeners: [{ ...listeners[0], protocol_port: 80 }] },
        says: /^Another Listener on this Load Balancer/,
      },
    };
  },
  failover_load_balancer: () => ({ own: 'loadbalancer' }),
  delete_load_balancer: () => ({
    own: 'loadbalancer',
    query: '?cascade=true',
    invalid: { query: '', says: /it has children/ },
  }),
  create_listener: () => ({
    wrapper: 'listener',
    parentIn: 'loadbalancer_id',
    body: { loadbalancer_id: ids.loadbalancer, protocol: 'HTTP', protocol_port: 81 },
    invalid: { body: HEADERS, says: /insert_headers/ },
    conflict: { body: { protocol_port: 80 }, says: /^Another Listener on this Load Balancer/ },
  }),
  update_listener: () => ({
    own: 'listener',
    wrapper: 'listener',
    body: {},
    invalid: { body: HEADERS, says: /insert_headers/ },
  }),
  delete_listener: () => ({ own: 'listener' }),
  create_pool: () => ({
    wrapper: 'pool',
    parentIn: 'loadbalancer_id',
    body: { loadbalancer_id: ids.loadbalancer, protocol: 'HTTP', lb_algorithm: 'ROUND_ROBIN' },
    invalid: { body: COOKIE, says: /cookie_name/ },
    conflict: { body: { listener_id: ids.listener }, says: /already has a default pool/ },
  }),
  update_pool: () => ({ own: 'pool', wrapper: 'pool', body: {}, invalid: { body: COOKIE, says: /cookie_name/ } }),
  delete_pool: () => ({ own: 'freePool', conflict: { ids: { freePool: ids.pool }, says: /is in use by L7 policy/ } }),
  create_member: () => ({
    wrapper: 'member',
    body: { address: '192.0.2.9', protocol_port: 80 },
    invalid: { body: { monitor_address: METADATA_SERVICE }, says: NO_ADDRESS },
    conflict: { body: { address: '192.0.2.1' }, says: /^Another member on this pool/ },
  }),
  update_member: () => ({
    own: 'member',
    wrapper: 'member',
    body: {},
    invalid: { body: { monitor_address: METADATA_SERVICE }, says: NO_ADDRESS },
  }),
  delete_member: () => ({ own: 'member' }),
  batch_update_members: () => ({
    wrapper: 'members',
    body: ['192.0.2.8', '192.0.2.9'].map((address) => ({ address, protocol_port: 80 })),
    invalid: { body: [{ address: METADATA_SERVICE, protocol_port: 80 }], says: NO_ADDRESS },
  }),
  create_health_monitor: () => ({
    wrapper: 'healthmonitor',
    parentIn: 'pool_id',
    body: { pool_id: ids.freePool, type: 'HTTP', delay: 5, timeout: 5, max_retries: 3 },
    invalid: { body: DOMAIN, says: NO_VERSION },
    conflict: { body: { pool_id: ids.pool }, says: /already has a health monitor/ },
  }),
  update_health_monitor: () => ({
    own: 'monitor',
    wrapper: 'healthmonitor',
    body: {},
    invalid: { body: DOMAIN, says: NO_VERSION },
  }),
  delete_health_monitor: () => ({ own: 'monitor' }),
  create_l7policy: () => ({
    wrapper: 'l7policy',
    parentIn: 'listener_id',
    body: { listener_id: ids.listener, action: 'REJECT' },
    invalid: { body: { action: 'REDIRECT_TO_URL' }, says: NO_TARGET },
    conflict: { body: { rules: rules(MAXIMUM_RULES + 1) }, says: /^Too many rules/ },
  }),
  update_l7policy: () => ({
    own: 'policy',
    wrapper: 'l7policy',
    body: { name: 'x' },
    invalid: { body: { action: 'REDIRECT_TO_URL' }, says: NO_TARGET },
  }),
  delete_l7policy: () => ({ own: 'policy' }),
  create_l7rule: () => ({
    wrapper: 'rule',
    body: RULE,
    invalid: { body: { type: 'HEADER' }, says: NO_KEY },
    conflict: { ids: { policy: ids.fullPolicy }, says: /^Too many rules/ },
  }),
  update_l7rule: () => ({
    own: 'rule',
    wrapper: 'rule',
    body: {},
    invalid: { body: { type: 'HEADER' }, says: NO_KEY },
  }),
  delete_l7rule: () => ({ own: 'rule' }),
  update_amphora_configuration: () => ({ own: 'amphora' }),
  failover_amphora: () => ({ own: 'amphora' }),
  delete_amphora: () => ({ own: 'amphora' }),
};

const id = (made: Json): string => made.id as string;

beforeAll(async () => {
  keystone = await FakeKeystone.start();
  open = await TestApi.start();
  api = await open.sibling({ api_settings: { auth_strategy: 'keystone' }, keystone_authtoken: keystone.settings });
  tokens = {
    allowed: keystone.issue({ roles: ['load-balancer_admin'], project: PROJECT }),
    denied: keystone.issue({ roles: ['reader'], project: PROJECT }),
  };
  const loadbalancer = id(await open.loadBalancer());
  const listener = id(await open.listener(loadbalancer, { allowed_cidrs: ['192.0.2.0/24'] }));
  const pool = id(await open.pool(loadbalancer, { loadbalancer_id: undefined, listener_id: listener }));
  const policy = id(await open.policy(listener, { action: 'REDIRECT_TO_POOL', redirect_pool_id: pool }));
  const amphora = randomUUID();
  await sql`insert into amphora (id, load_balancer_id, status, created_at)
    values (${amphora}, ${loadbalancer}, 'READY', now())`.execute(open.database.store.db);
  ids = {
    loadbalancer,
    listener,
    pool,
    member: id(await open.member(pool)),
    monitor: id(await open.monitor(pool)),
    policy,
    rule: id(await open.rule(policy)),
    amphora,
    freePool: id(await open.pool(loadbalancer)),
    fullPolicy: id(await open.policy(listener, { rules: rules(MAXIMUM_RULES) })),
  };
});
afterAll(async () => {
  await open.stop();
  await keystone.stop();
});

const routes = await routesOfResources();
const changes = routes.flatMap(({ method, url, change }) => (change ? [{ method, url, ...change }] : []));
type ChangeRoute = (typeof changes)[number];

const specimenOf = ({ kind }: ChangeRoute): Specimen =>
  SPECIMENS[kind]?.() ?? expect.fail(`${kind} needs a request in this table`);

const isOperators = ({ url }: ChangeRoute): boolean => /^\/v2\/octavia\/(?!desired-state\/)/.test(url);

/** Whether the route can refuse anything at this stage. */
function has(route: ChangeRoute, specimen: Specimen, stage: Stage): boolean {
  const { kind, url } = route;
  switch (stage) {
    case 'operator':
      return isOperators(route);
    case 'policy':
      return !isOperators(route);
    case 'parent':
      return /:(pool|policy)/.test(url);
    case 'parse':
    case 'able':
      return specimen.wrapper !== undefined;
    case 'missing':
      return specimen.own !== undefined || specimen.parentIn !== undefined;
    case 'valid':
      return specimen.invalid !== undefined;
    case 'quota':
      return kind.startsWith('create_') || OF_SEVERAL.includes(kind);
    case 'state':
      return kind !== 'create_load_balancer' && kind !== 'update_amphora_configuration';
    case 'conflict':
      return specimen.conflict !== undefined;
    case 'provider':
    case 'submit':
      return true;
  }
}

function bodyOf(specimen: Specimen, kind: OperationKind, isBroken: (stage: Stage) => boolean): Json {
  const { wrapper, body, parentIn, invalid, conflict } = specimen;
  if (wrapper === undefined) return undefined;
  const unknown = isBroken('parse') ? { zzz: 1 } : {};
  if (Array.isArray(body)) {
    const list: Json[] = isBroken('valid') ? invalid?.body : body;
    return { [wrapper]: list.map((entry) => ({ ...entry, ...unknown })) };
  }
  return {
    [wrapper]: {
      ...body,
      ...(isBroken('conflict') ? conflict?.body : {}),
      ...(isBroken('provider') && kind === 'create_load_balancer' ? { provider: 'none' } : {}),
      ...(isBroken('valid') ? invalid?.body : {}),
      ...(isBroken('missing') && parentIn !== undefined ? { [parentIn]: randomUUID() } : {}),
      ...unknown,
    },
  };
}

function pathOf({ url }: ChangeRoute, specimen: Specimen, isBroken: (stage: Stage) => boolean): string {
  const { own, query = '', invalid, conflict } = specimen;
  const named = { ...ids, ...(isBroken('conflict') ? conflict?.ids : {}) };
  const parent = (name: 'pool' | 'policy') => (isBroken('parent') ? randomUUID() : named[name]);
  const path = url
    .replace(':pool', () => parent('pool'))
    .replace(':policy', () => parent('policy'))
    .replace(/:(id|loadbalancer)/, () => (isBroken('missing') ? randomUUID() : named[own ?? expect.fail(url)]));
  return path + (isBroken('valid') ? (invalid?.query ?? query) : query);
}

/** What is broken that no request says. */
async function world(isBroken: (stage: Stage) => boolean): Promise<void> {
  const { db } = open.database.store;
  const status = isBroken('state') ? 'PENDING_UPDATE' : 'ACTIVE';
  const provider = isBroken('provider') ? 'none' : 'amphora';
  await sql`update load_balancer set provisioning_status = ${status}, provider = ${provider}`.execute(db);
  await sql`update amphora set status = ${isBroken('state') ? 'ALLOCATED' : 'READY'}`.execute(db);
  const limits = Object.values(QUOTA_KINDS).map(({ column }) => {
    return sql`${sql.ref(`${column}_limit`)} = ${isBroken('quota') ? 0 : null}`;
  });
  await sql`update quota set ${sql.join(limits)}`.execute(db);
  const refusal = (detail: string) => ({ provider: 'amphora', detail });
  open.provider.refuseCheck = isBroken('able')
    ? new OctaviaError('PROVIDER_UNSUPPORTED_OPTION', refusal('probe of check'))
    : null;
  open.provider.refuseSubmit = isBroken('submit')
    ? new OctaviaError('PROVIDER_ERROR', refusal('probe of submit'))
    : null;
}

function expectRefusal(route: ChangeRoute, specimen: Specimen, stage: Stage, { status, body }: Answer): void {
  const text = stage === 'parent' ? body.description : body.faultstring;
  const [code, says] = answerOf(route, specimen, stage);
  expect([stage, status, text]).toEqual([stage, code, expect.stringMatching(says)]);
}

function answerOf(route: ChangeRoute, { invalid, conflict }: Specimen, stage: Stage): [status: number, text: RegExp] {
  if (stage === 'valid') return [400, invalid!.says];
  if (stage === 'conflict') return [409, conflict!.says];
  // The provider of this test has no actions of amphorae.
  if (stage === 'submit' && isOperators(route)) return [501, /does not support a requested action/];
  return ANSWERS[stage];
}

it.each(changes)('$method $url: the first of several refusals', async (route) => {
  const specimen = specimenOf(route);
  const stages = STAGES.filter((stage) => has(route, specimen, stage));
  for (const [index, stage] of stages.entries()) {
    const broken: ReadonlySet<Stage> = new Set(stages.slice(index));
    const isBroken = (one: Stage) => broken.has(one);
    await world(isBroken);
    const before = await open.snapshot();
    const headers = { 'x-auth-token': isBroken('policy') || isBroken('operator') ? tokens.denied : tokens.allowed };
    const path = pathOf(route, specimen, isBroken);
    const answer = await api.call(route.method, path, bodyOf(specimen, route.kind, isBroken), headers);
    expectRefusal(route, specimen, stage, answer);
    expect(await open.snapshot(), stage).toBe(before);
  }
});

/** Changes of the service's own records, which no provider carries out, and verbs for operations that were accepted before. */
const RECORDS = /\/(quotas|flavors|flavorprofiles|availabilityzones|availabilityzoneprofiles|operations)\b/;

test('every route that writes is one of them, or writes only records of the service itself', () => {
  const others = routes.filter(({ method, change }) => !['GET', 'HEAD'].includes(method) && !change);
  expect(others.filter(({ url }) => !RECORDS.test(url))).toEqual([]);
});

test('every kind of operation that can be asked for has a route, and only one', () => {
  const kinds = OPERATION_KINDS.filter((kind) => kind !== 'rotate_amphora_certificate');
  expect(changes.map(({ kind }) => kind).sort()).toEqual([...kinds].sort());
});
