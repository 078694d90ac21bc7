/** A child whose change did not reach the amphora: tried again by itself, or in force by a later change. Never both, nor against a later wish. */

import { randomUUID } from 'node:crypto';
import { SILENT_LOG } from '@octavia/protocol/log';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { ApplyOutcome } from '../../src/dataplane/interface.ts';
import type { Operation } from '../../src/domain/operations.ts';
import type { Topology } from '../../src/domain/statuses.ts';
import { OctaviaError } from '../../src/errors.ts';
import { Sweeper } from '../../src/flows/sweeper.ts';
import * as operations from '../../src/store/operations/operations.ts';
import { Harness, PUBLIC_SUBNET, type Trial } from './crash/harness.ts';

let harness: Harness;
beforeAll(async () => {
  harness = await Harness.open();
});
afterAll(() => harness.close());

const member = (host: number) => ({ address: `192.0.2.${host}`, protocol_port: 80 });
const NOWHERE = new OctaviaError('AMPHORA_UNREACHABLE', { id: 'a', address: 'b', detail: 'c' });

let trial: Trial;
let ids: { listener: string; other: string; pool: string; member: string };

/** Two listeners, the first with a pool of one member. */
async function grown(topology: Topology = 'SINGLE'): Promise<void> {
  trial = harness.trial(topology);
  const pool = { name: 'pool', protocol: 'HTTP', lb_algorithm: 'ROUND_ROBIN', members: [member(10)] };
  const listeners = [
    { name: 'web', protocol: 'HTTP', protocol_port: 80, default_pool: pool },
    { name: 'other', protocol: 'HTTP', protocol_port: 81 },
  ];
  const asked = { loadbalancer: { vip_subnet_id: PUBLIC_SUBNET, project_id: randomUUID(), listeners } };
  const { loadbalancer } = await trial.api('POST', '/lbaas/loadbalancers', asked);
  trial.loadBalancerId = loadbalancer.id;
  await trial.settle();
  const [web, other] = await Promise.all(
    ['web', 'other'].map(async (name) => (await trial.api('GET', `/lbaas/listeners?name=${name}`)).listeners.at(-1)),
  );
  const found = await trial.api('GET', `/lbaas/pools?loadbalancer_id=${loadbalancer.id}`);
  const [first] = found.pools;
  ids = { listener: web.id, other: other.id, pool: first.id, member: first.members[0].id };
}
beforeEach(() => grown());

type Interference = (amphoraId: string) => Partial<ApplyOutcome>;

/** Does the work while calls of the kind go wrong. */
async function disturbed<T>(
  call: 'apply' | 'plugNetwork',
  interfere: Interference,
  work: () => Promise<T>,
): Promise<T> {
  const { dataplane } = trial.world;
  const { apply, plugNetwork } = dataplane;
  dataplane.apply = async (amphora, tree) => {
    const more = call === 'apply' ? interfere(amphora.id) : {};
    return { ...(await apply(amphora, tree)), ...more };
  };
  dataplane.plugNetwork = async (amphora, plugged) => {
    if (call === 'plugNetwork') interfere(amphora.id);
    return plugNetwork(amphora, plugged);
  };
  try {
    return await work();
  } finally {
    Object.assign(dataplane, { apply, plugNetwork });
  }
}

const lost: Interference = () => {
  throw NOWHERE;
};

type Request = Parameters<Trial['api']>;

/** Sends a request and carries out what it asks for. */
async function change(...request: Request) {
  const answer = await trial.api(...request);
  await trial.settle();
  return answer;
}

const cutOff = (...request: Request) => disturbed('apply', lost, () => change(...request));
const rename = (listener = ids.other) =>
  change('PUT', `/lbaas/listeners/${listener}`, { listener: { name: randomUUID() } });
const POOL = () => `/lbaas/pools/${ids.pool}`;
const MEMBER = (id = ids.member) => `${POOL()}/members/${id}`;
const sourceIp = () => ['PUT', POOL(), { pool: { lb_algorithm: 'SOURCE_IP' } }] as const;

const WRAPPERS = { pools: 'pool', members: 'member', listeners: 'listener', loadbalancers: 'loadbalancer' } as const;

/** Status and reason as the API tells them; null when it is gone. */
async function shown(path: string): Promise<[status: string, reason: string | null] | null> {
  const wrapper = WRAPPERS[path.split('/').at(-2) as keyof typeof WRAPPERS];
  const answer = await trial.api('GET', path).catch(() => null);
  return answer && [answer[wrapper].provisioning_status, answer[wrapper].status_reason ?? null];
}

const BROKEN = ['ERROR', NOWHERE.message];
const WELL = ['ACTIVE', null];
const loadBalancer = () => shown(`/lbaas/loadbalancers/${trial.loadBalancerId}`);
const history = (): Promise<Operation[]> => operations.byLoadBalancer(harness.store.db, trial.loadBalancerId);
const inForce = (): string[] => [...trial.world.instances.values()].map(({ configuration }) => configuration ?? '');

/** What the reconciler does every few seconds. @returns operations it has submitted for this load balancer */
async function sweep(): Promise<Operation[]> {
  const before = new Set((await history()).map(({ id }) => id));
  const options = { providers: ['amphora'], retries: 3, retryIntervalSeconds: 0 };
  await new Sweeper(harness.store, harness.queue, SILENT_LOG, options).sweep();
  return (await history()).filter(({ id }) => !before.has(id));
}

describe('tried again by itself', () => {
  const CHANGES: [name: string, request: () => Request, path: () => string, after: typeof WELL | null][] = [
    ['update_pool', () => [...sourceIp()], POOL, WELL],
    ['update_member', () => ['PUT', MEMBER(), { member: { weight: 7 } }], MEMBER, WELL],
    [
      'update_listener',
      () => ['PUT', `/lbaas/listeners/${ids.listener}`, { listener: { name: 'x' } }],
      () => `/lbaas/listeners/${ids.listener}`,
      WELL,
    ],
    ['delete_member', () => ['DELETE', MEMBER()], MEMBER, null],
    ['delete_pool', () => ['DELETE', POOL()], POOL, null],
    [
      'delete_listener',
      () => ['DELETE', `/lbaas/listeners/${ids.listener}`],
      () => `/lbaas/listeners/${ids.listener}`,
      null,
    ],
  ];

  test.each(CHANGES)('%s', async (kind, request, path, after) => {
    await cutOff(...request());
    const [failed] = await history();
    expect([await shown(path()), await loadBalancer()]).toEqual([BROKEN, WELL]);
    expect(await sweep()).toMatchObject([
      { kind, retryOf: failed?.id, retryNumber: 1, resourceId: failed?.resourceId },
    ]);
    // Locked like any other change.
    expect((await loadBalancer())?.[0]).toBe('PENDING_UPDATE');
    expect(await sweep()).toEqual([]);
    await trial.settle();
    expect([await shown(path()), await loadBalancer()]).toEqual([after, WELL]);
    expect(await sweep()).toEqual([]);
  });

  test('a batch, with what it adds, changes and removes', async () => {
    const kept = (await change('POST', `${POOL()}/members`, { member: member(11) })).member.id;
    await cutOff('PUT', `${POOL()}/members`, { members: [{ ...member(11), weight: 9 }, member(12)] });
    const before = (await trial.api('GET', `${POOL()}/members`)).members;
    expect(before.map((row: { provisioning_status: string }) => row.provisioning_status)).toEqual(
      Array(3).fill('ERROR'),
    );
    expect(await sweep()).toMatchObject([{ kind: 'batch_update_members' }]);
    const waiting = (await trial.api('GET', `${POOL()}/members`)).members;
    expect(
      Object.fromEntries(
        waiting.map((row: { address: string; provisioning_status: string }) => [row.address, row.provisioning_status]),
      ),
    ).toEqual({ '192.0.2.10': 'PENDING_DELETE', '192.0.2.11': 'PENDING_UPDATE', '192.0.2.12': 'PENDING_CREATE' });
    await trial.settle();
    const { members } = await trial.api('GET', `${POOL()}/members`);
    expect(members).toMatchObject([
      { id: kept, weight: 9, provisioning_status: 'ACTIVE' },
      { address: '192.0.2.12', provisioning_status: 'ACTIVE' },
    ]);
    expect(await loadBalancer()).toEqual(WELL);
  });

  test('a batch, by hand, unless something has succeeded since', async () => {
    const resume = async () => {
      const [failed] = await history();
      await change('PUT', `/octavia/operations/${failed?.id}/resume`, { operation: { reason: 'mended' } });
    };
    await cutOff('PUT', `${POOL()}/members`, { members: [member(12)] });
    await resume();
    expect((await trial.api('GET', `${POOL()}/members`)).members).toMatchObject([
      { address: '192.0.2.12', provisioning_status: 'ACTIVE' },
    ]);
    await cutOff('PUT', `${POOL()}/members`, { members: [] });
    const [failed] = await history();
    await rename();
    const late = trial.api('PUT', `/octavia/operations/${failed?.id}/resume`, { operation: {} });
    await expect(late).rejects.toThrow('update_listener has succeeded since');
  });

  test('only so often, and only the last wish for it', async () => {
    await cutOff('PUT', POOL(), { pool: { name: 'first' } });
    await cutOff('PUT', POOL(), { pool: { name: 'second' } });
    const [newest] = await history();
    const chain: (string | undefined)[] = [newest?.id];
    await disturbed('apply', lost, async () => {
      for (let round = 0; round < 5; round++) {
        const [again] = await sweep();
        if (again === undefined) break;
        expect(again.retryOf).toBe(chain.at(-1));
        chain.push(again.id);
        await trial.settle();
      }
    });
    expect(chain).toHaveLength(4);
    expect(await shown(POOL())).toEqual(BROKEN);
  });

  test('what it hangs on waits with it: a refusal is one of this change', async () => {
    await cutOff('PUT', MEMBER(), { member: { weight: 7 } });
    await sweep();
    const waits = ['PENDING_UPDATE', null];
    expect([await shown(POOL()), await shown(`/lbaas/listeners/${ids.listener}`)]).toEqual([waits, waits]);
    expect(await shown(`/lbaas/listeners/${ids.other}`)).toEqual(WELL);
    await trial.settle();
    expect([await shown(POOL()), await shown(`/lbaas/listeners/${ids.listener}`)]).toEqual([WELL, WELL]);
  });

  test('not the deletion of a pool that a policy sends to by now', async () => {
    await cutOff('DELETE', POOL());
    const policy = { listener_id: ids.other, action: 'REDIRECT_TO_POOL', redirect_pool_id: ids.pool };
    await change('POST', '/lbaas/l7policies', { l7policy: policy });
    expect(await sweep()).toEqual([]);
    expect([await shown(POOL()), await loadBalancer()]).toEqual([BROKEN, WELL]);
  });

  test('not what an amphora refused', async () => {
    const refusal = new OctaviaError('AMPHORA_REFUSED', { id: 'a', status: 400, request: 'x', detail: 'no' });
    const refuse = () => {
      throw refusal;
    };
    await disturbed('apply', refuse, () => change(...sourceIp()));
    expect(await sweep()).toEqual([]);
    await rename();
    expect(await shown(POOL())).toEqual(['ERROR', refusal.message]);
  });
});

describe('in force by a later change', () => {
  test('is ACTIVE at once, without a reason, and not tried again', async () => {
    await cutOff('PUT', MEMBER(), { member: { weight: 7 } });
    await cutOff(...sourceIp());
    expect([await shown(POOL()), await shown(MEMBER())]).toEqual([BROKEN, BROKEN]);
    await rename();
    expect(inForce()).toEqual([expect.stringContaining('SOURCE_IP')]);
    expect([await shown(POOL()), await shown(MEMBER())]).toEqual([WELL, WELL]);
    expect(await sweep()).toEqual([]);
  });

  test('not while one of two amphorae has not heard of it', async () => {
    await grown('ACTIVE_STANDBY');
    await cutOff(...sourceIp());
    const [half] = trial.world.instances.keys();
    const halfLost: Interference = (id) => (id === half ? lost(id) : {});
    await disturbed('apply', halfLost, () => rename());
    expect(await shown(POOL())).toEqual(BROKEN);
    await rename();
    expect(await shown(POOL())).toEqual(WELL);
  });

  test('not what stands below a listener that the data plane does without', async () => {
    await cutOff('PUT', MEMBER(), { member: { weight: 7 } });
    await cutOff(...sourceIp());
    const unusable = [{ listenerId: ids.listener, reason: 'Refused.', code: 'CONFIGURATION_REFUSED' as const }];
    await disturbed(
      'apply',
      () => ({ unusable }),
      () => rename(),
    );
    const listener = `/lbaas/listeners/${ids.listener}`;
    const states = async () => [await shown(listener), await shown(POOL()), await shown(MEMBER())];
    expect(await states()).toEqual([['ERROR', 'Refused.'], BROKEN, BROKEN]);
    expect(await sweep()).toEqual([]);
    await rename();
    expect(await states()).toEqual([WELL, WELL, WELL]);
  });

  test('not a member whose network could not be plugged, by what plugs none', async () => {
    const asked = { member: { ...member(12), subnet_id: randomUUID() } };
    const created = await disturbed('plugNetwork', lost, () => change('POST', `${POOL()}/members`, asked));
    await rename();
    expect(await shown(MEMBER(created.member.id))).toEqual(BROKEN);
    expect(await sweep()).toMatchObject([{ kind: 'create_member' }]);
    await trial.settle();
    expect(await shown(MEMBER(created.member.id))).toEqual(WELL);
    expect(trial.world.changes.filter((text) => text.startsWith('+ network'))).toHaveLength(1);
  });

  test('what could not be deleted is not: it goes, whatever succeeds in between', async () => {
    const listener = `/lbaas/listeners/${ids.listener}`;
    await cutOff('DELETE', listener);
    // The listener waits with what it sends to.
    await change('PUT', MEMBER(), { member: { weight: 7 } });
    await cutOff('DELETE', MEMBER());
    await rename();
    await change('PUT', `/lbaas/loadbalancers/${trial.loadBalancerId}/failover`);
    expect([await shown(listener), await shown(MEMBER())]).toEqual([BROKEN, BROKEN]);
    for (let round = 0; round < 2; round++) {
      expect(await sweep()).toHaveLength(1);
      await trial.settle();
    }
    expect([await shown(listener), await shown(MEMBER()), await loadBalancer()]).toEqual([null, null, WELL]);
  });
});
