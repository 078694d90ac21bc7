/** What every flow leaves behind when it succeeds and when it fails (contributor requirements, "What a failed flow leaves"). */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Operation, OperationKind, ResourceType } from '../../src/domain/operations.ts';
import type { HealthMonitor, L7Policy, L7Rule, LoadBalancer, Resource } from '../../src/domain/resources.ts';
import type { ProvisioningStatus } from '../../src/domain/statuses.ts';
import { OctaviaError } from '../../src/errors.ts';
import { requestAmphoraFailover, requestCertificateRotation } from '../../src/flows/failover-requests.ts';
import type { Step } from '../../src/flows/flow.ts';
import { flowOf as releasedFlowOf } from '../../src/flows/registry.ts';
import type { Executor } from '../../src/store/core/database.ts';
import type { NewOperation } from '../../src/store/operations/operations.ts';
import * as amphorae from '../../src/store/resources/amphorae.ts';
import * as healthMonitors from '../../src/store/resources/health-monitors.ts';
import * as l7policies from '../../src/store/resources/l7-policies.ts';
import * as l7rules from '../../src/store/resources/l7-rules.ts';
import * as listeners from '../../src/store/resources/listeners.ts';
import * as loadBalancers from '../../src/store/resources/load-balancers.ts';
import * as members from '../../src/store/resources/members.ts';
import * as pools from '../../src/store/resources/pools.ts';
import { makeHealthMonitor, makeL7Policy, makeL7Rule } from '../dataplane/support/tree.ts';
import { setStatuses } from '../support/statuses.ts';
import { aListener, aMember, aPool } from '../support/store.ts';
import { Lab, twice } from './lab.ts';

let lab: Lab;
beforeAll(async () => {
  lab = await Lab.open();
});
afterAll(() => lab.close());
beforeEach(() => lab.calm());

type Child = Exclude<ResourceType, 'load_balancer' | 'amphora'>;
const CHILDREN: Child[] = ['listener', 'pool', 'member', 'health_monitor', 'l7policy', 'l7rule'];

interface ChildStore {
  get(executor: Executor, id: string): Promise<Resource | null>;
}
const STORES: Record<Child, ChildStore> = {
  listener: listeners,
  pool: pools,
  member: members,
  health_monitor: healthMonitors,
  l7policy: l7policies,
  l7rule: l7rules,
};

/** What the API makes wait with an object: everything it hangs on. */
const WAIT_WITH: Record<Child, Child[]> = {
  listener: [],
  pool: ['listener'],
  member: ['pool', 'listener'],
  health_monitor: ['pool', 'listener'],
  l7policy: ['listener'],
  l7rule: ['l7policy', 'listener'],
};

interface Tree {
  loadBalancer: LoadBalancer;
  ids: Record<Child, string>;
}

/** A load balancer that works, with one object of each kind. */
async function grown(): Promise<Tree> {
  const loadBalancer = await lab.balancer('SINGLE');
  const fresh = <T extends Resource>(made: T, more: Partial<T>): T => ({
    ...made,
    ...more,
    id: crypto.randomUUID(),
    provisioningStatus: 'ACTIVE',
  });
  const pool = aPool(loadBalancer.id);
  const listener = aListener(loadBalancer.id, { defaultPoolId: pool.id });
  const member = aMember(pool.id);
  const monitor: HealthMonitor = fresh(makeHealthMonitor(1), { poolId: pool.id });
  const policy: L7Policy = fresh(makeL7Policy(1), { listenerId: listener.id, redirectPoolId: null });
  const rule: L7Rule = fresh(makeL7Rule(1), { l7policyId: policy.id });
  await lab.store.transaction(async (tx) => {
    await pools.insert(tx, pool);
    await listeners.insert(tx, listener);
    await members.insert(tx, member);
    await healthMonitors.insert(tx, monitor);
    await l7policies.insert(tx, policy);
    await l7rules.insert(tx, rule);
  });
  const ids = { listener: listener.id, pool: pool.id, member: member.id, health_monitor: monitor.id };
  return { loadBalancer, ids: { ...ids, l7policy: policy.id, l7rule: rule.id } };
}

type Verb = 'create' | 'update' | 'delete';
const PENDING = { create: 'PENDING_CREATE', update: 'PENDING_UPDATE', delete: 'PENDING_DELETE' } as const;

/** Sets what the API sets for a change of the object. */
async function wait({ loadBalancer, ids }: Tree, child: Child, status: ProvisioningStatus): Promise<void> {
  await lab.pending(loadBalancer.id);
  const { db } = lab.store;
  for (const above of WAIT_WITH[child]) {
    await setStatuses(db, above, ids[above], { provisioningStatus: 'PENDING_UPDATE' });
  }
  await setStatuses(db, child, ids[child], { provisioningStatus: status });
}

async function statuses({ loadBalancer, ids }: Tree): Promise<Record<string, string>> {
  const { db } = lab.store;
  const shown: Record<string, string> = {
    load_balancer: (await loadBalancers.get(db, loadBalancer.id))?.provisioningStatus ?? 'gone',
  };
  for (const child of CHILDREN) {
    shown[child] = (await STORES[child].get(db, ids[child]))?.provisioningStatus ?? 'gone';
  }
  return shown;
}

/** Those of the kinds, of what is left of the tree, that have a time of their last change. */
async function timed({ loadBalancer, ids }: Tree, kinds: readonly Child[]): Promise<string[]> {
  const { db } = lab.store;
  const found = await Promise.all(kinds.map(async (kind) => ({ kind, row: await STORES[kind].get(db, ids[kind]) })));
  const top = { kind: 'load_balancer', row: await loadBalancers.get(db, loadBalancer.id) };
  return [top, ...found].filter(({ row }) => (row?.updatedAt ?? null) !== null).map(({ kind }) => kind);
}

const ALL_ACTIVE = Object.fromEntries(['load_balancer', ...CHILDREN].map((kind) => [kind, 'ACTIVE']));
/** What goes with an object. */
const GOES_WITH: Record<Child, Child[]> = {
  listener: ['l7policy', 'l7rule'],
  pool: ['member', 'health_monitor'],
  member: [],
  health_monitor: [],
  l7policy: ['l7rule'],
  l7rule: [],
};

const CASES = CHILDREN.flatMap((child) =>
  (['create', 'update', 'delete'] as Verb[]).map((verb) => [verb, child] as const),
);
const refusal = new OctaviaError('AMPHORA_REFUSED', { id: 'x', status: 400, request: 'PUT', detail: 'bad line' });
const refuse = (call: string) => {
  if (call === 'dataplane.apply') throw refusal;
};

describe('children', () => {
  test.each(CASES)('%s %s succeeds', async (verb, child) => {
    const tree = await grown();
    await wait(tree, child, PENDING[verb]);
    const resource = { type: child, id: tree.ids[child] };
    const kind = `${verb}_${child}` as OperationKind;
    const operation = await lab.run(kind, tree.loadBalancer, { resource, input: {}, flowOf: twice });
    expect(operation).toMatchObject({ state: 'succeeded', reason: null });
    const gone = verb === 'delete' ? [child, ...GOES_WITH[child]] : [];
    expect(await statuses(tree)).toEqual({ ...ALL_ACTIVE, ...Object.fromEntries(gone.map((kind) => [kind, 'gone'])) });
    const waited = [child, ...WAIT_WITH[child]].filter((kind) => !gone.includes(kind));
    expect(await timed(tree, CHILDREN)).toEqual(['load_balancer', ...CHILDREN.filter((kind) => waited.includes(kind))]);
  });

  test.each(CASES)('%s %s fails: only the object is in ERROR, and says why', async (verb, child) => {
    const tree = await grown();
    await wait(tree, child, PENDING[verb]);
    lab.interfere = refuse;
    const resource = { type: child, id: tree.ids[child] };
    const operation = await lab.run(`${verb}_${child}` as OperationKind, tree.loadBalancer, { resource, input: {} });
    expect(operation).toMatchObject({ state: 'failed', reason: refusal.message, cause: 'AMPHORA_REFUSED' });
    expect(await statuses(tree)).toEqual({ ...ALL_ACTIVE, [child]: 'ERROR' });
    expect(await STORES[child].get(lab.store.db, tree.ids[child])).toMatchObject({ statusReason: refusal.message });
    expect(await timed(tree, [child])).toEqual(['load_balancer', child]);
  });

  test.each([
    ['update_member', 'member'],
    ['failover_load_balancer', null],
  ] as const)('%s fails: what was in ERROR before has its own reason again', async (kind, child) => {
    const tree = await grown();
    const { db } = lab.store;
    await setStatuses(db, 'listener', tree.ids.listener, {
      provisioningStatus: 'ERROR',
      statusReason: 'Its own.',
      statusCode: 'AMPHORA_REFUSED',
    });
    if (child === null) await lab.pending(tree.loadBalancer.id);
    else await wait(tree, child, 'PENDING_UPDATE');
    lab.interfere = refuse;
    const resource = child === null ? {} : { resource: { type: child, id: tree.ids[child] } };
    const input = child === null ? { topology: 'SINGLE' as const } : {};
    expect(await lab.run(kind, tree.loadBalancer, { ...resource, input })).toMatchObject({ state: 'failed' });
    const failed = child ?? 'load_balancer';
    expect(await statuses(tree)).toEqual({ ...ALL_ACTIVE, listener: 'ERROR', [failed]: 'ERROR' });
    expect(await listeners.get(db, tree.ids.listener)).toMatchObject({
      statusReason: 'Its own.',
      statusCode: 'AMPHORA_REFUSED',
    });
  });

  test('a batch fails: every member of it is in ERROR, the others are not', async () => {
    const tree = await grown();
    const added = aMember(tree.ids.pool, { address: '198.18.8.11', provisioningStatus: 'PENDING_CREATE' });
    const bystander = aMember(tree.ids.pool, { address: '198.18.8.12' });
    await lab.store.transaction(async (tx) => {
      await members.insert(tx, added);
      await members.insert(tx, bystander);
    });
    await wait(tree, 'member', 'PENDING_DELETE');
    lab.interfere = refuse;
    await lab.run('batch_update_members', tree.loadBalancer, {
      resource: { type: 'pool', id: tree.ids.pool },
      input: { memberIds: [tree.ids.member, added.id] },
    });
    expect(await statuses(tree)).toEqual({ ...ALL_ACTIVE, member: 'ERROR' });
    const statusOf = async (id: string) => (await members.get(lab.store.db, id))?.provisioningStatus;
    expect([await statusOf(added.id), await statusOf(bystander.id)]).toEqual(['ERROR', 'ACTIVE']);
  });

  test('a change beside a listener in ERROR tries it again: ACTIVE when it is served, else ERROR as before', async () => {
    const tree = await grown();
    const { db } = lab.store;
    const broken = {
      protocolPort: 8080,
      provisioningStatus: 'ERROR',
      statusReason: 'Before.',
      statusCode: 'AMPHORA_REFUSED',
    } as const;
    const other = aListener(tree.loadBalancer.id, broken);
    await lab.store.transaction((tx) => listeners.insert(tx, other));
    const resource = { type: 'listener' as const, id: tree.ids.listener };
    const change = async () => {
      await wait(tree, 'listener', 'PENDING_UPDATE');
      await lab.run('update_listener', tree.loadBalancer, { resource, input: {} });
      return listeners.get(db, other.id);
    };
    lab.interfere = refuse;
    expect(await change()).toMatchObject({ provisioningStatus: 'ERROR', statusReason: 'Before.' });
    expect(await statuses(tree)).toEqual({ ...ALL_ACTIVE, listener: 'ERROR' });
    lab.calm();
    expect(await change()).toMatchObject({ provisioningStatus: 'ACTIVE', statusReason: null });
    expect(await statuses(tree)).toEqual(ALL_ACTIVE);
  });

  test('a listener the data plane cannot serve is in ERROR though the change succeeded', async () => {
    const tree = await grown();
    await wait(tree, 'listener', 'PENDING_CREATE');
    const original = lab.dataplane.apply.bind(lab.dataplane);
    const unusable = [
      {
        listenerId: tree.ids.listener,
        reason: 'The certificate cannot be read.',
        code: 'CERTIFICATE_UNREADABLE' as const,
      },
    ];
    lab.dataplane.apply = async (amphora, given) => ({ ...(await original(amphora, given)), unusable });
    const resource = { type: 'listener' as const, id: tree.ids.listener };
    const operation = await lab.run('create_listener', tree.loadBalancer, { resource, input: {} });
    lab.dataplane.apply = original;
    expect(operation.state).toBe('succeeded');
    expect(await statuses(tree)).toEqual({ ...ALL_ACTIVE, listener: 'ERROR' });
  });

  test('a failover leaves a listener in ERROR that the new amphora cannot serve, and the load balancer ACTIVE', async () => {
    const tree = await grown();
    const unusable = [{ listenerId: tree.ids.listener, reason: 'Refused.', code: 'CONFIGURATION_REFUSED' as const }];
    const original = lab.dataplane.apply.bind(lab.dataplane);
    lab.dataplane.apply = async (amphora, given) => ({ ...(await original(amphora, given)), unusable });
    await setStatuses(lab.store.db, 'load_balancer', tree.loadBalancer.id, { provisioningStatus: 'ERROR' });
    const operation = await lab.failover(tree.loadBalancer);
    lab.dataplane.apply = original;
    expect(operation.state).toBe('succeeded');
    expect(await statuses(tree)).toEqual({ ...ALL_ACTIVE, listener: 'ERROR' });
    expect(await listeners.get(lab.store.db, tree.ids.listener)).toMatchObject({ statusReason: 'Refused.' });
  });

  test('every amphora that may serve gets the configuration, and none that goes', async () => {
    const loadBalancer = await lab.balancer('ACTIVE_STANDBY');
    const [master, backup] = await lab.amphorae(loadBalancer);
    await amphorae.update(lab.store.db, master?.id ?? '', { status: 'FAILOVER_STOPPED' });
    const applied = async () => {
      lab.calls.length = 0;
      await lab.pending(loadBalancer.id);
      await lab.run('update_load_balancer', loadBalancer);
      return lab.calls.filter(({ call }) => call === 'dataplane.apply').map(({ amphoraId }) => amphoraId);
    };
    expect((await applied()).toSorted()).toEqual([master?.id, backup?.id].toSorted());
    await amphorae.update(lab.store.db, backup?.id ?? '', { status: 'PENDING_DELETE' });
    expect(await applied()).toEqual([master?.id]);
  });
});

describe('load balancer', () => {
  test('a failed update leaves its children in force', async () => {
    const tree = await grown();
    await lab.pending(tree.loadBalancer.id);
    lab.interfere = refuse;
    await lab.run('update_load_balancer', tree.loadBalancer);
    expect(await statuses(tree)).toEqual({ ...ALL_ACTIVE, load_balancer: 'ERROR' });
  });

  test('FM-LB-12 an update carries security groups to all ports, the QoS policy to those of amphorae, where traffic passes', async () => {
    const { loadBalancer } = await grown();
    const policies = { qosPolicyId: crypto.randomUUID(), securityGroupIds: [crypto.randomUUID()] };
    await loadBalancers.update(lab.store.db, loadBalancer.id, { vip: { ...loadBalancer.vip, ...policies } });
    await lab.pending(loadBalancer.id);
    await lab.run('update_load_balancer', loadBalancer, { flowOf: twice });
    const [amphora] = await lab.amphorae(loadBalancer);
    expect(await lab.network.getPort(amphora?.vrrpPortId ?? '')).toMatchObject(policies);
    const { securityGroupIds } = policies;
    expect(await lab.network.getPort(loadBalancer.vip.portId ?? '')).toMatchObject({
      securityGroupIds,
      qosPolicyId: null,
    });
  });

  test('a delete takes everything below it', async () => {
    const tree = await grown();
    await lab.pending(tree.loadBalancer.id, 'PENDING_DELETE');
    lab.interfere = refuse;
    expect(await lab.run('delete_load_balancer', tree.loadBalancer)).toMatchObject({ state: 'succeeded' });
    expect(new Set(Object.values(await statuses(tree)))).toEqual(new Set(['gone']));
    expect(lab.calls.map(({ call }) => call)).not.toContain('dataplane.apply');
  });

  test('a delete gives the VIP up last: when anything before fails, its address is still taken', async () => {
    const tree = await grown();
    await lab.pending(tree.loadBalancer.id, 'PENDING_DELETE');
    const { portId } = tree.loadBalancer.vip;
    lab.interfere = (call, id) => {
      if (call === 'network.deletePort' && id === portId) throw new Error('not now');
    };
    expect(await lab.run('delete_load_balancer', tree.loadBalancer)).toMatchObject({ state: 'failed' });
    // Others hear of what has happened, not of what was about to.
    expect(lab.notifications).toEqual([]);
    lab.calm();
    await lab.pending(tree.loadBalancer.id, 'PENDING_DELETE');
    await lab.run('delete_load_balancer', tree.loadBalancer);
    expect(lab.notifications.map(({ event_type }) => event_type)).toEqual(['octavia.loadbalancer.delete.end']);
    expect(await lab.network.getPort(portId ?? '')).toBeNull();
  });
});

describe('single amphorae', () => {
  const FAILING = {
    rotate_amphora_certificate: 'dataplane.uploadCertificate',
    update_amphora_configuration: 'dataplane.updateAgentConfiguration',
    delete_amphora: 'compute.delete',
  } as const;
  const KINDS = Object.keys(FAILING) as (keyof typeof FAILING)[];

  async function amphora() {
    const tree = await grown();
    const [found] = await lab.amphorae(tree.loadBalancer);
    if (!found) throw new Error('not built');
    await amphorae.update(lab.store.db, found.id, { certBusy: true });
    return { tree, id: found.id, resource: { type: 'amphora' as const, id: found.id } };
  }

  test.each(KINDS)('%s fails: the amphora is in ERROR, its load balancer as it was', async (kind) => {
    const { tree, id, resource } = await amphora();
    // Another change waits meanwhile: it must go on waiting.
    await wait(tree, 'pool', 'PENDING_UPDATE');
    const before = await statuses(tree);
    lab.interfere = (call) => {
      if (call === FAILING[kind]) throw refusal;
    };
    expect(await lab.run(kind, tree.loadBalancer, { resource })).toMatchObject({ state: 'failed' });
    expect(await amphorae.get(lab.store.db, id)).toMatchObject({ status: 'ERROR', certBusy: true });
    expect(await statuses(tree)).toEqual(before);
  });

  test('a certificate that is renewed at the second try leaves no ERROR behind', async () => {
    const { tree, id, resource } = await amphora();
    lab.interfere = (call) => {
      if (call === 'dataplane.uploadCertificate') throw refusal;
    };
    await lab.run('rotate_amphora_certificate', tree.loadBalancer, { resource });
    expect(await amphorae.get(lab.store.db, id)).toMatchObject({ status: 'ERROR' });
    lab.calm();
    await lab.run('rotate_amphora_certificate', tree.loadBalancer, { resource });
    expect(await amphorae.get(lab.store.db, id)).toMatchObject({ status: 'ALLOCATED', certBusy: false });
  });

  test.each(KINDS)('%s succeeds, also twice: its load balancer as it was', async (kind) => {
    const { tree, id, resource } = await amphora();
    await wait(tree, 'pool', 'PENDING_UPDATE');
    const before = await statuses(tree);
    const former = await amphorae.get(lab.store.db, id);
    const operation = await lab.run(kind, tree.loadBalancer, { resource, flowOf: twice });
    expect(operation).toMatchObject({ state: 'succeeded' });
    const now = await amphorae.get(lab.store.db, id);
    if (kind === 'delete_amphora') {
      expect(now).toBeNull();
      expect(await lab.leftovers()).not.toContain(`amphora-${id}`);
    }
    if (kind === 'rotate_amphora_certificate') {
      expect(now).toMatchObject({ certBusy: false, status: 'ALLOCATED' });
      expect(now?.certExpiration?.getTime()).toBeGreaterThan(former?.certExpiration?.getTime() ?? 0);
    }
    if (kind === 'update_amphora_configuration') {
      const sent = lab.dataplane.calls.findLast(({ call }) => call === 'updateAgentConfiguration');
      expect(sent).toMatchObject({ amphoraId: id, text: `amphora_id = ${id}` });
    }
    expect(await statuses(tree)).toEqual(before);
  });

  test.each([...KINDS, 'failover_amphora'] as const)('%s of one that is gone meanwhile ends well', async (kind) => {
    const { tree, id, resource } = await amphora();
    await lab.compute.delete(id);
    await lab.network.deletePort((await amphorae.get(lab.store.db, id))?.vrrpPortId ?? '');
    await amphorae.update(lab.store.db, id, { status: 'DELETED' });
    if (kind === 'failover_amphora') await lab.pending(tree.loadBalancer.id);
    expect(await lab.run(kind, tree.loadBalancer, { resource })).toMatchObject({ state: 'succeeded' });
    expect(await statuses(tree)).toEqual(ALL_ACTIVE);
  });

  test('the controller asks for a failover once, and only where nothing else is at work', async () => {
    const { tree, id } = await amphora();
    const submitted: NewOperation[] = [];
    const queue = { submit: async (_tx: unknown, operation: NewOperation) => void submitted.push(operation) };
    await lab.store.pool.query('insert into amphora_health (amphora_id, last_update) values ($1, now())', [id]);
    const ask = () => lab.store.transaction((tx) => requestAmphoraFailover(tx, queue, id, 'no heartbeat for 75 s'));
    expect(await ask()).toBe('queued');
    expect(await ask()).toBe('busy');
    expect(submitted).toMatchObject([
      {
        kind: 'failover_amphora',
        loadBalancerId: tree.loadBalancer.id,
        resourceId: id,
        input: { topology: 'SINGLE', cause: 'no heartbeat for 75 s' },
      },
    ]);
    expect((await statuses(tree)).load_balancer).toBe('PENDING_UPDATE');
    const { rows } = await lab.store.pool.query('select busy from amphora_health where amphora_id = $1', [id]);
    expect(rows).toEqual([{ busy: true }]);
    await setStatuses(lab.store.db, 'load_balancer', tree.loadBalancer.id, { provisioningStatus: 'ERROR' });
    expect(await ask()).toBe('queued');
    await amphorae.update(lab.store.db, id, { status: 'DELETED' });
    expect(await ask()).toBe('gone');
  });

  test('the controller asks for a fresh certificate once, and leaves the load balancer alone', async () => {
    const { tree, id } = await amphora();
    await amphorae.update(lab.store.db, id, { certBusy: false });
    const submitted: NewOperation[] = [];
    const queue = { submit: async (_tx: unknown, operation: NewOperation) => void submitted.push(operation) };
    const ask = () => lab.store.transaction((tx) => requestCertificateRotation(tx, queue, id));
    expect([await ask(), await ask()]).toEqual(['queued', 'busy']);
    expect(submitted).toMatchObject([{ kind: 'rotate_amphora_certificate', resourceId: id }]);
    expect(await statuses(tree)).toEqual(ALL_ACTIVE);
    await amphorae.update(lab.store.db, id, { status: 'PENDING_DELETE' });
    expect(await ask()).toBe('gone');
  });
});

test.each([
  [0, 50],
  [25, 25],
  [3_600, 20],
])(
  'an operation that waited %i s for its turn has %i s for amphorae, so it ends within a minute',
  async (waited, left) => {
    const loadBalancer = await lab.balancer('SINGLE');
    await lab.pending(loadBalancer.id);
    let remaining = 0;
    const asks: Step = {
      name: 'ask',
      async run({ remainingMs }) {
        remaining = remainingMs();
        return undefined;
      },
    };
    lab.waitedMs = waited * 1000;
    const flowOf = (operation: Operation) => ({ ...releasedFlowOf(operation), steps: () => [asks] });
    expect(await lab.run('update_load_balancer', loadBalancer, { flowOf })).toMatchObject({ state: 'succeeded' });
    expect(Math.abs(remaining / 1000 - left)).toBeLessThan(4);
  },
);

test('what other services take is not gone from it', async () => {
  const loadBalancer = await lab.balancer('SINGLE');
  await lab.pending(loadBalancer.id);
  let remaining = 0;
  const asks: Step = {
    name: 'ask',
    async run({ remainingMs, elsewhere }) {
      await elsewhere(async () => {
        lab.waitedMs += 30_000;
      });
      lab.waitedMs += 10_000;
      remaining = remainingMs();
      return undefined;
    },
  };
  const flowOf = (operation: Operation) => ({ ...releasedFlowOf(operation), steps: () => [asks] });
  expect(await lab.run('update_load_balancer', loadBalancer, { flowOf })).toMatchObject({ state: 'succeeded' });
  expect(Math.abs(remaining / 1000 - 40)).toBeLessThan(4);
});
