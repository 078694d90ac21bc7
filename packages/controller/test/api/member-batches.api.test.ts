/** Batches are judged by what was read without a lock, and written only while that still holds. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { OctaviaError } from '../../src/errors.ts';
import { sql } from '../../src/store/core/sql.ts';
import { CatalogApi } from '../catalog/support/catalog-api.ts';
import { type Answer, type Json, MISSING_SUBNET, TestApi } from './support/api.ts';

let api: TestApi;
let noop: CatalogApi;
beforeAll(async () => {
  [api, noop] = await Promise.all([TestApi.start(), CatalogApi.start()]);
});
afterAll(() => Promise.all([api.stop(), noop.stop()]));

let lb: Json;
let pool: Json;
beforeEach(async () => {
  lb = await api.loadBalancer();
  const listener = await api.listener(lb.id);
  pool = await api.pool(lb.id, { listener_id: listener.id });
});

type Listed = Record<string, Json>;
type Calling = Pick<TestApi, 'call' | 'get'> | CatalogApi;

const put = (members: object[], query = '', on: Calling = api, poolId = pool.id): Promise<Answer> =>
  on.call('PUT', `/v2/lbaas/pools/${poolId}/members${query}`, { members }) as Promise<Answer>;

async function listed(on: Calling = api, poolId = pool.id): Promise<Listed> {
  const { body } = await on.get(`/v2/lbaas/pools/${poolId}/members`);
  return Object.fromEntries(body.members.map((member: Json) => [member.address, member]));
}

const states = async () =>
  Object.fromEntries(
    Object.entries(await listed()).map(([address, { provisioning_status }]) => [address, provisioning_status]),
  );

const at = (last: number, attributes: object = {}) => ({
  address: `192.0.2.${last}`,
  protocol_port: 80,
  ...attributes,
});

describe('what a batch writes', () => {
  beforeEach(async () => {
    await api.member(pool.id, at(1, { name: 'one', tags: ['a', 'b'], weight: 3 }));
    await api.member(pool.id, at(2, { name: 'tw"o', tags: ['c,d', '\u001f'], weight: 4 }));
  });

  it('is the same for all, where the list says so', async () => {
    expect((await put([at(1, { weight: 9, backup: true }), at(2, { weight: 9, backup: true })])).status).toBe(202);
    await api.settle();
    const { '192.0.2.1': one, '192.0.2.2': two } = await listed();
    expect(one).toMatchObject({ name: 'one', tags: ['a', 'b'], weight: 9, backup: true, monitor_port: null });
    expect(two).toMatchObject({ name: 'tw"o', tags: ['c,d', '\u001f'], weight: 9, backup: true });
  });

  it('is of each its own, where the list says so', async () => {
    const monitored = { monitor_address: '2001:db8::1', monitor_port: 9, admin_state_up: false };
    const answer = await put([at(1, { weight: 5, ...monitored }), at(2, { weight: 6, name: 'new', tags: [] })]);
    expect(answer.status).toBe(202);
    const changed = await listed();
    expect(changed['192.0.2.1'].updated_at).toBe(changed['192.0.2.2'].updated_at);
    await api.settle();
    const { '192.0.2.1': one, '192.0.2.2': two } = await listed();
    expect(one).toMatchObject({ name: 'one', tags: ['a', 'b'], weight: 5, ...monitored });
    expect(two).toMatchObject({ name: 'new', tags: [], weight: 6, monitor_address: null, admin_state_up: true });
  });

  it('makes pool, listener and load balancer wait, and nothing else', async () => {
    const other = await api.listener(lb.id, { protocol_port: 81 });
    expect((await put([at(1), at(2)])).status).toBe(202);
    const { body } = await api.get(`/v2/lbaas/loadbalancers/${lb.id}/status`);
    const { provisioning_status, listeners } = body.statuses.loadbalancer;
    expect(provisioning_status).toBe('PENDING_UPDATE');
    const byId = Object.fromEntries(listeners.map((listener: Json) => [listener.id, listener]));
    expect(byId[other.id].provisioning_status).toBe('ACTIVE');
    const using = listeners.find(({ id }: Json) => id !== other.id);
    expect(using).toMatchObject({ provisioning_status: 'PENDING_UPDATE' });
    expect(using.pools[0]).toMatchObject({ id: pool.id, provisioning_status: 'PENDING_UPDATE' });
  });

  it.each([
    [
      'check',
      () => (api.provider.refuseCheck = new OctaviaError('PROVIDER_ERROR', { provider: 'amphora', detail: 'x' })),
    ],
    [
      'submit',
      () => (api.provider.refuseSubmit = new OctaviaError('PROVIDER_ERROR', { provider: 'amphora', detail: 'x' })),
    ],
  ])('is nothing when the provider refuses in its %s', async (_where, refuse) => {
    const before = await api.snapshot();
    refuse();
    expect((await put([at(1, { weight: 9 })])).status).toBe(500);
    expect(await api.snapshot()).toBe(before);
  });

  it('keeps what heartbeats measured meanwhile', async () => {
    const { '192.0.2.1': one } = await listed();
    api.network.meanwhile = () => api.setOperatingStatus('member', one.id, 'ERROR');
    const answer = await put([at(1, { subnet_id: randomUUID() }), at(2)]);
    expect(answer.status).toBe(202);
    expect((await listed())['192.0.2.1']).toMatchObject({ operating_status: 'ERROR' });
  });
});

describe('the subnet of a member that is there already', () => {
  const [before, after] = [randomUUID(), randomUUID()];
  const subnets = async () => Object.values(await listed()).map(({ subnet_id }) => subnet_id);

  beforeEach(async () => {
    await api.member(pool.id, at(1, { subnet_id: before, weight: 3 }));
    await api.member(pool.id, at(2, { subnet_id: before }));
  });

  it.each<[string, object, string | null]>([
    ['named', { subnet_id: after }, after],
    ['null', { subnet_id: null }, null],
    ['left out', {}, before],
  ])('is taken as the list says: %s', async (_how, change, expected) => {
    expect((await put([at(1, change), at(2)])).status).toBe(202);
    expect(await subnets()).toEqual([expected, before]);
    await api.settle();
    expect(await subnets()).toEqual([expected, before]);
    // Once more the same: nobody moves.
    expect((await put([at(1, { weight: 4, ...change }), at(2)])).status).toBe(202);
    expect(await subnets()).toEqual([expected, before]);
  });

  it('is looked for when it is another one', async () => {
    const snapshot = await api.snapshot();
    const answer = await put([at(1, { subnet_id: MISSING_SUBNET }), at(2)]);
    expect([answer.status, answer.body.faultstring]).toEqual([400, `Subnet ${MISSING_SUBNET} not found.`]);
    expect(await api.snapshot()).toBe(snapshot);
  });

  it('may be gone when it is the same', async () => {
    const { db } = api.database.store;
    await sql`update member set subnet_id = ${MISSING_SUBNET} where pool_id = ${pool.id}`.execute(db);
    expect((await put([at(1, { subnet_id: MISSING_SUBNET }), at(2)])).status).toBe(202);
  });

  it('is taken under the lock, too', async () => {
    expect((await put([at(1, { subnet_id: after }), at(3), at(2)])).status).toBe(202);
    expect((await listed())['192.0.2.1'].subnet_id).toBe(after);
    await api.settle();
    api.network.meanwhile = async () => void (await api.member(pool.id, at(4)));
    expect((await put([at(1, { subnet_id: null }), at(2, { subnet_id: after })], '?additive_only=true')).status).toBe(
      202,
    );
    const { '192.0.2.1': one, '192.0.2.2': two, '192.0.2.3': three } = await listed();
    expect([one.subnet_id, two.subnet_id, three.subnet_id]).toEqual([null, after, null]);
  });
});

describe('a batch that another change overtakes', () => {
  /** Asks about a subnet, after the pool is read and before anything is written. */
  const asking = at(1, { subnet_id: randomUUID(), weight: 9 });

  beforeEach(async () => {
    await api.member(pool.id, at(1));
  });

  it('sees the member that the other one made', async () => {
    api.network.meanwhile = async () => void (await api.member(pool.id, at(2)));
    expect((await put([asking])).status).toBe(202);
    expect(await states()).toEqual({ '192.0.2.1': 'PENDING_UPDATE', '192.0.2.2': 'PENDING_DELETE' });
  });

  it('makes the member that the other one removed', async () => {
    const { '192.0.2.1': one } = await listed();
    api.network.meanwhile = async () => {
      await api.call('DELETE', `/v2/lbaas/pools/${pool.id}/members/${one.id}`);
      await api.settle();
    };
    expect((await put([asking])).status).toBe(202);
    const { '192.0.2.1': anew } = await listed();
    expect(anew).toMatchObject({ provisioning_status: 'PENDING_CREATE', weight: 9 });
    expect(anew.id).not.toBe(one.id);
  });

  it('waits for the other one', async () => {
    api.network.meanwhile = async () => void (await put([at(1, { weight: 2 })]));
    const answer = await put([asking]);
    expect([answer.status, answer.body.faultstring]).toEqual([
      409,
      `Pool ${pool.id} is immutable and cannot be updated.`,
    ]);
    expect((await listed())['192.0.2.1'].weight).toBe(2);
  });

  it('does not find a pool that is gone', async () => {
    api.network.meanwhile = async () => {
      await api.call('DELETE', `/v2/lbaas/pools/${pool.id}`);
      await api.settle();
    };
    expect((await put([asking])).status).toBe(404);
  });
});

describe('an IPv4 address and its IPv6 form', () => {
  const MAPPED = { address: '::ffff:192.0.2.1', protocol_port: 80 };
  const forms: [first: object, second: object, address: string][] = [
    [at(1), MAPPED, MAPPED.address],
    [MAPPED, at(1), '192.0.2.1'],
    [at(1), { ...MAPPED, address: '0:0::FFFF:C000:0201' }, '0:0::FFFF:C000:0201'],
  ];

  it.each(forms)('are one server, twice in a batch or in a tree: %j, %j', async (first, second) => {
    expect((await put([first, second])).status).toBe(400);
    expect(await listed()).toEqual({});
    const { status } = await api.call('POST', '/v2/lbaas/loadbalancers', {
      loadbalancer: {
        vip_subnet_id: randomUUID(),
        project_id: lb.project_id,
        pools: [{ name: 'p', protocol: 'HTTP', lb_algorithm: 'ROUND_ROBIN', members: [first, second] }],
      },
    });
    expect(status).toBe(409);
  });

  it.each(forms)(
    'are one member, which a batch finds and shows as it is named: %j, %j',
    async (first, second, shown) => {
      const { id } = await api.member(pool.id, first);
      const again = await api.call('POST', `/v2/lbaas/pools/${pool.id}/members`, { member: second });
      expect([again.status, again.body.faultstring]).toEqual([409, expect.stringContaining('already using ip')]);
      for (const query of ['', '?additive_only=true']) {
        expect((await put([{ ...second, weight: 7 }], query)).status).toBe(202);
        await api.settle();
        expect(Object.values(await listed())).toMatchObject([{ id, address: shown, weight: 7 }]);
      }
    },
  );

  it('are told apart where both are there already', async () => {
    const { id } = await api.member(pool.id, at(1));
    await api.member(pool.id, at(2));
    await sql`update member set address = '::ffff:192.0.2.1' where pool_id = ${pool.id} and id <> ${id}`.execute(
      api.database.store.db,
    );
    expect((await put([MAPPED], '?additive_only=true')).status).toBe(202);
    await api.settle();
    expect(Object.keys(await listed())).toHaveLength(2);
    expect((await put([at(1)])).status).toBe(202);
    await api.settle();
    expect(Object.values(await listed())).toMatchObject([{ id, address: '192.0.2.1' }]);
  });
});

describe.each([
  ['in the transaction of the provider', 'amphora'],
  ['in one statement', 'noop_driver'],
])('many batches at once, written %s', (_how, provider) => {
  it('are accepted one at a time', async () => {
    const balancer = await noop.loadBalancer({ provider });
    const active = (table: string) =>
      noop.database.store.pool.query(`update ${table} set provisioning_status = 'ACTIVE' where id = any($1)`, [ids]);
    const ids = [balancer.id];
    await active('load_balancer');
    const made = await noop.make('pools', 'pool', {
      loadbalancer_id: balancer.id,
      protocol: 'HTTP',
      lb_algorithm: 'ROUND_ROBIN',
    });
    ids.push(made.id);
    const allActive = () => Promise.all([active('load_balancer'), active('pool')]);
    await allActive();
    expect((await put([at(1), at(2)], '', noop, made.id)).status).toBe(202);
    await noop.settler.idle();
    await allActive();
    for (let round = 1; round <= 5; round += 1) {
      const answers = await Promise.all(
        Array.from({ length: 8 }, (_, index) => {
          const weights = [10 * round + index, 10 * round + (index % 2 === 0 ? index : index + 100)];
          return put([at(1, { weight: weights[0] }), at(2, { weight: weights[1] })], '', noop, made.id);
        }),
      );
      const accepted = answers.flatMap(({ status }, index) => (status === 202 ? [index] : []));
      for (const { status } of answers) expect([202, 409]).toContain(status);
      // The other provider may have carried one out before the next arrives.
      if (provider === 'amphora') expect(accepted).toHaveLength(1);
      const members = await listed(noop, made.id);
      const index = members['192.0.2.1'].weight - 10 * round;
      // Both members are of one and the same batch, which was accepted.
      expect(accepted).toContain(index);
      expect(members['192.0.2.2'].weight).toBe(10 * round + (index % 2 === 0 ? index : index + 100));
      await noop.settler.idle();
      await allActive();
    }
  });
});
