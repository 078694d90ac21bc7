/** What a plan says of a change against what the agent makes of the configurations before and after it. */
import { expect, test } from 'vitest';
import { planRuntimeChange } from '../../../amphora/src/haproxy/runtime-plan.ts';
import { DEFAULT_HAPROXY_OPTIONS } from '../../src/dataplane/haproxy/options.ts';
import { renderLoadBalancer } from '../../src/dataplane/haproxy/render.ts';
import { writeConfig } from '../../src/dataplane/haproxy/writer.ts';
import { effectOfMember, effectOfMemberUpdate, effectOfUpdate } from '../../src/domain/change-effects.ts';
import type { LoadBalancerTree } from '../../src/domain/resources.ts';
import { makeAmphora, makeMember, makeTree, poolId, type TreeInput } from '../dataplane/support/tree.ts';

const rendered = (tree: LoadBalancerTree): string =>
  writeConfig(renderLoadBalancer(tree, makeAmphora(), DEFAULT_HAPROXY_OPTIONS));

/** What the agent does. */
const done = (before: LoadBalancerTree, after: LoadBalancerTree): 'none' | 'reload' =>
  planRuntimeChange(rendered(before), rendered(after)) === null ? 'reload' : 'none';

const web = (pool: NonNullable<TreeInput['pools']>[number] = {}): LoadBalancerTree =>
  makeTree({
    listeners: [{ protocol: 'HTTP', defaultPoolId: poolId(1) }],
    pools: [{ protocol: 'HTTP', ...pool }],
    members: [{ weight: 1 }, { weight: 2 }],
    healthMonitors: [{ type: 'HTTP', httpMethod: 'GET', urlPath: '/', expectedCodes: '200' }],
    l7policies: [{ position: 1 }],
    l7rules: [{ value: '/a' }],
  });

const POOLS: [name: string, pool: NonNullable<TreeInput['pools']>[number]][] = [
  ['in turn', { lbAlgorithm: 'ROUND_ROBIN' }],
  ['least connections', { lbAlgorithm: 'LEAST_CONNECTIONS' }],
  ['by source', { lbAlgorithm: 'SOURCE_IP' }],
  ['with cookies', { lbAlgorithm: 'ROUND_ROBIN', sessionPersistence: { type: 'HTTP_COOKIE' } }],
  ['sticky by source', { lbAlgorithm: 'ROUND_ROBIN', sessionPersistence: { type: 'SOURCE_IP' } }],
];

const MEMBER_CHANGES: [field: string, change: Parameters<typeof makeMember>[1]][] = [
  ['name', { name: 'x' }],
  ['tags', { tags: ['x'] }],
  ['weight', { weight: 9 }],
  ['admin_state_up', { adminStateUp: false }],
  ['backup', { backup: true }],
  ['monitor_port', { monitorPort: 81 }],
  ['monitor_address', { monitorAddress: '198.18.8.99' }],
];

test.each(POOLS)('members of a pool %s', (_name, given) => {
  const before = web(given);
  const inUse = { pool: before.pools[0]!, isUsed: true };
  const told: Record<string, string> = { comes: effectOfMember(inUse, true), goes: effectOfMember(inUse, false) };
  const made: Record<string, string> = {
    comes: done(before, { ...before, members: [...before.members, makeMember(3)] }),
    goes: done(before, { ...before, members: before.members.slice(1) }),
  };
  for (const [field, change] of MEMBER_CHANGES) {
    const [first, ...others] = before.members;
    told[field] = effectOfMemberUpdate(inUse, [field]);
    made[field] = done(before, { ...before, members: [{ ...first!, ...change }, ...others] });
  }
  expect(told).toEqual(made);
});

type Kind = 'listeners' | 'pools' | 'healthMonitors' | 'l7policies' | 'l7rules';

const CHANGES: [kind: Kind, field: string, change: object][] = [
  ['listeners', 'name', { name: 'x' }],
  ['listeners', 'description', { description: 'x' }],
  ['listeners', 'tags', { tags: ['x'] }],
  ['listeners', 'timeout_client_data', { timeoutClientData: 9000 }],
  ['listeners', 'connection_limit', { connectionLimit: 9 }],
  ['listeners', 'insert_headers', { insertHeaders: { 'X-Forwarded-For': 'true' } }],
  ['listeners', 'allowed_cidrs', { allowedCidrs: ['198.18.0.0/15'] }],
  ['listeners', 'default_pool_id', { defaultPoolId: null }],
  ['pools', 'name', { name: 'x' }],
  ['pools', 'description', { description: 'x' }],
  ['pools', 'lb_algorithm', { lbAlgorithm: 'SOURCE_IP' }],
  ['healthMonitors', 'name', { name: 'x' }],
  ['healthMonitors', 'delay', { delay: 9 }],
  ['healthMonitors', 'url_path', { urlPath: '/x' }],
  ['l7policies', 'name', { name: 'x' }],
  ['l7policies', 'action', { action: 'REDIRECT_TO_URL', redirectUrl: 'http://example.com', redirectHttpCode: 302 }],
  ['l7rules', 'value', { value: '/b' }],
  ['l7rules', 'invert', { invert: true }],
];

test.each(CHANGES)('%s: %s', (kind, field, change) => {
  const before = web();
  const [first, ...others] = before[kind];
  const after = { ...before, [kind]: [{ ...first, ...change }, ...others] } as LoadBalancerTree;
  expect(effectOfUpdate([field])).toBe(done(before, after));
});

test('what nobody uses changes nothing', () => {
  const before = { ...web(), listeners: web().listeners.map((listener) => ({ ...listener, defaultPoolId: null })) };
  const after = {
    ...before,
    members: [],
    pools: before.pools.map((pool) => ({ ...pool, lbAlgorithm: 'SOURCE_IP' as const })),
  };
  expect(done(before, after)).toBe('none');
  expect(effectOfUpdate(['lb_algorithm'], false)).toBe('none');
  expect(effectOfMember({ pool: before.pools[0]!, isUsed: false }, false)).toBe('none');
});
