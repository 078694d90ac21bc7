import { describe, expect, test } from 'vitest';
import { run } from './played.ts';

const ID = 'fe22e256-d409-4f91-867f-508d08566892';

const pools = { body: { pools: [{ id: 'p1' }] } };

describe('names', () => {
  test('a name is looked up by name first, then as an id', async () => {
    const found = await run('loadbalancer pool show web -f value -c id', {
      'GET /v2.0/lbaas/pools?name=web': { body: { pools: [] } },
      'GET /v2.0/lbaas/pools?id=web': pools,
      'GET /v2.0/lbaas/pools/p1': { body: { pool: { id: 'p1' } } },
    });
    expect(found).toMatchObject({ code: 0, out: 'p1\n', err: '' });
  });

  test('what looks like an id is asked for at once', async () => {
    const { requests } = await run(`loadbalancer pool show ${ID}`, {
      [`GET /v2.0/lbaas/pools/${ID}`]: { body: { pool: { id: ID } } },
    });
    expect(requests).toEqual([`GET /v2.0/lbaas/pools/${ID}`]);
  });

  test('an ambiguous name is told with how often it is there', async () => {
    const found = await run('loadbalancer pool delete web', {
      'GET /v2.0/lbaas/pools?name=web': { body: { pools: [{ id: 'a' }, { id: 'b' }] } },
    });
    expect(found).toMatchObject({
      code: 1,
      out: '',
      err: '2 pools found with name or ID of web. Please try again with UUID\n',
    });
  });

  test.each([
    ['networks', 'loadbalancer list --vip-network-id x', '/v2.0/networks', 'Unable to locate x in networks\n'],
    ['ports', 'loadbalancer list --vip-port-id x', '/v2.0/ports', 'Unable to locate x in ports\n'],
    ['policies', 'loadbalancer list --vip-qos-policy-id x', '/v2.0/qos/policies', 'Unable to locate x in policies\n'],
  ])('%s are looked up in the network service', async (key, line, path, error) => {
    const none = { body: { [key]: [] } };
    const found = await run(line, { [`GET ${path}?name=x`]: none, [`GET ${path}?id=x`]: none });
    expect(found).toMatchObject({ code: 1, err: error });
  });

  test('who may not read projects is taken at their word', async () => {
    const found = await run('loadbalancer list --project demo', {
      'GET /v3/projects?name=demo': { status: 403, body: { error: { message: 'no' } } },
      'GET /v2.0/lbaas/loadbalancers?project_id=demo': { body: { loadbalancers: [] } },
    });
    expect(found).toMatchObject({ code: 0, out: '\n' });
  });
});

test('a list is read to its last page', async () => {
  const found = await run('loadbalancer pool list -f value -c id', {
    'GET /v2.0/lbaas/pools': {
      body: { pools: [{ id: 'a' }], pools_links: [{ rel: 'next', href: 'http://elsewhere/x?marker=a' }] },
    },
    'GET /v2.0/lbaas/pools?marker=a': { body: { pools: [{ id: 'b' }] } },
  });
  expect(found.out).toBe('a\nb\n');
});

describe('errors', () => {
  test.each([
    [{ status: 409, body: { faultstring: 'It is immutable.' } }, 'It is immutable. (HTTP 409) (Request-ID: req-1)\n'],
    [{ status: 403, body: { description: 'Not you.' } }, 'Not you. (HTTP 403) (Request-ID: req-1)\n'],
    [{ status: 401, text: '<html>' }, 'Unauthorized (HTTP 401) (Request-ID: req-1)\n'],
    [{ status: 502, text: '<html>' }, 'Unknown Error (HTTP 502) (Request-ID: req-1)\n'],
    [{ text: '{"pools": [' }, 'The answer of http://api/v2.0/lbaas/pools is not JSON: is this an Octavia API?\n'],
  ])('%j is one line', async (answer, err) => {
    expect(await run('loadbalancer pool list', { 'GET /v2.0/lbaas/pools': answer })).toMatchObject({
      code: 1,
      out: '',
      err,
    });
  });
});

describe('what is sent', () => {
  test('none clears a reference, numbers are numbers, headers are pairs', async () => {
    const { bodies } = await run(
      `loadbalancer listener set ${ID} --client-ca-tls-container-ref None --timeout-client-data 5 --insert-headers X-A=b=c,X-D=e`,
      {
        [`GET /v2.0/lbaas/listeners?id=${ID}`]: { body: { listeners: [{ id: ID }] } },
        [`PUT /v2.0/lbaas/listeners/${ID}`]: { body: { listener: {} } },
      },
    );
    expect(bodies).toEqual([
      {
        listener: {
          client_ca_tls_container_ref: null,
          timeout_client_data: 5,
          insert_headers: { 'X-A': 'b=c', 'X-D': 'e' },
        },
      },
    ]);
  });

  const pool = (tags: string[]) => ({
    'GET /v2.0/lbaas/pools?name=web': pools,
    'GET /v2.0/lbaas/pools/p1': { body: { pool: { id: 'p1', tags } } },
    'PUT /v2.0/lbaas/pools/p1': { body: { pool: {} } },
  });

  test.each([
    ['set web --tag c', ['a', 'b', 'c']],
    ['set web --tag c --no-tag', ['c']],
    ['set web --no-tag', []],
    ['unset web --tag a', ['b']],
    ['unset web --all-tag', []],
  ])('pool %s leaves the tags %j', async (line, tags) => {
    const { bodies } = await run(`loadbalancer pool ${line}`, pool(['a', 'b']));
    expect(bodies).toEqual([{ pool: { tags } }]);
  });

  test('unset without an option asks for nothing', async () => {
    expect(await run('loadbalancer pool unset web', {})).toMatchObject({ code: 0, requests: [] });
  });

  test('an additional VIP has the id of its subnet', async () => {
    const { bodies } = await run(
      'loadbalancer create --vip-subnet-id a --additional-vip subnet-id=b_c,ip-address=::1 --additional-vip subnet_id=b_c',
      {
        'GET /v2.0/subnets?name=a': { body: { subnets: [{ id: 's1' }] } },
        'GET /v2.0/subnets?name=b_c': { body: { subnets: [{ id: 's2' }] } },
        'POST /v2.0/lbaas/loadbalancers': { status: 201, body: { loadbalancer: {} } },
      },
    );
    expect(bodies).toEqual([
      {
        loadbalancer: {
          admin_state_up: true,
          vip_subnet_id: 's1',
          additional_vips: [{ subnet_id: 's2', ip_address: '::1' }, { subnet_id: 's2' }],
        },
      },
    ]);
  });
});

describe('--wait', () => {
  const status = (provisioning_status: string) => ({ body: { loadbalancer: { id: 'l', provisioning_status } } });

  test('waits for the load balancer and shows what became of the object', async () => {
    const found = await run(
      `loadbalancer pool create --loadbalancer ${ID} --protocol TCP --lb-algorithm SOURCE_IP --wait -f value -c provisioning_status`,
      {
        [`GET /v2.0/lbaas/loadbalancers?id=${ID}`]: { body: { loadbalancers: [{ id: 'l' }] } },
        'POST /v2.0/lbaas/pools': { body: { pool: { id: 'p', loadbalancers: [{ id: 'l' }] } } },
        'GET /v2.0/lbaas/loadbalancers/l': [status('PENDING_UPDATE'), status('ACTIVE')],
        'GET /v2.0/lbaas/pools/p': { body: { pool: { provisioning_status: 'ACTIVE' } } },
      },
    );
    expect(found).toMatchObject({ code: 0, out: 'ACTIVE\n' });
  });

  test('ERROR is a failure', async () => {
    const found = await run('loadbalancer failover l --wait', {
      'GET /v2.0/lbaas/loadbalancers?name=l': { body: { loadbalancers: [{ id: 'l' }] } },
      'PUT /v2.0/lbaas/loadbalancers/l/failover': { status: 202 },
      'GET /v2.0/lbaas/loadbalancers/l': status('ERROR'),
    });
    expect(found.code).toBe(1);
    expect(found.err).toBe('The resource did not successfully reach ACTIVE status. (HTTP n/a) (Request-ID: None)\n');
  });

  test('a deletion is waited for until there is nothing', async () => {
    const found = await run('loadbalancer delete l --cascade --wait', {
      'GET /v2.0/lbaas/loadbalancers?name=l': { body: { loadbalancers: [{ id: 'l' }] } },
      'DELETE /v2.0/lbaas/loadbalancers/l?cascade=True': { status: 204 },
      'GET /v2.0/lbaas/loadbalancers/l': [status('PENDING_DELETE'), { status: 404, body: {} }],
    });
    expect(found).toMatchObject({ code: 0, out: '', err: '' });
  });
});

describe('--debug', () => {
  test('shows requests and answers without secrets', async () => {
    const { err } = await run('--debug loadbalancer pool list', {
      'GET /v2.0/lbaas/pools': { body: { pools: [], password: 'hunter2' }, headers: { 'set-cookie': 'hunter3' } },
    });
    expect(err).toContain("REQ: curl -g -i -X GET 'http://api/v2.0/lbaas/pools'");
    expect(err).toContain('RESP: [200]');
    expect(err).toMatch(/RESP BODY: .*"password":"\*\*\*"/);
    expect(err).not.toMatch(/hunter/);
  });

  test('--timing shows each request and their sum', async () => {
    const { out } = await run('loadbalancer pool list --timing', { 'GET /v2.0/lbaas/pools': { body: { pools: [] } } });
    expect(out).toMatch(/GET http:\/\/api\/v2.0\/lbaas\/pools +\|/);
    expect(out).toMatch(/\| Total +\|/);
  });
});
