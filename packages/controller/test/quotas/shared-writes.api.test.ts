/** Creates that arrive together are written by one statement; quotas hold there as they do in a transaction of their own. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { sql } from '../../src/store/core/sql.ts';
import { CatalogApi, type Json } from '../catalog/support/catalog-api.ts';

let api: CatalogApi;
beforeAll(async () => {
  api = await CatalogApi.start();
});
afterAll(() => api.stop());

let project: string;
beforeEach(() => {
  project = randomUUID();
});

const limit = (of: string, quota: object) => api.done('PUT', `/v2/lbaas/quotas/${of}`, { quota });

const create = (of: string, attributes: object = {}) =>
  api.call('POST', '/v2/lbaas/loadbalancers', {
    // What is delivered to a driver is written alone.
    loadbalancer: { vip_subnet_id: randomUUID(), project_id: of, provider: 'amphora', ...attributes },
  });

const together = <T>(count: number, call: (index: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, (_, index) => call(index)));

const tree = (index: number) => ({
  listeners: [0, 1].map((offset) => ({ protocol: 'HTTP', protocol_port: 80 + offset, default_pool: { name: 'p' } })),
  pools: [
    {
      name: 'p',
      protocol: 'HTTP',
      lb_algorithm: 'ROUND_ROBIN',
      healthmonitor: { type: 'TCP', delay: 5, timeout: 5, max_retries: 3 },
      members: [1, 2].map((last) => ({ address: `192.0.2.${last}`, protocol_port: 1000 + index })),
    },
  ],
});

/** Rows of the project by table, and what its quota row says is in use. */
async function counts(of: string): Promise<{ rows: Json; inUse: Json }> {
  const { db } = api.database.store;
  const tables = ['load_balancer', 'listener', 'pool', 'member', 'health_monitor'];
  const rows = await Promise.all(
    tables.map(async (table) => {
      const found = await sql<{ count: number }>`
        select count(*)::int as count from ${sql.table(table)} where project_id = ${of}`.execute(db);
      return [table, found.rows[0]!.count] as const;
    }),
  );
  const used = await sql<Record<string, number>>`
    select load_balancer_in_use as load_balancer, listener_in_use as listener, pool_in_use as pool,
      member_in_use as member, health_monitor_in_use as health_monitor from quota where project_id = ${of}`.execute(db);
  return { rows: Object.fromEntries(rows), inUse: used.rows[0] };
}

function sorted(answers: { status: number; body: Json }[]) {
  const made = answers.filter(({ status }) => status === 201);
  const refused = answers.filter(({ status }) => status !== 201);
  return { made: made.length, refused: refused.map(({ status, body }) => `${status} ${body.faultstring}`) };
}

describe('load balancers created at the same time', () => {
  it('are written without transactions of their own where there is room', async () => {
    await limit(project, { load_balancer: 100 });
    // The first one counts what the project has; and settling takes transactions, too.
    await create(project);
    await api.settler.idle();
    const add = api.settler.add;
    api.settler.add = () => undefined;
    const { store } = api.database;
    const transaction = store.transaction.bind(store);
    let transactions = 0;
    store.transaction = (work) => {
      transactions += 1;
      return transaction(work);
    };
    try {
      const { made } = sorted(await together(16, () => create(project)));
      expect(made).toBe(16);
      expect(transactions).toBe(0);
    } finally {
      store.transaction = transaction;
      api.settler.add = add;
    }
    expect(await counts(project)).toMatchObject({ rows: { load_balancer: 17 }, inUse: { load_balancer: 17 } });
  });

  it('never exceed the limit, and every one of them that it has room for is made', async () => {
    await limit(project, { load_balancer: 5 });
    const { made, refused } = sorted(await together(24, () => create(project)));
    expect(made).toBe(5);
    expect(new Set(refused)).toEqual(new Set(['403 Quota has been met for resources: Load Balancer']));
    await api.settler.idle();
    expect(await counts(project)).toMatchObject({ rows: { load_balancer: 5 }, inUse: { load_balancer: 5 } });
  });

  it('suffer nothing from another project at its limit', async () => {
    const full = randomUUID();
    await limit(full, { load_balancer: 1 });
    await limit(project, { load_balancer: 12 });
    const answers = await together(24, (index) => create(index % 2 === 0 ? full : project));
    const of = (parity: number) => sorted(answers.filter((_, index) => index % 2 === parity));
    expect(of(0).made).toBe(1);
    expect(of(1)).toEqual({ made: 12, refused: [] });
    await api.settler.idle();
    expect((await counts(full)).rows.load_balancer).toBe(1);
  });
});

describe('trees created at the same time', () => {
  it('are counted with everything in them; a refused one leaves nothing', async () => {
    await limit(project, { listener: 6, member: 100 });
    const { made, refused } = sorted(await together(12, (index) => create(project, tree(index))));
    expect(made).toBe(3);
    expect(new Set(refused)).toEqual(new Set(['403 Quota has been met for resources: Listener']));
    await api.settler.idle();
    const expected = { load_balancer: 3, listener: 6, pool: 3, member: 6, health_monitor: 3 };
    expect(await counts(project)).toEqual({ rows: expected, inUse: expected });
  });

  it('give back what they took when they are deleted, for others to take', async () => {
    await limit(project, { load_balancer: 2, listener: 4 });
    for (let turn = 0; turn < 2; turn += 1) {
      const settled = { provider: 'noop_driver' };
      const { made } = sorted(await together(5, (index) => create(project, { ...tree(index), ...settled })));
      expect(made).toBe(2);
      await api.settler.idle();
      const { loadbalancers } = (await api.get(`/v2/lbaas/loadbalancers?project_id=${project}`)).body;
      for (const { id } of loadbalancers) await api.done('DELETE', `/v2/lbaas/loadbalancers/${id}?cascade=true`);
      expect((await counts(project)).inUse).toEqual({
        load_balancer: 0,
        listener: 0,
        pool: 0,
        member: 0,
        health_monitor: 0,
      });
    }
  });
});
