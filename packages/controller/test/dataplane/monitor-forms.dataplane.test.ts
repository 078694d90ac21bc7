/** Every method, version and form of expected codes that a monitor may have, all at once: one pool and member for each. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { freePort } from '../../../../test/kit/free-port.ts';
import type { HealthMonitor } from '../../src/domain/resources.ts';
import { RunningHaproxy } from './support/running-haproxy.ts';
import { makeTree, memberId, poolId } from './support/tree.ts';
import { WebServer } from './support/web-server.ts';

const LOCAL = '127.0.0.1';
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'TRACE', 'OPTIONS', 'PATCH', 'CONNECT'] as const;
/** What a member answers, and whether it is expected. */
const CODES: [expected: string, answered: number, good: boolean][] = [
  ['200', 200, true],
  ['200', 204, false],
  ['200,202', 202, true],
  ['200,202', 201, false],
  ['200-204', 200, true],
  ['200-204', 203, true],
  ['200-204', 205, false],
];

interface Case {
  monitor: Partial<HealthMonitor>;
  answered: number;
}

const cases: Case[] = [
  ...METHODS.map((httpMethod) => ({ monitor: { httpMethod }, answered: 200 })),
  ...(['1.0', '1.1'] as const).map((httpVersion) => ({
    monitor: { httpVersion, domainName: httpVersion === '1.1' ? 'www.example.com' : null },
    answered: 200,
  })),
  { monitor: { urlPath: '/health?deep=yes&x=%20' }, answered: 200 },
  ...CODES.map(([expectedCodes, answered]) => ({ monitor: { expectedCodes }, answered })),
];
const FIRST_VERSION = METHODS.length;
const PATH = FIRST_VERSION + 2;
const FIRST_CODE = PATH + 1;

let haproxy: RunningHaproxy;
let members: WebServer[];

beforeAll(async () => {
  haproxy = new RunningHaproxy();
  members = await Promise.all(cases.map((_, index) => new WebServer(`member ${index}`).listen()));
  for (const [index, { answered }] of cases.entries()) members[index]!.status = answered;
  const plain = { type: 'HTTP', httpMethod: 'GET', urlPath: '/', expectedCodes: '200' } as const;
  await haproxy.serve(
    makeTree({
      loadBalancer: { vip: { address: LOCAL } },
      listeners: await Promise.all(
        cases.map(async (_, index) => ({ protocolPort: await freePort(), defaultPoolId: poolId(index + 1) })),
      ),
      pools: cases.map(() => ({})),
      members: members.map(({ port }, index) => ({ poolId: poolId(index + 1), address: LOCAL, protocolPort: port })),
      healthMonitors: cases.map(({ monitor }, index) => ({
        ...plain,
        poolId: poolId(index + 1),
        delay: 1,
        timeout: 5,
        maxRetries: 1,
        maxRetriesDown: 1,
        ...monitor,
      })),
    }),
  );
});
afterAll(async () => {
  await haproxy.close();
  for (const member of members) await member.close();
});

const becomes = (index: number, word: string): Promise<void> =>
  haproxy.eventually(async () => (await haproxy.serverStatus())[memberId(index + 1)]?.startsWith(word) ?? false);

it.each(METHODS.map((method, index) => [method, index] as const))('FM-HM-05 probes with %s', async (method, index) => {
  await haproxy.eventually(async () => members[index]!.seen.length > 0);
  expect(members[index]!.seen[0]!.method).toBe(method);
  await becomes(index, 'UP');
});

it.each(['1.0', '1.1'])('FM-HM-06 probes in HTTP/%s', async (version) => {
  const index = FIRST_VERSION + ['1.0', '1.1'].indexOf(version);
  await haproxy.eventually(async () => members[index]!.seen.length > 0);
  expect(members[index]!.seen[0]!.httpVersion).toBe(version);
  await becomes(index, 'UP');
});

it('FM-HM-19 asks for the path with its query', async () => {
  await haproxy.eventually(async () => members[PATH]!.seen.length > 0);
  expect(members[PATH]!.seen[0]!.url).toBe('/health?deep=yes&x=%20');
});

it.each(CODES.map((entry, index) => [...entry, index] as const))(
  'FM-HM-04 with codes %s an answer of %d is good: %s',
  async (_expected, _answered, good, index) => {
    await haproxy.eventually(async () => members[FIRST_CODE + index]!.seen.length > 0);
    await becomes(FIRST_CODE + index, good ? 'UP' : 'DOWN');
  },
);
