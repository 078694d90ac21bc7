/** Whatever the API accepts and this data plane supports, HAProxy accepts. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, it } from 'vitest';
import { DEFAULT_HAPROXY_OPTIONS } from '../../src/dataplane/haproxy/options.ts';
import { renderLoadBalancer } from '../../src/dataplane/haproxy/render.ts';
import { writeConfig } from '../../src/dataplane/haproxy/writer.ts';
import { HTTP_METHODS } from '../../src/domain/resources.ts';
import { makeAmphora, makeTree, poolId } from './support/tree.ts';

const folder = mkdtempSync(join(tmpdir(), 'any-tree-test-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Listener protocol and the pool protocols that may stand behind it. */
const PAIRS = [
  ...(['HTTP', 'HTTPS', 'PROXY', 'PROXYV2', 'TCP'] as const).map((pool) => ['TCP', pool] as const),
  ...(['HTTP', 'PROXY', 'PROXYV2'] as const).map((pool) => ['HTTP', pool] as const),
  ...(['HTTPS', 'PROXY', 'PROXYV2', 'TCP'] as const).map((pool) => ['HTTPS', pool] as const),
];

const milliseconds = fc.integer({ min: 0, max: 2_073_600_000 });
const seconds = fc.integer({ min: 0, max: 2_147_483_647 });
const code = fc.integer({ min: 0, max: 999 }).map((number) => String(number).padStart(3, '0'));
const address = fc.oneof(
  fc.ipV4(),
  fc.ipV6().filter((text) => !text.includes('.')),
);
const cidr = fc.oneof(
  fc.tuple(fc.ipV4(), fc.integer({ min: 0, max: 32 })),
  fc.tuple(fc.ipV6(), fc.integer({ min: 0, max: 128 })),
);
/** What the API lets into a cookie name: no white space, no separators. */
const cookieName = fc.stringMatching(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,60}$/);
const urlPath = fc.stringMatching(/^\/[!-~]{0,60}$/);

const listener = fc.record({
  connectionLimit: fc.integer({ min: -1, max: 2_147_483_647 }),
  timeoutClientData: milliseconds,
  timeoutMemberConnect: milliseconds,
  timeoutMemberData: milliseconds,
  timeoutTcpInspect: milliseconds,
  allowedCidrs: fc.option(fc.array(cidr.map(([host, length]) => `${host}/${length}`))),
  insertHeaders: fc.dictionary(
    fc.constantFrom('X-Forwarded-For', 'X-Forwarded-Port', 'X-Forwarded-Proto'),
    fc.constantFrom('true', 'false', 'True'),
  ),
});

const pool = fc.record({
  lbAlgorithm: fc.constantFrom('ROUND_ROBIN', 'LEAST_CONNECTIONS', 'SOURCE_IP'),
  sessionPersistence: fc.option(
    fc.oneof(
      fc.record({ type: fc.constantFrom('SOURCE_IP', 'HTTP_COOKIE') }),
      fc.record({ type: fc.constant('APP_COOKIE' as const), cookieName }),
    ),
  ),
});

const member = fc.record({
  address,
  protocolPort: fc.integer({ min: 1, max: 65_535 }),
  weight: fc.integer({ min: 0, max: 256 }),
  backup: fc.boolean(),
  adminStateUp: fc.boolean(),
  monitorAddress: fc.option(address),
  monitorPort: fc.option(fc.integer({ min: 1, max: 65_535 })),
});

const healthMonitor = fc.record({
  type: fc.constantFrom('HTTP', 'HTTPS', 'TCP', 'TLS-HELLO'),
  delay: seconds,
  timeout: seconds,
  maxRetries: fc.integer({ min: 1, max: 10 }),
  maxRetriesDown: fc.integer({ min: 1, max: 10 }),
  httpMethod: fc.constantFrom(...HTTP_METHODS),
  urlPath,
  expectedCodes: fc.oneof(
    fc.array(code, { minLength: 1 }).map((codes) => codes.join(' , ')),
    fc.tuple(code, code).map(([first, last]) => `${first}-${last}`),
  ),
  httpVersion: fc.option(fc.constantFrom('1.0', '1.1')),
  domainName: fc.option(fc.domain()),
});

const tree = fc.record({
  vip: address,
  pair: fc.constantFrom(...PAIRS),
  listener,
  pool,
  members: fc.array(member, { maxLength: 5 }),
  healthMonitors: fc.array(healthMonitor, { maxLength: 1 }),
});

it('any tree', () => {
  const file = join(folder, 'haproxy.cfg');
  fc.assert(
    fc.property(tree, ({ vip, pair, members, healthMonitors, ...given }) => {
      const config = renderLoadBalancer(
        makeTree({
          loadBalancer: { vip: { address: vip } },
          listeners: [{ ...given.listener, protocol: pair[0], defaultPoolId: poolId(1) }],
          pools: [{ ...given.pool, protocol: pair[1] }],
          members,
          healthMonitors,
        }),
        makeAmphora(),
        DEFAULT_HAPROXY_OPTIONS,
      );
      writeFileSync(file, writeConfig(config));
      const result = spawnSync('haproxy', ['-c', '-f', file], { encoding: 'utf8' });
      expect(result.stderr).not.toContain('[ALERT]');
      expect(result.status).toBe(0);
    }),
    { numRuns: 100 },
  );
});
