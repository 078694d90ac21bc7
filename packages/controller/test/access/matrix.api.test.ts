/** Every rule × role × owner as requests to a running API that asks a Keystone. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { API_RULES, type ApiRule } from '../../src/api/policy/rules.ts';
import { sql } from '../../src/store/core/sql.ts';
import { type Json, PROJECT, TestApi } from '../api/support/api.ts';
import { FakeKeystone } from '../identity/fake-keystone.ts';
import { expected, type Group, PERSONAS, type Persona } from './personas.ts';

const OTHER = 'project-2';

let open: TestApi;
let keystone: FakeKeystone;
/** By strictness. */
const apis = new Map<boolean, TestApi>();
const tokens = new Map<Persona, string>();
let ids: Record<string, string>;

const id = (body: Json): string => body.id as string;

async function made(path: string, wrapper: string, attributes: object): Promise<string> {
  const { status, body } = await open.call('POST', `/v2/lbaas/${path}`, { [wrapper]: attributes });
  if (status !== 201) throw new Error(`${path}: ${status} ${JSON.stringify(body)}`);
  await open.settle();
  return body[wrapper].id ?? body[wrapper].name;
}

/** One object of each kind, in the project the personas may own. The load balancer is locked: nobody's write gets through. */
async function prepare(): Promise<Record<string, string>> {
  const loadbalancer_id = id(await open.loadBalancer({ name: 'owned' }));
  await open.loadBalancer({ name: 'foreign', project_id: OTHER });
  const listener_id = id(await open.listener(loadbalancer_id));
  const pool_id = id(await open.pool(loadbalancer_id));
  const member_id = id(await open.member(pool_id));
  const healthmonitor_id = id(await open.monitor(pool_id));
  const l7policy_id = await made('l7policies', 'l7policy', { listener_id, action: 'REJECT' });
  const rule = { type: 'PATH', compare_type: 'STARTS_WITH', value: '/' };
  const l7rule_id = await made(`l7policies/${l7policy_id}/rules`, 'rule', rule);
  // Rows of their own: the provider of this test has no capabilities.
  const { db } = open.database.store;
  const [flavor_profile_id, availability_zone_profile_id, amphora_id] = [randomUUID(), randomUUID(), randomUUID()];
  await sql`insert into flavor_profile (id, name, provider_name, flavor_data, created_at)
    values (${flavor_profile_id}, 'f', 'amphora', '{}', now())`.execute(db);
  await sql`insert into availability_zone_profile (id, name, provider_name, availability_zone_data, created_at)
    values (${availability_zone_profile_id}, 'z', 'amphora', '{}', now())`.execute(db);
  await sql`insert into amphora (id, load_balancer_id, status, created_at)
    values (${amphora_id}, ${loadbalancer_id}, 'ALLOCATED', now())`.execute(db);
  const flavor_id = await made('flavors', 'flavor', { name: 'f', flavor_profile_id });
  const zone = { name: 'z', availability_zone_profile_id };
  const availability_zone_id = await made('availabilityzones', 'availability_zone', zone);
  await open.setStatus('load_balancer', loadbalancer_id, 'PENDING_UPDATE');
  return {
    loadbalancer_id,
    listener_id,
    pool_id,
    member_id,
    healthmonitor_id,
    l7policy_id,
    l7rule_id,
    flavor_profile_id,
    flavor_id,
    availability_zone_profile_id,
    availability_zone_id,
    amphora_id,
    project_id: PROJECT,
    provider: 'amphora',
  };
}

beforeAll(async () => {
  keystone = await FakeKeystone.start();
  open = await TestApi.start();
  for (const strict of [false, true]) {
    const api = await open.sibling({
      api_settings: { auth_strategy: 'keystone' },
      keystone_authtoken: keystone.settings,
      oslo_policy: { enforce_scope: strict, enforce_new_defaults: strict },
    });
    apis.set(strict, api);
  }
  for (const persona of PERSONAS) {
    const project = persona.scope === 'own project' ? PROJECT : OTHER;
    tokens.set(persona, keystone.issue({ roles: persona.roles, project, system: persona.scope === 'system' }));
  }
  ids = await prepare();
});
afterAll(async () => {
  await open.stop();
  await keystone.stop();
});

/** Bodies in good form that something after the policy refuses. */
function bodyOf(rule: ApiRule): object | undefined {
  const bodies: Partial<Record<ApiRule, object>> = {
    'loadbalancer:post': { loadbalancer: { project_id: PROJECT, vip_subnet_id: randomUUID(), provider: 'none' } },
    'loadbalancer:post:vip_sg_ids': {
      loadbalancer: { project_id: PROJECT, vip_subnet_id: randomUUID(), vip_sg_ids: [randomUUID()], provider: 'none' },
    },
    'loadbalancer:put': { loadbalancer: {} },
    'loadbalancer:put:vip_sg_ids': { loadbalancer: { vip_sg_ids: [] } },
    'listener:post': { listener: { loadbalancer_id: ids.loadbalancer_id, protocol: 'HTTP', protocol_port: 81 } },
    'listener:put': { listener: {} },
    'pool:post': {
      pool: { loadbalancer_id: ids.loadbalancer_id, protocol: 'HTTP', lb_algorithm: 'ROUND_ROBIN' },
    },
    'pool:put': { pool: {} },
    'member:post': { member: { address: '192.0.2.9', protocol_port: 80 } },
    'member:put': { member: {} },
    'healthmonitor:post': {
      healthmonitor: { pool_id: ids.pool_id, type: 'TCP', delay: 5, timeout: 5, max_retries: 3 },
    },
    'healthmonitor:put': { healthmonitor: {} },
    'l7policy:post': { l7policy: { listener_id: ids.listener_id, action: 'REJECT' } },
    'l7policy:put': { l7policy: { name: 'x' } },
    'l7rule:post': { rule: { type: 'PATH', compare_type: 'STARTS_WITH', value: '/' } },
    'l7rule:put': { rule: {} },
    'quota:put': { quota: { load_balancer: 5 } },
    'flavor:post': { flavor: { name: 'x', flavor_profile_id: randomUUID() } },
    'flavor:put': { flavor: {} },
    'flavor-profile:post': { flavorprofile: { name: 'x', provider_name: 'none', flavor_data: '{}' } },
    'flavor-profile:put': { flavorprofile: {} },
    'availability-zone:post': { availability_zone: { name: 'x', availability_zone_profile_id: randomUUID() } },
    'availability-zone:put': { availability_zone: {} },
    'availability-zone-profile:post': {
      availability_zone_profile: { name: 'x', provider_name: 'none', availability_zone_data: '{}' },
    },
    'availability-zone-profile:put': { availability_zone_profile: {} },
  };
  return bodies[rule];
}

function requestOf(rule: ApiRule): { method: string; path: string } {
  const [method = '', template = ''] = API_RULES[rule][1].split(' ');
  const path = template.replace(/\{(\w+)\}/g, (_placeholder, name: string) => ids[name] ?? expect.fail(name));
  return { method, path: rule.endsWith(':get_all') && hasGlobalList(rule) ? `${path}?project_id=${PROJECT}` : path };
}

const hasGlobalList = (rule: string): boolean => Object.hasOwn(API_RULES, `${rule}-global`);

/** Objects of nobody are everybody's own, for who has a project. */
const COMMON = /^(flavor|availability-zone|provider):get/;

const isOwner = (rule: ApiRule, { scope }: Persona): boolean =>
  COMMON.test(rule) ? scope !== 'system' : scope === 'own project';

const rules = (Object.keys(API_RULES) as ApiRule[])
  .filter((rule) => !rule.endsWith('-global'))
  // What deletes comes last: of what is gone nobody is refused any longer.
  .sort((a, b) => Number(a.endsWith(':delete')) - Number(b.endsWith(':delete')));

describe('requests', () => {
  it.each(rules)('%s', async (rule) => {
    const group = API_RULES[rule][0] as Group;
    const { method, path } = requestOf(rule);
    const cases = [false, true]
      .flatMap((strict) => PERSONAS.map((persona) => ({ strict, persona })))
      .map(({ strict, persona }) => ({
        strict,
        persona,
        allowed: expected(group, persona, isOwner(rule, persona), strict),
      }))
      .sort((a, b) => Number(a.allowed) - Number(b.allowed));
    expect(new Set(cases.map(({ allowed }) => allowed)).size).toBe(2);
    for (const { strict, persona, allowed } of cases) {
      const headers = { 'x-auth-token': tokens.get(persona) ?? '' };
      const { status, body } = await apis.get(strict)!.call(method, path, bodyOf(rule), headers);
      const what = `${strict ? 'strict' : 'lenient'} ${JSON.stringify(persona)}: ${status} ${JSON.stringify(body)}`;
      if (allowed) {
        // 501: what the provider of this test does not do.
        expect([400, 404, 409, 501].includes(status) || status < 300, what).toBe(true);
        expect(body?.title, what).toBeUndefined();
      } else {
        expect(status, what).toBe(403);
        expect(body.faultstring).toBe('Policy does not allow this request to be performed.');
      }
    }
  });
});

describe('lists without a project', () => {
  const kinds = (Object.keys(API_RULES) as ApiRule[]).filter((rule) => rule.endsWith(':get_all-global'));

  it.each(kinds)('%s', async (rule) => {
    const group = API_RULES[rule][0] as Group;
    const ownGroup = group.replace('-global', '') as Group;
    const { method, path } = requestOf(rule);
    for (const strict of [false, true]) {
      for (const persona of PERSONAS) {
        const headers = { 'x-auth-token': tokens.get(persona) ?? '' };
        const { status, body } = await apis.get(strict)!.call(method, path, undefined, headers);
        const global = expected(group, persona, false, strict);
        const own = persona.scope !== 'system' && expected(ownGroup, persona, true, strict);
        const what = `${strict ? 'strict' : 'lenient'} ${JSON.stringify(persona)}: ${status}`;
        expect(status, what).toBe(global || own ? 200 : 403);
        if (rule !== 'loadbalancer:get_all-global' || status !== 200) continue;
        const seen = (body.loadbalancers as Json[]).map(({ project_id }) => project_id as string).sort();
        const mine = persona.scope === 'own project' ? PROJECT : OTHER;
        expect(seen, what).toEqual(global ? [PROJECT, OTHER] : [mine]);
      }
    }
  });
});

describe('every rule', () => {
  it('guards a request of this test', () => expect(rules.length + 7).toBe(83));
});
