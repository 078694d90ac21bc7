/** Listeners, pools, members, health monitors, L7 policies and rules: made in every kind, changed, and removed. */
import { HealthMonitor, L7Policy, L7Rule, Listener, Member, Pool } from '../../data-models.ts';
import type { Method } from '../../driver-protocol.ts';
import type { Lock } from '../world.ts';
import { type Case, type Child, type Fixture, idOf } from './fixture.ts';

interface Kind<T extends Child> {
  method: string;
  list: Lock['list'];
  /** Where the fixture keeps the one that stays. */
  slot: 'listener' | 'pool' | 'member' | 'monitor' | 'policy' | 'rule';
  /** In each of these kinds one is made. */
  kinds: readonly string[];
  make(fixture: Fixture, kind: string): T;
  /** The new half of updates, by what they do. */
  updates: Readonly<Record<string, (id: string) => T>>;
}

/** The first that the driver makes stays; others go again at once. */
function creates<T extends Child>({ method, list, slot, kinds, make }: Kind<T>): Case[] {
  return kinds.map((kind) => ({
    name: `${method}_create${kind === '' ? '' : `: ${kind}`}`,
    async run(kit, fixture) {
      fixture.need('balancer');
      const object = make(fixture, kind);
      await kit.change(fixture.create(`${method}_create` as Method, list, object));
      if (fixture[slot] === null) Object.assign(fixture, { [slot]: object });
      else await kit.change(fixture.delete(`${method}_delete` as Method, list, object));
    },
  }));
}

const updatesOf = <T extends Child>({ method, list, slot, updates }: Kind<T>): Case[] =>
  Object.entries(updates).map(([what, change]) => ({
    name: `${method}_update: ${what}`,
    async run(kit, fixture) {
      const object = fixture.need(slot) as T;
      const half = change(idOf(object));
      await kit.change(fixture.update(`${method}_update` as Method, list, object, half));
      Object.assign(object, half.to_dict({ recurse: true }));
    },
  }));

const removal = <T extends Child>({ method, list, slot }: Kind<T>): Case => ({
  name: `${method}_delete`,
  async run(kit, fixture) {
    await kit.change(fixture.delete(`${method}_delete` as Method, list, fixture.need(slot)));
    Object.assign(fixture, { [slot]: null });
  },
});

const LISTENER: Kind<Listener> = {
  method: 'listener',
  list: 'listeners',
  slot: 'listener',
  kinds: ['HTTP', 'TCP', 'HTTPS', 'UDP', 'SCTP', 'PROMETHEUS'],
  make: (fixture, protocol) => fixture.newListener(protocol),
  updates: {
    'a name': (listener_id) => new Listener({ listener_id, name: 'another name' }),
    nothing: (listener_id) => new Listener({ listener_id }),
    'cleared, and off': (listener_id) => new Listener({ listener_id, description: null, admin_state_up: false }),
    'on again': (listener_id) => new Listener({ listener_id, admin_state_up: true }),
  },
};

/** Pools speak the protocol of the listener that there is. */
const protocolOf = (fixture: Fixture): string => String(fixture.listener?.protocol ?? 'TCP');

const POOL: Kind<Pool> = {
  method: 'pool',
  list: 'pools',
  slot: 'pool',
  kinds: ['ROUND_ROBIN', 'LEAST_CONNECTIONS', 'SOURCE_IP', 'SOURCE_IP_PORT'],
  make: (fixture, algorithm) => fixture.newPool(protocolOf(fixture), algorithm),
  updates: {
    'a name': (pool_id) => new Pool({ pool_id, name: 'another name' }),
    'cleared, and off': (pool_id) =>
      new Pool({ pool_id, description: null, session_persistence: null, admin_state_up: false }),
    'on again': (pool_id) => new Pool({ pool_id, admin_state_up: true }),
  },
};

const MEMBER: Kind<Member> = {
  method: 'member',
  list: 'members',
  slot: 'member',
  kinds: [''],
  make: (fixture) => {
    fixture.need('pool');
    return fixture.newMember();
  },
  updates: {
    'a weight': (member_id) => new Member({ member_id, weight: 5 }),
    'no new connections': (member_id) => new Member({ member_id, weight: 0 }),
    'cleared, and on': (member_id) => new Member({ member_id, name: null, weight: 1, admin_state_up: true }),
  },
};

const MONITOR: Kind<HealthMonitor> = {
  method: 'health_monitor',
  list: 'healthmonitors',
  slot: 'monitor',
  kinds: ['HTTP', 'TCP', 'PING', 'UDP-CONNECT'],
  make: (fixture, type) => {
    fixture.need('pool');
    return fixture.newMonitor(type);
  },
  updates: {
    'a delay': (healthmonitor_id) => new HealthMonitor({ healthmonitor_id, delay: 10 }),
    'cleared, and off': (healthmonitor_id) =>
      new HealthMonitor({ healthmonitor_id, name: null, admin_state_up: false }),
  },
};

const POLICY: Kind<L7Policy> = {
  method: 'l7policy',
  list: 'l7policies',
  slot: 'policy',
  kinds: ['REJECT', 'REDIRECT_TO_URL', 'REDIRECT_PREFIX', 'REDIRECT_TO_POOL'],
  make: (fixture, action) => {
    fixture.need('listener');
    if (action === 'REDIRECT_TO_POOL') fixture.need('pool');
    return fixture.newPolicy(action);
  },
  updates: {
    'a position': (l7policy_id) => new L7Policy({ l7policy_id, position: 2 }),
    'cleared, and off': (l7policy_id) => new L7Policy({ l7policy_id, name: null, admin_state_up: false }),
  },
};

const RULE: Kind<L7Rule> = {
  method: 'l7rule',
  list: 'l7rules',
  slot: 'rule',
  kinds: ['PATH', 'HOST_NAME', 'HEADER'],
  make: (fixture, type) => {
    fixture.need('policy');
    return fixture.newRule(type);
  },
  updates: {
    'a value': (l7rule_id) => new L7Rule({ l7rule_id, value: '/another' }),
    inverted: (l7rule_id) => new L7Rule({ l7rule_id, invert: true }),
  },
};

/** All members that the pool is to have: one that stays, one that goes, one that comes. */
const batch: Case = {
  name: 'member_batch_update: one stays, one goes, one comes',
  async run(kit, fixture) {
    const stays = fixture.need('member');
    const pool = idOf(fixture.need('pool'));
    const goes = fixture.newMember();
    await kit.change(fixture.create('member_create', 'members', goes));
    const changed = new Member({ ...stays.to_dict(), weight: 7 });
    const comes = fixture.newMember();
    const base = fixture.update('member_batch_update', 'members', stays, changed);
    await kit.change({
      ...base,
      arguments: [pool, [changed, comes]],
      locks: [
        { list: 'members', id: idOf(goes), waits: 'PENDING_DELETE' },
        { list: 'members', id: idOf(comes), waits: 'PENDING_CREATE', model: comes },
        ...base.locks,
      ],
    });
    Object.assign(stays, { weight: 7 });
    fixture.member = stays;
    // The one that came goes, so that one is left.
    await kit.change(fixture.delete('member_delete', 'members', comes));
  },
};

const emptyBatch: Case = {
  name: 'member_batch_update: none is left',
  async run(kit, fixture) {
    const goes = fixture.need('member');
    const change = fixture.delete('member_batch_update', 'members', goes);
    await kit.change({ ...change, arguments: [idOf(fixture.need('pool')), []] });
    fixture.member = null;
  },
};

const usePool: Case = {
  name: 'listener_update: a default pool',
  async run(kit, fixture) {
    const listener = fixture.need('listener');
    const default_pool_id = idOf(fixture.need('pool'));
    const half = new Listener({ listener_id: idOf(listener), default_pool_id });
    const change = fixture.update('listener_update', 'listeners', listener, half);
    await kit.change(change);
    listener.default_pool_id = default_pool_id;
  },
};

const leavePool: Case = {
  name: 'listener_update: no default pool',
  async run(kit, fixture) {
    const listener = fixture.need('listener');
    const half = new Listener({ listener_id: idOf(listener), default_pool_id: null });
    await kit.change(fixture.update('listener_update', 'listeners', listener, half));
    listener.default_pool_id = null;
  },
};

export const CHILDREN: readonly Case[] = [
  ...creates(LISTENER),
  ...updatesOf(LISTENER),
  ...creates(POOL),
  ...updatesOf(POOL),
  usePool,
  ...creates(MEMBER),
  ...updatesOf(MEMBER),
  batch,
  ...creates(MONITOR),
  ...updatesOf(MONITOR),
  ...creates(POLICY),
  ...updatesOf(POLICY),
  ...creates(RULE),
  ...updatesOf(RULE),
];

/** From the leaves to the root; a batch that leaves no member comes last of all that changes members. */
export const REMOVALS: readonly Case[] = [
  removal(RULE),
  removal(POLICY),
  removal(MONITOR),
  emptyBatch,
  ...creates(MEMBER).map((one) => ({ ...one, name: 'member_create: again' })),
  removal(MEMBER),
  leavePool,
  removal(POOL),
  removal(LISTENER),
];
