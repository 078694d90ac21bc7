/** For each kind of operation, what is there before and who asks for it. A kind without a set-up fails the enumeration. */
import { randomUUID } from 'node:crypto';
import type { OperationKind } from '../../../src/domain/operations.ts';
import type { Topology } from '../../../src/domain/statuses.ts';
import { requestAmphoraFailover, requestCertificateRotation } from '../../../src/flows/failover-requests.ts';
import * as amphorae from '../../../src/store/resources/amphorae.ts';
import { PUBLIC_SUBNET, type Trial } from './harness.ts';
import type { Expectations } from './rest.ts';

export interface SetUp {
  kind: OperationKind;
  topology: Topology;
  /** What distinguishes it from others of the kind. */
  title: string;
  /** Whether a whole load balancer is there before. */
  built: boolean;
  /** Whether the same may be asked again of what is there afterwards: trials then share a load balancer. */
  repeatable: boolean;
  /** What it does not leave whole, and what a failure of it does not. */
  always: Partial<Expectations>;
  failed: Partial<Expectations>;
  ask(trial: Trial): Promise<unknown>;
}

const member = (host: number, subnet?: string) => ({
  address: `192.0.2.${host}`,
  protocol_port: 80,
  ...(subnet ? { subnet_id: subnet } : {}),
});

/** One of everything, with a member on a network of its own. */
const tree = () => ({
  loadbalancer: {
    vip_subnet_id: PUBLIC_SUBNET,
    project_id: randomUUID(),
    listeners: [
      {
        name: 'web',
        protocol: 'HTTP',
        protocol_port: 80,
        default_pool: {
          name: 'pool',
          protocol: 'HTTP',
          lb_algorithm: 'ROUND_ROBIN',
          healthmonitor: { type: 'HTTP', delay: 5, timeout: 2, max_retries: 2 },
          members: [member(10), member(11, randomUUID())],
        },
        l7policies: [{ action: 'REJECT', rules: [{ type: 'PATH', compare_type: 'STARTS_WITH', value: '/x' }] }],
      },
    ],
  },
});

export async function create(trial: Trial): Promise<void> {
  const { loadbalancer } = await trial.api('POST', '/lbaas/loadbalancers', tree());
  trial.loadBalancerId = loadbalancer.id;
}

export async function build(trial: Trial): Promise<void> {
  await create(trial);
  await trial.settle();
}

const listed = async (trial: Trial, kind: string, filter: string) =>
  Object.values(await trial.api('GET', `/lbaas/${kind}?${filter}`))[0] as { id: string; address: string }[];
const lb = (trial: Trial) => `/lbaas/loadbalancers/${trial.loadBalancerId}`;
const first = <T>([row]: T[]): T => {
  if (row === undefined) throw new Error('nothing there');
  return row;
};
const listener = async (trial: Trial) =>
  first(await listed(trial, 'listeners', `load_balancer_id=${trial.loadBalancerId}`)).id;
const pool = async (trial: Trial) => first(await listed(trial, 'pools', `loadbalancer_id=${trial.loadBalancerId}`)).id;
const monitor = async (trial: Trial) => first(await listed(trial, 'healthmonitors', `pool_id=${await pool(trial)}`)).id;
const policy = async (trial: Trial) =>
  first(await listed(trial, 'l7policies', `listener_id=${await listener(trial)}`)).id;
const members = async (trial: Trial) => `/lbaas/pools/${await pool(trial)}/members`;
const rules = async (trial: Trial) => `/lbaas/l7policies/${await policy(trial)}/rules`;
/** The one that is not a backup. */
const amphora = async ({ harness, loadBalancerId }: Trial) =>
  first((await amphorae.byLoadBalancer(harness.store.db, loadBalancerId)).filter(({ role }) => role !== 'BACKUP')).id;
/** The member on a network of its own. */
const faraway = async (trial: Trial) => {
  const { members: all } = await trial.api('GET', await members(trial));
  return (all as { id: string; subnet_id: string | null }[]).find(({ subnet_id }) => subnet_id)?.id ?? '';
};

/** A member in one more subnet of a member's network, or of the VIP's. */
async function beside(trial: Trial, which: 'member' | 'VIP'): Promise<{ id: string }> {
  const { members: all } = await trial.api('GET', await members(trial));
  const known =
    which === 'VIP' ? PUBLIC_SUBNET : first((all as { subnet_id: string }[]).filter((m) => m.subnet_id)).subnet_id;
  const subnet = randomUUID();
  // Not of 10.0.0.0/8: one in 253 networks would have the same addresses twice, and the trial an address that is taken.
  await trial.harness.store.pool.query(
    `insert into local_subnet (id, network_id, name, cidr, ip_version)
      select $1, network_id, 'beside', '172.30.0.0/16', 4 from local_subnet where id = $2`,
    [subnet, known],
  );
  return (await trial.api('POST', await members(trial), { member: member(13, subnet) })).member;
}

/** The amphora alone is in question. */
const ALONE: Partial<SetUp> = { failed: { serving: false } };
const BOTH: Topology[] = ['SINGLE', 'ACTIVE_STANDBY'];

const on = (topologies: Topology[], kind: OperationKind, ask: SetUp['ask'], more: Partial<SetUp> = {}): SetUp[] =>
  topologies.map((topology) => ({
    kind,
    topology,
    title: topology,
    built: true,
    repeatable: /^(update|failover|rotate)_/.test(kind),
    always: {},
    failed: {},
    ask,
    ...more,
  }));
const one = (kind: OperationKind, ask: SetUp['ask'], more: Partial<SetUp> = {}) => on(['SINGLE'], kind, ask, more);

export const SET_UPS: SetUp[] = [
  ...on(BOTH, 'create_load_balancer', create, { built: false }),
  ...on(BOTH, 'update_load_balancer', (trial) =>
    trial.api('PUT', lb(trial), { loadbalancer: { name: 'other', vip_qos_policy_id: null } }),
  ),
  ...on(BOTH, 'delete_load_balancer', (trial) => trial.api('DELETE', `${lb(trial)}?cascade=true`), {
    failed: { vipPort: false },
  }),
  ...on(BOTH, 'failover_load_balancer', (trial) => trial.api('PUT', `${lb(trial)}/failover`)),
  ...one('create_listener', async (trial) =>
    trial.api('POST', '/lbaas/listeners', {
      listener: { loadbalancer_id: trial.loadBalancerId, protocol: 'TCP', protocol_port: 81 },
    }),
  ),
  ...one('update_listener', async (trial) =>
    trial.api('PUT', `/lbaas/listeners/${await listener(trial)}`, { listener: { connection_limit: 7 } }),
  ),
  ...one('delete_listener', async (trial) => trial.api('DELETE', `/lbaas/listeners/${await listener(trial)}`)),
  ...one('create_pool', async (trial) =>
    trial.api('POST', '/lbaas/pools', {
      pool: { loadbalancer_id: trial.loadBalancerId, protocol: 'HTTP', lb_algorithm: 'ROUND_ROBIN' },
    }),
  ),
  ...one('update_pool', async (trial) =>
    trial.api('PUT', `/lbaas/pools/${await pool(trial)}`, { pool: { lb_algorithm: 'SOURCE_IP' } }),
  ),
  ...one('delete_pool', async (trial) => trial.api('DELETE', `/lbaas/pools/${await pool(trial)}`)),
  ...on(BOTH, 'create_member', async (trial) =>
    trial.api('POST', await members(trial), { member: member(12, randomUUID()) }),
  ),
  ...(['member', 'VIP'] as const).flatMap((which) => [
    ...one('create_member', (trial) => beside(trial, which), { title: `in another subnet of the ${which}'s network` }),
    ...one(
      'delete_member',
      async (trial) => {
        const { id } = await beside(trial, which);
        await trial.settle();
        return trial.api('DELETE', `${await members(trial)}/${id}`);
      },
      { title: `in another subnet of the ${which}'s network` },
    ),
  ]),
  ...one('update_member', async (trial) =>
    trial.api('PUT', `${await members(trial)}/${await faraway(trial)}`, { member: { weight: 7 } }),
  ),
  ...on(BOTH, 'delete_member', async (trial) => trial.api('DELETE', `${await members(trial)}/${await faraway(trial)}`)),
  ...on(BOTH, 'batch_update_members', async (trial) =>
    trial.api('PUT', await members(trial), {
      members: [
        { ...member(10), weight: 9 },
        { ...member(12, randomUUID()), weight: 1 },
      ],
    }),
  ),
  ...on(BOTH, 'apply_desired_state', async (trial) => {
    const path = `/octavia/desired-state/${trial.loadBalancerId}`;
    const { loadbalancer } = await trial.api('GET', path);
    const [web] = loadbalancer.listeners;
    const listeners = [
      { ...web, l7policies: [] },
      { name: 'more', protocol: 'TCP', protocol_port: 81 },
    ];
    const pools = loadbalancer.pools.map((own: object) => ({
      ...own,
      members: [member(10), member(12, randomUUID())],
    }));
    return trial.api('PUT', `${path}?prune=true`, {
      loadbalancer: { ...loadbalancer, tags: ['new'], listeners, pools },
    });
  }),
  ...one('create_health_monitor', async (trial) => {
    await trial.api('DELETE', `/lbaas/healthmonitors/${await monitor(trial)}`);
    await trial.settle();
    return trial.api('POST', '/lbaas/healthmonitors', {
      healthmonitor: { pool_id: await pool(trial), type: 'HTTP', delay: 5, timeout: 2, max_retries: 2 },
    });
  }),
  ...one('update_health_monitor', async (trial) =>
    trial.api('PUT', `/lbaas/healthmonitors/${await monitor(trial)}`, { healthmonitor: { delay: 9 } }),
  ),
  ...one('delete_health_monitor', async (trial) =>
    trial.api('DELETE', `/lbaas/healthmonitors/${await monitor(trial)}`),
  ),
  ...one('create_l7policy', async (trial) =>
    trial.api('POST', '/lbaas/l7policies', { l7policy: { listener_id: await listener(trial), action: 'REJECT' } }),
  ),
  ...one('update_l7policy', async (trial) =>
    trial.api('PUT', `/lbaas/l7policies/${await policy(trial)}`, {
      l7policy: { action: 'REDIRECT_TO_URL', redirect_url: 'http://example.org/' },
    }),
  ),
  ...one('delete_l7policy', async (trial) => trial.api('DELETE', `/lbaas/l7policies/${await policy(trial)}`)),
  ...one('create_l7rule', async (trial) =>
    trial.api('POST', await rules(trial), { rule: { type: 'PATH', compare_type: 'STARTS_WITH', value: '/y' } }),
  ),
  ...one('update_l7rule', async (trial) => {
    const { rules: all } = await trial.api('GET', await rules(trial));
    return trial.api('PUT', `${await rules(trial)}/${all[0].id}`, { rule: { value: '/z' } });
  }),
  ...one('delete_l7rule', async (trial) => {
    const { rules: all } = await trial.api('GET', await rules(trial));
    return trial.api('DELETE', `${await rules(trial)}/${all[0].id}`);
  }),
  ...on(BOTH, 'failover_amphora', async (trial) => {
    const id = await amphora(trial);
    const { store, queue } = trial.harness;
    return store.transaction((tx) => requestAmphoraFailover(tx, queue, id, 'no heartbeat for 75 s'));
  }),
  ...one(
    'delete_amphora',
    async (trial) => {
      // One in ERROR, as a failover that could not build leaves behind.
      const id = await amphora(trial);
      await amphorae.update(trial.harness.store.db, id, { status: 'ERROR' });
      return trial.api('DELETE', `/octavia/amphorae/${id}`);
    },
    { always: { serving: false } },
  ),
  ...one(
    'rotate_amphora_certificate',
    async (trial) => {
      const id = await amphora(trial);
      const { store, queue } = trial.harness;
      return store.transaction((tx) => requestCertificateRotation(tx, queue, id));
    },
    ALONE,
  ),
  ...one(
    'update_amphora_configuration',
    async (trial) => trial.api('PUT', `/octavia/amphorae/${await amphora(trial)}/config`),
    ALONE,
  ),
];
