/** Sessions that HAProxy keeps in tables stay where they are, whatever is changed about a load balancer with one amphora. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CLIENT_ADDRESSES, SessionLoad } from '../../../../demo/session-load.ts';
import { until } from '../../../../test/kit/until.ts';
import type { Listener, LoadBalancerTree, Pool } from '../../src/domain/resources.ts';
import { OneAmphora, VIP } from './support/one-amphora.ts';
import { TestSecrets } from './support/secrets.ts';
import { member } from './support/site.ts';
import { makeL7Policy, makeL7Rule, makeListener, makePool, makeTree, poolId } from './support/tree.ts';

const CLIENTS = 200;
const MEMBERS = 4;
/** Ports on which clients are known by their address, by a cookie, and by their address in a pool of bytes. */
const [BY_ADDRESS, BY_COOKIE, BY_ADDRESS_TCP] = [80, 81, 82];

let one: OneAmphora;

beforeAll(async () => {
  one = await OneAmphora.create(MEMBERS, new TestSecrets());
  one.lab.inTestbed('ip', 'route', 'add', 'local', CLIENT_ADDRESSES, 'dev', 'lo');
});
afterAll(async () => {
  await one?.destroy();
});

const listener = (n: number, port: number, given: Partial<Listener> = {}): Listener =>
  makeListener(n, { protocol: 'HTTP', protocolPort: port, defaultPoolId: poolId(n), ...given });

function site(): LoadBalancerTree {
  const pools: Pool[] = [
    makePool(1, { sessionPersistence: { type: 'SOURCE_IP' } }),
    makePool(2, { sessionPersistence: { type: 'APP_COOKIE', cookieName: 'sid' } }),
    makePool(3, { protocol: 'TCP', sessionPersistence: { type: 'SOURCE_IP' } }),
  ];
  const members = pools.flatMap((pool, at) =>
    Array.from({ length: MEMBERS }, (_, n) => ({ ...member(n + 1), ...ids(at * MEMBERS + n + 1), poolId: pool.id })),
  );
  return {
    ...makeTree({ loadBalancer: { vip: { address: VIP } } }),
    listeners: [listener(1, BY_ADDRESS), listener(2, BY_COOKIE), listener(3, BY_ADDRESS_TCP, { protocol: 'TCP' })],
    pools,
    members,
  };
}

const ids = (n: number) => ({ id: member(n).id, createdAt: member(n).createdAt });

type Change = (tree: LoadBalancerTree) => void;

/** Each is a reload. */
const CHANGES: Record<string, Change> = {
  'a limit': ({ listeners }) => {
    for (const one of listeners) one.connectionLimit = one.connectionLimit === 1_000 ? 2_000 : 1_000;
  },
  'the first rule': (tree) => {
    tree.l7policies = [makeL7Policy(1, { action: 'REJECT' })];
    tree.l7rules = [makeL7Rule(1, { type: 'PATH', compareType: 'EQUAL_TO', value: '/refused' })];
  },
  'no rule any more': (tree) => {
    tree.l7policies = [];
    tree.l7rules = [];
  },
  'another listener': (tree) => tree.listeners.push(listener(4, 90, { defaultPoolId: poolId(1) })),
  'no other listener any more': (tree) => void tree.listeners.pop(),
};

test.each([
  ['HTTP', BY_ADDRESS],
  ['TCP', BY_ADDRESS_TCP],
])(
  'no session of 200 moves in 20 reloads that follow a start at once: %s',
  async (_, port) => {
    const tree = site();
    await one.stop();
    await one.apply(tree);
    const load = new SessionLoad((...command) => one.lab.spawnInTestbed(...command), CLIENTS, {
      address: `http://${VIP}:${port}/`,
      cookie: `http://${VIP}:${BY_COOKIE}/session`,
    });
    await load.ready();
    const methods: string[] = [];
    const slowest = { name: '', ms: 0 };
    for (let round = 0; round < 4; round += 1) {
      for (const [name, change] of Object.entries(CHANGES)) {
        const began = Date.now();
        change(tree);
        methods.push((await one.apply(tree)).method);
        if (Date.now() - began > slowest.ms) Object.assign(slowest, { name, ms: Date.now() - began });
      }
    }
    const { sessions, requests, failures, moved } = await load.end();
    console.info(`${requests} requests, slowest change ${slowest.ms} ms (${slowest.name})`);
    expect(methods).toEqual(methods.map(() => 'reload'));
    expect({ sessions, failures, moved }).toEqual({ sessions: CLIENTS, failures: [], moved: [] });
  },
  180_000,
);

test('processes that have handed their sessions on end', async () => {
  await until('one worker is left', () => one.processes().length === 2);
});

test('a HAProxy that dies starts again with empty tables, and lets requests pass', async () => {
  const [before = 0] = await one.serving();
  one.lab.inside('kill', '-KILL', String(before));
  await until('another one serves', async () => {
    const now = await one.serving().catch((): number[] => []);
    return now.length > 0 && !now.includes(before);
  });
  const began = Date.now();
  expect(one.inTestbed('curl', '-s', '-m', '5', `http://${VIP}/`)).toMatch(/^m[1-4]$/);
  expect(Date.now() - began).toBeLessThan(3_000);
});
