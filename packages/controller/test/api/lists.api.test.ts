import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Json, TestApi } from './support/api.ts';

let api: TestApi;
const lbs: Json[] = [];
let pool: Json;
let monitor: Json;

beforeAll(async () => {
  api = await TestApi.start();
  const tags = [['red'], ['red', 'blue'], ['blue'], [], ['green', 'red']];
  for (const [index, own] of tags.entries()) {
    lbs.push(await api.loadBalancer({ name: `lb${4 - index}`, tags: own, project_id: index < 2 ? 'a' : 'b' }));
  }
  await api.listener(lbs[0].id);
  pool = await api.pool(lbs[0].id);
  await api.pool(lbs[0].id);
  monitor = await api.monitor(pool.id, { max_retries: 7 });
  await api.member(pool.id, { address: '192.0.2.1', weight: 5 });
  await api.member(pool.id, { address: '192.0.2.2', admin_state_up: false });
});
afterAll(() => api.stop());

const list = async (query = '', kind = 'loadbalancers'): Promise<Json[]> => {
  const answer = await api.get(`/v2/lbaas/${kind}${query}`);
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  return answer.body[kind.replace(/^.*\//, '')];
};
const names = async (query: string): Promise<string> => (await list(query)).map((lb) => lb.name).join(' ');

describe('filters', () => {
  it.each([
    ['', 'lb4 lb3 lb2 lb1 lb0'],
    ['?name=lb2', 'lb2'],
    ['?name=nobody', ''],
    ['?name=%00', ''],
    ['?project_id=a', 'lb4 lb3'],
    ['?tenant_id=b&name=lb1', 'lb1'],
    ['?provisioning_status=ACTIVE&name=lb1', 'lb1'],
    ['?provisioning_status=NONSENSE', ''],
    ['?admin_state_up=yes', 'lb4 lb3 lb2 lb1 lb0'],
    ['?admin_state_up=garbage', ''],
    ['?id=not-a-uuid', ''],
    ['?vip_address=nonsense', ''],
    ['?provider=amphora&name=lb0', 'lb0'],
    ['?created_at=nonsense', ''],
    ['?created_at=%2B275760-09-13T00:00:00', ''],
    ['?created_at=-271821-04-20T00:00:00', ''],
    ['?updated_at=0000-01-01T00:00:00', ''],
    ['?tags=red', 'lb4 lb3 lb0'],
    ['?tags=red,blue', 'lb3'],
    ['?tags=red&tags=blue', 'lb3'],
    ['?tags-any=blue,green', 'lb3 lb2 lb0'],
    ['?not-tags=red,blue', 'lb4 lb2 lb1 lb0'],
    ['?not-tags-any=red,blue', 'lb1'],
    ['?tags=red&not-tags-any=blue', 'lb4 lb0'],
    ['?tags=%00', ''],
    ['?tags=', ''],
    ['?tags=,', ''],
    ['?tags-any=', ''],
    ['?not-tags=', 'lb4 lb3 lb2 lb1 lb0'],
    ['?not-tags-any=', 'lb4 lb3 lb2 lb1 lb0'],
  ])('%s', async (query, expected) => {
    expect(await names(query)).toBe(expected);
  });

  it.each(['vip_address', 'vip_port_id', 'vip_subnet_id', 'vip_network_id', 'id'])('by %s', async (name) => {
    // Each has a network of its own, and two networks may give the same address.
    const same = lbs.filter((lb) => lb[name] === lbs[2][name]).map(({ id }) => id);
    expect((await list(`?${name}=${lbs[2][name]}`)).map(({ id }) => id).sort()).toEqual(same.sort());
  });

  it('by a time means the second that answers show', async () => {
    const { id, created_at: shown } = lbs[2];
    expect((await list(`?created_at=${shown}`)).map((lb) => lb.id)).toContain(id);
    expect((await list(`?created_at=${shown}Z&id=${id}`)).map((lb) => lb.id)).toEqual([id]);
    expect(await list('?created_at=1999-12-31T23:59:59')).toEqual([]);
  });

  it.each([
    'zzz=1',
    'listeners=x',
    'additional_vips=x',
    'name=a&name=b',
    'project_id=a&tenant_id=b',
    'constructor=1',
    '__proto__=1',
  ])('%s is refused', async (query) => {
    const answer = await api.get(`/v2/lbaas/loadbalancers?${query}`);
    expect(answer.status).toBe(400);
    expect(answer.body.faultstring).toBe('One or more arguments are either duplicate or invalid');
  });

  it.each([
    'lbaas/quotas',
    'lbaas/flavors',
    'lbaas/flavorprofiles',
    'lbaas/availabilityzones',
    'lbaas/availabilityzoneprofiles',
    'octavia/amphorae',
    'octavia/operations',
  ])('by tags are refused where nothing has tags: %s', async (path) => {
    for (const name of ['tags', 'tags-any', 'not-tags', 'not-tags-any']) {
      const answer = await api.get(`/v2/${path}?${name}=a`);
      expect(answer.status).toBe(400);
      expect(answer.body.faultstring).toBe('One or more arguments are either duplicate or invalid');
    }
  });

  it('by the names of other kinds', async () => {
    expect(await list(`?loadbalancer_id=${lbs[0].id}`, 'listeners')).toHaveLength(1);
    expect(await list(`?load_balancer_id=${lbs[1].id}`, 'listeners')).toEqual([]);
    expect(await list(`?healthmonitor_id=${monitor.id}`, 'pools')).toEqual([expect.objectContaining({ id: pool.id })]);
    expect(await list(`?pool_id=${pool.id}&max_retries=7`, 'healthmonitors')).toHaveLength(1);
    expect(await list('?max_retries=99999999999999999', 'healthmonitors')).toEqual([]);
    expect(await list('?address=192.0.2.2&admin_state_up=no', `pools/${pool.id}/members`)).toHaveLength(1);
    expect((await api.get('/v2/lbaas/pools?session_persistence=x')).status).toBe(400);
  });
});

describe('order', () => {
  it.each([
    ['?sort=name', 'lb0 lb1 lb2 lb3 lb4'],
    ['?sort=name:DESC', 'lb4 lb3 lb2 lb1 lb0'],
    ['?sort_key=project_id,name&sort_dir=desc', 'lb0 lb1 lb2 lb3 lb4'],
    ['?sort=project_id:asc,name:asc', 'lb3 lb4 lb0 lb1 lb2'],
    ['?sort=name&sort_key=name&sort_dir=desc', 'lb0 lb1 lb2 lb3 lb4'],
    ['?sort=vip_address&name=lb1', 'lb1'],
  ])('%s', async (query, expected) => {
    expect(await names(query)).toBe(expected);
  });

  it.each([
    ['sort=name:asc:x', "Supplied sort key 'name:asc:x' is not valid."],
    ['sort=zzz:asc:', "Supplied sort key 'zzz:asc:' is not valid."],
    ['sort=name:up', "Supplied sort direction 'up' is not valid."],
    ['sort_key=name&sort_dir=x', "Supplied sort direction 'x' is not valid."],
    ['limit=ten', "Supplied pagination limit 'ten' is not valid."],
    ['limit=1.5', "Supplied pagination limit '1.5' is not valid."],
  ])('%s is refused in the shape of the router', async (query, description) => {
    const { body, status } = await api.get(`/v2/lbaas/loadbalancers?${query}`);
    expect(status).toBe(400);
    expect(body).toEqual({ code: 400, title: 'Bad Request', description });
  });

  it.each([
    ['sort=zzz', 'zzz'],
    ['sort=listeners', 'listeners'],
    ['sort_key=name,zzz', 'zzz'],
  ])('%s is refused as a fault', async (query, key) => {
    const { body, status } = await api.get(`/v2/lbaas/loadbalancers?${query}`);
    expect(status).toBe(400);
    expect(body).toEqual({
      faultcode: 'Client',
      faultstring: `Supplied sort key '${key}' is not valid.`,
      debuginfo: null,
    });
  });
});

describe('pages', () => {
  it('lead forth and back through the whole list by their links', async () => {
    const forth: string[] = [];
    let href: string | undefined = `${api.url}/v2/lbaas/loadbalancers?limit=2&sort=name:desc&admin_state_up=true`;
    let previous: string | undefined;
    while (href) {
      const page: Json = await (await fetch(href)).json();
      forth.push(...page.loadbalancers.map((lb: Json) => lb.name));
      const link = (rel: string) => page.loadbalancers_links.find((entry: Json) => entry.rel === rel)?.href;
      previous = link('previous') ?? previous;
      href = link('next');
      if (href) expect(new URL(href).searchParams.get('admin_state_up')).toBe('true');
    }
    expect(forth.join(' ')).toBe('lb4 lb3 lb2 lb1 lb0');
    const back: Json = await (await fetch(previous!)).json();
    // The page next to the marker, in the order asked for.
    expect(back.loadbalancers.map((lb: Json) => lb.name)).toEqual(['lb2', 'lb1']);
  });

  it('have links only when there is somewhere to go', async () => {
    const links = async (query: string) =>
      (await api.get(`/v2/lbaas/loadbalancers${query}`)).body.loadbalancers_links.map((link: Json) => link.rel);
    expect(await links('')).toEqual([]);
    expect(await links('?limit=5')).toEqual(['next']);
    expect(await links(`?limit=2&marker=${lbs[0].id}`)).toEqual(['previous', 'next']);
    expect(await links(`?marker=${lbs[4].id}`)).toEqual([]);
    for (const limit of ['0', '-1', 'infinite']) expect(await list(`?limit=${limit}`)).toHaveLength(5);
  });

  it('take no object of another project or another pool for a marker', async () => {
    const others = await api.pool(lbs[1].id);
    const { id: stranger } = await api.member(others.id);
    const [{ id: own }] = await list('', `pools/${pool.id}/members`);
    for (const [path, marker] of [
      ['loadbalancers?project_id=a', lbs[3].id],
      [`pools/${pool.id}/members?`, stranger],
    ]) {
      const { status, body } = await api.get(`/v2/lbaas/${path}&marker=${marker}`);
      expect([status, body.faultstring]).toEqual([400, `Supplied pagination marker '${marker}' is not valid.`]);
    }
    expect(await list(`?marker=${own}`, `pools/${pool.id}/members`)).toHaveLength(1);
    expect(await names(`?project_id=a&marker=${lbs[0].id}`)).toBe('lb3');
  });

  it('go on from an object that the filters let through no longer', async () => {
    expect(await names(`?name=lb0&marker=${lbs[1].id}`)).toBe('lb0');
  });

  it.each([randomUUID(), 'x', '%00'])('refuse the unknown marker %s', async (marker) => {
    const { status, body } = await api.get(`/v2/lbaas/loadbalancers?marker=${marker}`);
    expect(status).toBe(400);
    expect(body.faultstring).toContain('Supplied pagination marker');
  });

  it('never exceed the operator’s maximum', async () => {
    const small = await api.sibling({
      api_settings: { pagination_max_limit: '3', api_base_uri: 'https://lb.example/' },
    });
    for (const query of ['', '?limit=100', '?limit=0']) {
      const { body } = await small.get(`/v2/lbaas/loadbalancers${query}`);
      expect(body.loadbalancers).toHaveLength(3);
      expect(body.loadbalancers_links[0].href).toMatch(/^https:\/\/lb\.example\/v2\/lbaas\/loadbalancers\?.*limit=3/);
    }
  });

  it('ignore what the operator switched off', async () => {
    const off = await api.sibling({
      api_settings: {
        allow_pagination: false,
        allow_sorting: false,
        allow_filtering: false,
        allow_field_selection: false,
      },
    });
    const { body } = await off.get('/v2/lbaas/loadbalancers?limit=1&sort=zzz&zzz=1&fields=id&tags=red');
    expect(body.loadbalancers).toHaveLength(5);
    expect(body.loadbalancers[0]).toHaveProperty('name', 'lb4');
    expect(body.loadbalancers_links).toEqual([]);
  });
});

describe('fields', () => {
  it('select attributes on lists and single objects', async () => {
    expect(await list('?fields=name&fields=vip_address&name=lb1')).toEqual([
      { name: 'lb1', vip_address: lbs[3].vip_address },
    ]);
    expect(await list('?fields=id,name&name=lb1')).toEqual([{}]);
    expect((await api.get(`/v2/lbaas/pools/${pool.id}?fields=healthmonitor_id`)).body).toEqual({
      pool: { healthmonitor_id: monitor.id },
    });
    expect((await api.get('/v2/lbaas/providers?fields=name')).body.providers).toContainEqual({ name: 'amphora' });
  });
});
