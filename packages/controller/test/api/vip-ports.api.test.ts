/** The VIP port is made before the transaction of its load balancer, and goes when that is refused. */
import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Port, PortRequest } from '../../src/clouds/network/interface.ts';
import { OctaviaError } from '../../src/errors.ts';
import { type Statement, sql } from '../../src/store/core/sql.ts';
import { databaseUnavailable } from '../../src/store/core/unavailable.ts';
import { CatalogApi, type Json } from '../catalog/support/catalog-api.ts';

let api: CatalogApi;
/** Runs with each port that was made, before the API hears of it. */
let made: (port: Port) => Promise<void>;
let requests: PortRequest[];
let createPort: CatalogApi['network']['createPort'];
let deletePort: CatalogApi['network']['deletePort'];
beforeAll(async () => {
  api = await CatalogApi.start();
  createPort = api.network.createPort.bind(api.network);
  deletePort = api.network.deletePort.bind(api.network);
});
afterAll(() => api.stop());

let project: string;
beforeEach(() => {
  project = randomUUID();
  requests = [];
  made = async () => undefined;
  api.network.createPort = async (request) => {
    requests.push(request);
    const port = await createPort(request);
    await made(port);
    return port;
  };
});
afterEach(() => {
  api.network.deletePort = deletePort;
});

const subnet = randomUUID();
const create = (attributes: object = {}) =>
  api.call('POST', '/v2/lbaas/loadbalancers', {
    loadbalancer: { provider: 'amphora', vip_subnet_id: subnet, project_id: project, ...attributes },
  });
const limit = (quota: object) => api.done('PUT', `/v2/lbaas/quotas/${project}`, { quota });

const ports = async (): Promise<string[]> =>
  (await api.network.listPorts('octavia-lb-')).filter(({ projectId }) => projectId === project).map(({ id }) => id);

const TREE = {
  listeners: [
    {
      protocol: 'HTTP',
      protocol_port: 80,
      default_pool: {
        name: 'p',
        protocol: 'HTTP',
        lb_algorithm: 'ROUND_ROBIN',
        members: [{ address: '192.0.2.1', protocol_port: 80 }],
      },
    },
  ],
};

/** A flavor of the amphora provider. */
async function flavor(): Promise<string> {
  const profile = await api.make('flavorprofiles', 'flavorprofile', {
    name: randomUUID(),
    provider_name: 'amphora',
    flavor_data: '{}',
  });
  const { id } = await api.make('flavors', 'flavor', { name: randomUUID(), flavor_profile_id: profile.id });
  return id;
}

const wishes: [string, () => Promise<object>][] = [
  ['a load balancer', async () => ({})],
  ['a tree', async () => TREE],
  ['one with a flavor', async () => ({ flavor_id: await flavor() })],
  ['one with more addresses', async () => ({ additional_vips: [{ subnet_id: randomUUID() }] })],
];

describe.each(wishes)('while the network service makes the port of %s', (_name, wish) => {
  it('no transaction is open', async () => {
    const attributes = await wish();
    // Counters are settled: the first create of a project takes a transaction of its own.
    for (let turn = 0; turn < 2; turn += 1) {
      let open: number | null = null;
      made = async () => {
        const { rows } = await sql<{ open: number }>`select count(*)::int as open from pg_stat_activity
          where datname = current_database() and state like 'idle in transaction%'`.execute(api.database.store.db);
        open = rows[0]!.open;
      };
      expect((await create(attributes)).status).toBe(201);
      expect(open).toBe(0);
    }
    expect(await ports()).toHaveLength(2);
  });

  it('others of the project are served', async () => {
    const attributes = await wish();
    const answers: number[] = [];
    made = async () => {
      made = async () => undefined;
      answers.push((await create()).status, (await create(TREE)).status);
    };
    answers.push((await create(attributes)).status);
    expect(answers).toEqual([201, 201, 201]);
  });
});

describe('a port is not asked for', () => {
  it('where the quota has no room', async () => {
    await limit({ load_balancer: 0 });
    const { status, body } = await create();
    expect([status, body.faultstring]).toEqual([403, 'Quota has been met for resources: Load Balancer']);
    await limit({ load_balancer: 1, member: 0 });
    expect((await create(TREE)).body.faultstring).toBe('Quota has been met for resources: Member');
    expect(requests).toEqual([]);
  });

  it('where the request contradicts itself', async () => {
    const [listener] = TREE.listeners;
    const twice = { listeners: [listener, { ...listener, default_pool: null }] };
    expect((await create(twice)).status).toBe(409);
    expect(requests).toEqual([]);
  });
});

describe('the port goes', () => {
  it('when the last place of the quota is taken meanwhile', async () => {
    await limit({ load_balancer: 1 });
    made = async () => {
      made = async () => undefined;
      expect((await create()).status).toBe(201);
    };
    expect((await create()).status).toBe(403);
    expect(requests).toHaveLength(2);
    expect(await ports()).toHaveLength(1);
  });

  it('when the flavor is deleted meanwhile', async () => {
    const id = await flavor();
    made = () => api.done('DELETE', `/v2/lbaas/flavors/${id}`).then(() => undefined);
    const { status, body } = await create({ flavor_id: id });
    expect([status, body.faultstring]).toEqual([400, 'Validation failure: Invalid flavor_id.']);
    expect(await ports()).toEqual([]);
  });

  it('with all its addresses', async () => {
    await limit({ load_balancer: 1 });
    const other = await api.network.listSubnets();
    const [network] = await api.network.listNetworks();
    const [first] = other.filter(({ networkId }) => networkId === network?.id);
    made = async () => {
      made = async () => undefined;
      expect((await create()).status).toBe(201);
    };
    expect((await create({ vip_subnet_id: first?.id, vip_address: null })).status).toBe(403);
    const { rows } = await sql<{ left: number }>`select count(*)::int as left from local_port_ip
      where subnet_id = ${first?.id}`.execute(api.database.store.db);
    expect(rows[0]?.left).toBe(0);
  });

  it('and the refusal is told when it could not be removed', async () => {
    await limit({ load_balancer: 1 });
    made = async () => {
      made = async () => undefined;
      await create();
    };
    api.network.deletePort = () => Promise.reject(new Error('the network service is away'));
    expect((await create()).status).toBe(403);
    expect(await ports()).toHaveLength(2);
  });
});

describe('the port stays', () => {
  it('when it is the user’s', async () => {
    await limit({ load_balancer: 1 });
    const own = await createPort({
      name: 'own',
      networkId: (await api.network.getSubnet(subnet))!.networkId,
      fixedIps: [{ subnetId: subnet }],
      deviceId: '',
      deviceOwner: '',
      projectId: project,
    });
    const { store } = api.database;
    const transaction = store.transaction.bind(store);
    // The first create of a project takes a transaction of its own.
    store.transaction = () => Promise.reject(new OctaviaError('PROJECT_BUSY'));
    try {
      expect((await create({ vip_subnet_id: null, vip_port_id: own.id })).status).toBe(503);
    } finally {
      store.transaction = transaction;
    }
    expect(await api.network.getPort(own.id)).toMatchObject({ id: own.id });
  });

  it('while nobody can tell whether the load balancer was written', async () => {
    const { store } = api.database;
    const transaction = store.transaction.bind(store);
    // One with a flavor is written in a transaction of its own.
    const id = await flavor();
    made = async () => {
      // Committed, and the answer is lost.
      store.transaction = async (work) => {
        await transaction(work);
        throw new OctaviaError('DATABASE_UNAVAILABLE', { why: 'the connection was lost' });
      };
    };
    try {
      expect((await create({ flavor_id: id })).status).toBe(503);
    } finally {
      store.transaction = transaction;
    }
    const { loadbalancers } = (await api.get(`/v2/lbaas/loadbalancers?project_id=${project}`)).body;
    expect(loadbalancers.map(({ vip_port_id }: Json) => vip_port_id)).toEqual(await ports());
  });
});

describe('one statement for many', () => {
  it('writes every load balancer with the operation that builds it, and enters it in the queue', async () => {
    await create();
    const answers = await Promise.all(Array.from({ length: 12 }, () => create(TREE)));
    const ids = answers.map(({ body }) => body.loadbalancer.id);
    const { rows } = await sql<{ lb: string; kind: string; queued: boolean }>`
      select o.load_balancer_id as lb, o.kind, w.queue_partition_key = o.load_balancer_id::text and w.status = 'ENQUEUED'
        as queued
      from operation o join dbos.workflow_status w on w.workflow_uuid = o.id::text
      where o.load_balancer_id = any(${ids}::uuid[])`.execute(api.database.store.db);
    expect(rows.map(({ lb }) => lb).sort()).toEqual([...ids].sort());
    expect(new Set(rows.map(({ kind, queued }) => `${kind} ${queued}`))).toEqual(
      new Set(['create_load_balancer true']),
    );
  });

  it('answers for what was written although its answer was lost', async () => {
    await create();
    const { db } = api.database.store;
    const ask = db.query.bind(db);
    let lost = 0;
    const asking = vi.spyOn(db, 'query').mockImplementation(async <Row>(statement: Statement) => {
      const result = await ask<Row>(statement);
      if (lost === 0 && statement.text.includes('new_load_balancers')) {
        lost += 1;
        throw databaseUnavailable(null);
      }
      return result;
    });
    try {
      const { status, body } = await create();
      expect([status, lost]).toEqual([201, 1]);
      expect((await api.get(`/v2/lbaas/loadbalancers/${body.loadbalancer.id}`)).status).toBe(200);
    } finally {
      asking.mockRestore();
    }
    expect(await ports()).toHaveLength(2);
  });
});
