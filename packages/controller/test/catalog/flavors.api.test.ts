import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { CatalogApi, type Json } from './support/catalog-api.ts';

const NIL = '00000000-0000-0000-0000-000000000000';
let api: CatalogApi;

beforeAll(async () => {
  api = await CatalogApi.start();
});
afterAll(() => api.stop());

const faultOf = ({ status, body }: { status: number; body: Json }) => [status, body.faultstring];

/** Flavors and zones are the same thing twice; what differs is spelled out. */
const SIBLINGS = [
  {
    name: 'flavor',
    path: 'flavors',
    wrapper: 'flavor',
    plural: 'flavors',
    links: 'flavors_links',
    kind: 'Flavor',
    profiles: 'flavorprofiles',
    profileWrapper: 'flavorprofile',
    profilePlural: 'flavorprofiles',
    profileLinks: 'flavorprofile_links',
    profileKind: 'Flavor Profile',
    profileObject: 'Flavor profile',
    profileId: 'flavor_profile_id',
    data: 'flavor_data',
    good: '{"loadbalancer_topology": "SINGLE"}',
    refused: ['{"loadbalancer_topology": "TRIPLE"}', 'loadbalancer_topology is not one of SINGLE, ACTIVE_STANDBY'],
    taken: 'flavor',
    key: (one: Json) => one.id,
    chosen: (one: Json) => ({ flavor_id: one.id }),
    stored: 'flavor_id',
    invalid: 'Validation failure: Invalid flavor_id.',
    unknown: { flavor_id: randomUUID() },
    capabilities: 'flavor_capabilities',
  },
  {
    name: 'availability zone',
    path: 'availabilityzones',
    wrapper: 'availability_zone',
    plural: 'availability_zones',
    links: 'availability_zones_links',
    kind: 'Availability Zone',
    profiles: 'availabilityzoneprofiles',
    profileWrapper: 'availability_zone_profile',
    profilePlural: 'availability_zone_profiles',
    profileLinks: 'availability_zone_profile_links',
    profileKind: 'Availability Zone Profile',
    profileObject: 'Availability Zone Profile',
    profileId: 'availability_zone_profile_id',
    data: 'availability_zone_data',
    good: '{"compute_zone": "nova"}',
    refused: ['{"compute_zone": 7}', 'compute_zone is not of type string'],
    taken: 'availability zone',
    key: (one: Json) => one.name,
    chosen: (one: Json) => ({ availability_zone: one.name }),
    stored: 'availability_zone',
    invalid: 'Validation failure: Invalid availability zone.',
    unknown: { availability_zone: 'nowhere' },
    capabilities: 'availability_zone_capabilities',
  },
];

describe.each(SIBLINGS)('$name', (s) => {
  const profile = (attributes: object = {}) =>
    api.make(s.profiles, s.profileWrapper, {
      name: 'a profile',
      provider_name: 'noop_driver',
      [s.data]: '{}',
      ...attributes,
    });
  const one = async (attributes: object = {}) =>
    api.make(s.path, s.wrapper, { name: randomUUID(), [s.profileId]: (await profile()).id, ...attributes });
  const post = (path: string, wrapper: string, body: object) =>
    api.call('POST', `/v2/lbaas/${path}`, { [wrapper]: body });

  it('is made, listed, shown, changed and deleted', async () => {
    const made = await one({ description: 'quick' });
    const url = `/v2/lbaas/${s.path}/${s.key(made)}`;
    expect(made).toMatchObject({ description: 'quick', enabled: true });
    expect((await api.get(url)).body[s.wrapper]).toEqual(made);
    const listed = await api.get(`/v2.0/lbaas/${s.path}?name=${made.name}`);
    expect(listed.body).toEqual({ [s.plural]: [made], [s.links]: [] });
    const change = { [s.wrapper]: { enabled: false, description: null } };
    const changed = await api.call('PUT', url, change);
    expect([changed.status, changed.body[s.wrapper]]).toEqual([200, { ...made, enabled: false, description: '' }]);
    expect((await api.get(`${url}?fields=enabled`)).body[s.wrapper]).toEqual({ enabled: false });
    expect((await api.call('DELETE', url)).status).toBe(204);
    expect(faultOf(await api.get(url))).toEqual([404, `${s.kind} ${s.key(made)} not found.`]);
    expect((await api.call('DELETE', url)).status).toBe(404);
    expect((await api.call('PUT', url, change)).status).toBe(404);
  });

  it('comes in the order of its key, like its profile: nobody sees when one was made', async () => {
    const made = await Promise.all(Array.from({ length: 5 }, () => one()));
    for (const [path, plural, keys] of [
      [s.path, s.plural, made.map((item) => s.key(item))],
      [s.profiles, s.profilePlural, made.map((item) => item[s.profileId])],
    ] as const) {
      const { body } = await api.get(`/v2/lbaas/${path}`);
      const listed = body[plural].map((item: Json) => item.id ?? s.key(item));
      expect(listed).toEqual(listed.toSorted());
      expect(listed).toEqual(expect.arrayContaining([...keys]));
      const [first, second] = listed;
      const next = await api.get(`/v2/lbaas/${path}?limit=1&marker=${first}`);
      expect(next.body[plural].map((item: Json) => item.id ?? s.key(item))).toEqual([second]);
    }
  });

  it('has a profile that is made, listed, shown, changed and deleted', async () => {
    const made = await profile({ name: '' });
    const url = `/v2/lbaas/${s.profiles}/${made.id}`;
    expect(made).toEqual({ id: made.id, name: '', provider_name: 'noop_driver', [s.data]: '{}' });
    expect((await api.get(url)).body[s.profileWrapper]).toEqual(made);
    const listed = await api.get(`/v2/lbaas/${s.profiles}?limit=1`);
    expect(Object.keys(listed.body)).toEqual([s.profilePlural, s.profileLinks]);
    expect(listed.body[s.profileLinks]).toHaveLength(1);
    const change = { name: 'better', [s.data]: s.good, provider_name: 'amphora' };
    const changed = await api.call('PUT', url, { [s.profileWrapper]: change });
    expect([changed.status, changed.body[s.profileWrapper]]).toEqual([200, { id: made.id, ...change }]);
    expect((await api.call('DELETE', url)).status).toBe(204);
    expect(faultOf(await api.get(url))).toEqual([404, `${s.profileKind} ${made.id} not found.`]);
    expect((await api.call('DELETE', url)).status).toBe(404);
  });

  test('profile data must be a JSON object that the provider understands', async () => {
    const body = { name: 'x', provider_name: 'amphora', [s.data]: s.good };
    const refusals: [object, number, string][] = [
      [{ [s.data]: '{"a": ' }, 400, `{"a":  is not a valid option for ${s.data}`],
      [{ [s.data]: '[1]' }, 400, `[1] is not a valid option for ${s.data}`],
      [{ provider_name: 'acme' }, 400, "Provider 'acme' is not enabled."],
      [{ provider_name: 'ghost' }, 501, "Provider 'ghost' was not found."],
      [
        { provider_name: 'bare' },
        501,
        "Provider 'bare' does not support a requested action: This feature is not implemented by this provider.",
      ],
      [{ [s.data]: s.refused[0] }, 501, `Provider 'amphora' does not support a requested option: ${s.refused[1]}`],
      [
        { [s.data]: '{"color": "red"}' },
        501,
        "Provider 'amphora' does not support a requested option: color is not a supported key",
      ],
      [
        { [s.data]: 'x'.repeat(4097) },
        400,
        `Invalid input for field/attribute ${s.data}. Value: '${'x'.repeat(1024)}'. Value should have a maximum character requirement of 4096`,
      ],
    ];
    for (const [change, status, text] of refusals) {
      const answer = await post(s.profiles, s.profileWrapper, { ...body, ...change });
      expect(faultOf(answer)).toEqual([status, text]);
    }
    const made = await profile();
    const url = `/v2/lbaas/${s.profiles}/${made.id}`;
    for (const attribute of ['name', 'provider_name', s.data]) {
      const answer = await api.call('PUT', url, { [s.profileWrapper]: { [attribute]: null } });
      expect(faultOf(answer)).toEqual([400, `None is not a valid option for ${attribute}`]);
    }
    const half = await api.call('PUT', url, { [s.profileWrapper]: { provider_name: 'amphora', [s.data]: '{"a":1}' } });
    expect(half.status).toBe(501);
    expect((await api.get(url)).body[s.profileWrapper]).toEqual(made);
  });

  test('a profile in use keeps its data and provider, not its name', async () => {
    const { [s.profileId]: id } = await one();
    const url = `/v2/lbaas/${s.profiles}/${id}`;
    const text = `${s.profileObject} ${id} is in use and cannot be modified.`;
    const put = (change: object) => api.call('PUT', url, { [s.profileWrapper]: change });
    expect(faultOf(await put({ [s.data]: '{}' }))).toEqual([409, text]);
    expect(faultOf(await put({ provider_name: 'noop_driver-alt' }))).toEqual([409, text]);
    expect(faultOf(await api.call('DELETE', url))).toEqual([409, text]);
    expect((await put({ name: 'renamed' })).body[s.profileWrapper].name).toBe('renamed');
  });

  test('names are unique, profiles exist, and null means something only where it can', async () => {
    const first = await one();
    const taken = await post(s.path, s.wrapper, { name: first.name, [s.profileId]: first[s.profileId] });
    expect(faultOf(taken)).toEqual([409, `A ${s.taken} of ${first.name} already exists.`]);
    const orphan = await post(s.path, s.wrapper, { name: randomUUID(), [s.profileId]: randomUUID() });
    expect(faultOf(orphan)).toEqual([400, `Validation failure: Invalid ${s.profileId}.`]);
    const nil = await post(s.path, s.wrapper, { name: randomUUID(), [s.profileId]: NIL });
    expect(nil.status).toBe(400);
    const url = `/v2/lbaas/${s.path}/${s.key(first)}`;
    expect(faultOf(await api.call('PUT', url, { [s.wrapper]: { enabled: null } }))).toEqual([
      400,
      'None is not a valid option for enabled',
    ]);
    const profileChange = await api.call('PUT', url, { [s.wrapper]: { [s.profileId]: first[s.profileId] } });
    expect(profileChange.status).toBe(400);
    const nameless = await post(s.path, s.wrapper, { [s.profileId]: first[s.profileId] });
    expect(faultOf(nameless)).toEqual([
      400,
      "Invalid input for field/attribute name. Value: 'None'. Mandatory field missing.",
    ]);
  });

  test('the placeholder of deleted ones is never seen', async () => {
    for (const [path, plural] of [
      [s.path, s.plural],
      [s.profiles, s.profilePlural],
    ] as const) {
      expect((await api.get(`/v2/lbaas/${path}/${NIL}`)).status).toBe(404);
      expect((await api.call('DELETE', `/v2/lbaas/${path}/${NIL}`)).status).toBe(404);
      const { body } = await api.get(`/v2/lbaas/${path}`);
      expect(body[plural].some((entry: Json) => entry.id === NIL || entry.name === NIL)).toBe(false);
    }
  });

  test('used by a load balancer it stays; disabled it is refused to new ones only', async () => {
    const made = await one();
    const url = `/v2/lbaas/${s.path}/${s.key(made)}`;
    const user = await api.loadBalancer(s.chosen(made));
    expect(user).toMatchObject({ ...s.chosen(made), provider: 'noop_driver' });
    expect(faultOf(await api.call('DELETE', url))).toEqual([
      409,
      `${s.kind} ${s.key(made)} is in use and cannot be modified.`,
    ]);
    await api.done('PUT', url, { [s.wrapper]: { enabled: false } });
    const late = await post('loadbalancers', 'loadbalancer', {
      project_id: 'p',
      vip_subnet_id: randomUUID(),
      ...s.chosen(made),
    });
    const [option, value] = Object.entries(s.chosen(made))[0] ?? [];
    const name = option === 'flavor_id' ? 'flavor' : option;
    expect(faultOf(late)).toEqual([400, `The selected ${name} is not allowed in this deployment: ${value}`]);
    const still = await api.get(`/v2/lbaas/loadbalancers/${user.id}`);
    expect(still.body.loadbalancer).toMatchObject({ provisioning_status: 'ACTIVE', ...s.chosen(made) });
    await api.done('DELETE', `/v2/lbaas/loadbalancers/${user.id}`);
    expect((await api.call('DELETE', url)).status).toBe(204);
  });

  test('an unknown one cannot be chosen', async () => {
    const answer = await post('loadbalancers', 'loadbalancer', {
      project_id: 'p',
      vip_subnet_id: randomUUID(),
      ...s.unknown,
    });
    expect(faultOf(answer)).toEqual([400, s.invalid]);
  });

  test('what providers understand', async () => {
    const path = (provider: string, query = '') => `/v2/lbaas/providers/${provider}/${s.capabilities}${query}`;
    const { body } = await api.get(path('amphora'));
    const names = body[s.capabilities].map((entry: Json) => entry.name);
    expect(names).toEqual(
      s.path === 'flavors'
        ? ['loadbalancer_topology', 'compute_flavor', 'amp_image_tag', 'sriov_vip', 'allow_member_sriov']
        : ['compute_zone', 'volume_zone', 'management_network', 'valid_vip_networks'],
    );
    const filtered = await api.get(path('amphora', `?name=${names[1]}&fields=name`));
    expect(filtered.body).toEqual({ [s.capabilities]: [{ name: names[1] }] });
    expect((await api.get(path('amphora', '?color=red'))).status).toBe(400);
    expect(faultOf(await api.get(path('acme')))).toEqual([400, "Provider 'acme' is not enabled."]);
    expect((await api.get(path('bare'))).status).toBe(501);
    expect((await api.get(path('ghost'))).status).toBe(501);
  });
});

test('providers are those that are enabled, and have no items', async () => {
  const { body } = await api.get('/v2/lbaas/providers?fields=name&color=red');
  expect(body).toEqual({
    providers: ['amphora', 'bare', 'noop_driver', 'noop_driver-alt'].map((name) => ({ name })),
  });
  expect((await api.get('/v2/lbaas/providers/amphora')).status).toBe(405);
});

test('a zone whose name has a slash is reached URL-encoded, and zones are paged by name', async () => {
  const { id } = await api.make('availabilityzoneprofiles', 'availability_zone_profile', {
    name: '',
    provider_name: 'noop_driver',
    availability_zone_data: '{}',
  });
  const names = ['zz/one', 'zz/three', 'zz/two ü'];
  for (const name of names) {
    await api.make('availabilityzones', 'availability_zone', { name, availability_zone_profile_id: id });
    const url = `/v2/lbaas/availabilityzones/${encodeURIComponent(name)}`;
    expect((await api.get(url)).body.availability_zone.name).toBe(name);
  }
  const page = await api.get(`/v2/lbaas/availabilityzones?limit=1&marker=${encodeURIComponent('zz/one')}`);
  expect(page.body.availability_zones.map((zone: Json) => zone.name)).toEqual(['zz/three']);
  const next = page.body.availability_zones_links.find(({ rel }: Json) => rel === 'next').href;
  const last = await (await fetch(next)).json();
  expect((last as Json).availability_zones[0].name).toBe('zz/two ü');
  const back = (last as Json).availability_zones_links.find(({ rel }: Json) => rel === 'previous').href;
  expect(((await (await fetch(back)).json()) as Json).availability_zones[0].name).toBe('zz/three');
  for (const name of names) {
    expect((await api.call('DELETE', `/v2/lbaas/availabilityzones/${encodeURIComponent(name)}`)).status).toBe(204);
  }
});

describe('a load balancer of a flavor', () => {
  const flavor = async (providerName: string, data: object) => {
    const { id } = await api.make('flavorprofiles', 'flavorprofile', {
      name: 'x',
      provider_name: providerName,
      flavor_data: JSON.stringify(data),
    });
    return api.make('flavors', 'flavor', { name: randomUUID(), flavor_profile_id: id });
  };

  it('has its provider and topology', async () => {
    const { id } = await flavor('noop_driver-alt', { loadbalancer_topology: 'ACTIVE_STANDBY' });
    const made = await api.loadBalancer({ flavor_id: id });
    expect(made).toMatchObject({ provider: 'noop_driver-alt', flavor_id: id });
    const { rows } = await api.database.store.pool.query('select topology from load_balancer where id = $1', [made.id]);
    expect(rows[0].topology).toBe('ACTIVE_STANDBY');
  });

  it('cannot have another provider', async () => {
    const { id } = await flavor('noop_driver', {});
    const body = { project_id: 'p', vip_subnet_id: randomUUID(), flavor_id: id, provider: 'amphora' };
    const answer = await api.call('POST', '/v2/lbaas/loadbalancers', { loadbalancer: body });
    expect(faultOf(answer)).toEqual([400, `Flavor '${id}' is not compatible with provider 'amphora'`]);
  });
});

describe('a load balancer in a zone', () => {
  const zone = async (providerName: string, data: object) => {
    const { id } = await api.make('availabilityzoneprofiles', 'availability_zone_profile', {
      name: 'x',
      provider_name: providerName,
      availability_zone_data: JSON.stringify(data),
    });
    return api.make('availabilityzones', 'availability_zone', {
      name: randomUUID(),
      availability_zone_profile_id: id,
    });
  };
  const create = (attributes: object) =>
    api.call('POST', '/v2/lbaas/loadbalancers', { loadbalancer: { project_id: 'p', ...attributes } });

  it('takes addresses only from the networks of the zone', async () => {
    const [allowed, other] = [randomUUID(), randomUUID()];
    const { name } = await zone('noop_driver', { valid_vip_networks: [allowed.toUpperCase()] });
    const refused = await create({ availability_zone: name, vip_network_id: other });
    expect(faultOf(refused)).toEqual([
      400,
      'Validation failure: Supplied VIP network_id is not allowed by the configuration of this deployment.',
    ]);
    expect((await create({ availability_zone: name, vip_network_id: allowed })).status).toBe(201);
    await api.settler.idle();
  });

  it('needs a provider that knows zones', async () => {
    const { name } = await zone('noop_driver', {});
    const answer = await create({ availability_zone: name, vip_subnet_id: randomUUID(), provider: 'bare' });
    expect(answer.status).toBe(501);
  });
});
