import { describe, expect, it } from 'vitest';
import { DEFAULT_HAPROXY_OPTIONS } from '../../src/dataplane/haproxy/options.ts';
import { renderLoadBalancer } from '../../src/dataplane/haproxy/render.ts';
import { type Feature, unsupportedReason } from '../../src/dataplane/haproxy/unsupported.ts';
import { writeConfig } from '../../src/dataplane/haproxy/writer.ts';
import { makeAmphora, makeTree, poolId, type TreeInput } from './support/tree.ts';

const render = (input: TreeInput) => renderLoadBalancer(makeTree(input), makeAmphora(), DEFAULT_HAPROXY_OPTIONS);

describe('serves', () => {
  it('is true with a listener', () => {
    expect(render({ listeners: [{}] }).serves).toBe(true);
  });

  it.each<[string, TreeInput]>([
    ['there is no listener', {}],
    ['all listeners are down', { listeners: [{ adminStateUp: false }] }],
    ['all listeners are leaving', { listeners: [{ provisioningStatus: 'PENDING_DELETE' }] }],
    ['the load balancer is down', { loadBalancer: { adminStateUp: false }, listeners: [{}] }],
    [
      'the kernel balances all listeners',
      {
        listeners: [{ protocol: 'UDP', defaultPoolId: poolId(1) }, { protocol: 'SCTP' }],
        pools: [{ protocol: 'UDP' }],
      },
    ],
    ['the load balancer is leaving', { loadBalancer: { provisioningStatus: 'DELETED' }, listeners: [{}] }],
  ])('is false when %s', (_, input) => {
    expect(render(input).serves).toBe(false);
  });
});

it('does not depend on the order of the rows', () => {
  const input: TreeInput = {
    listeners: [{ defaultPoolId: poolId(1) }, { protocolPort: 81, defaultPoolId: poolId(2) }],
    pools: [{}, {}],
    members: [{}, {}, { poolId: poolId(2) }],
  };
  const tree = makeTree(input);
  const turned = {
    ...tree,
    listeners: tree.listeners.toReversed(),
    pools: tree.pools.toReversed(),
    members: tree.members.toReversed(),
  };
  const text = (given: typeof tree) => writeConfig(renderLoadBalancer(given, makeAmphora(), DEFAULT_HAPROXY_OPTIONS));
  expect(text(turned)).toBe(text(tree));
});

it('leaves UDP and SCTP listeners with their pools to the kernel, on the same port too', () => {
  const http: TreeInput = { listeners: [{ protocolPort: 53, defaultPoolId: poolId(1) }], pools: [{}], members: [{}] };
  const mixed: TreeInput = {
    listeners: [
      ...(http.listeners ?? []),
      { protocol: 'UDP', protocolPort: 53, defaultPoolId: poolId(2) },
      { protocol: 'SCTP', protocolPort: 53, defaultPoolId: poolId(3) },
    ],
    pools: [{}, { protocol: 'UDP' }, { protocol: 'SCTP' }],
    members: [{}, { poolId: poolId(2) }, { poolId: poolId(3) }],
    healthMonitors: [{ poolId: poolId(2), type: 'UDP-CONNECT' }],
  };
  expect(writeConfig(render(mixed))).toBe(writeConfig(render(http)));
});

const REFUSALS: [Feature, string][] = [
  [{ policyProtocol: 'TCP' }, 'Amphora provider does not support L7 policies on TCP listeners.'],
  [{ poolProtocol: 'UDP' }, 'Amphora provider does not support UDP pools.'],
  [{ poolProtocol: 'SCTP' }, 'Amphora provider does not support SCTP pools.'],
  [{ algorithm: 'SOURCE_IP_PORT' }, 'Amphora provider does not support SOURCE_IP_PORT algorithm.'],
  [{ monitorType: 'SCTP' }, 'Amphora provider does not support SCTP health monitors.'],
  [{ monitorType: 'UDP-CONNECT' }, 'Amphora provider does not support UDP-CONNECT health monitors.'],
];

describe('what this data plane cannot do', () => {
  it.each(REFUSALS)('%j has a reason', (feature, reason) => {
    expect(unsupportedReason(feature)).toBe(reason);
  });

  it.each(REFUSALS)('%j in a stored row is an error, not a silent gap', (feature, reason) => {
    const { policyProtocol, poolProtocol = 'HTTP', algorithm = 'ROUND_ROBIN', monitorType = 'TCP' } = feature;
    const tree: TreeInput = {
      listeners: [{ protocol: policyProtocol ?? 'HTTP', defaultPoolId: poolId(1) }],
      pools: [{ protocol: poolProtocol, lbAlgorithm: algorithm }],
      healthMonitors: [{ type: monitorType }],
      ...(policyProtocol ? { l7policies: [{}], l7rules: [{}] } : {}),
    };
    expect(() => render(tree)).toThrow(reason);
  });

  it.each<Feature>([
    { poolProtocol: 'PROXYV2', algorithm: 'SOURCE_IP' },
    { monitorType: 'TLS-HELLO' },
    { monitorType: 'PING' },
    { policyProtocol: 'TERMINATED_HTTPS' },
    {},
  ])('%j has none', (feature) => {
    expect(unsupportedReason(feature)).toBeNull();
  });
});
