/** When monitors ask and when they believe what they hear, measured at the members. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { freePort } from '../../../../test/kit/free-port.ts';
import type { HealthMonitor } from '../../src/domain/resources.ts';
import { RunningHaproxy } from './support/running-haproxy.ts';
import { makeTree, memberId, poolId } from './support/tree.ts';
import { WebServer } from './support/web-server.ts';

const LOCAL = '127.0.0.1';
/** A busy machine is late by this at most. */
const LATE_MS = 700;

let haproxy: RunningHaproxy;
let member: WebServer;
beforeEach(async () => {
  haproxy = new RunningHaproxy();
  member = await new WebServer('probed').listen();
});
afterEach(async () => {
  await haproxy.close();
  await member.close();
});

async function watch(monitor: Partial<HealthMonitor>): Promise<void> {
  const given = {
    type: 'HTTP',
    httpMethod: 'GET',
    urlPath: '/',
    expectedCodes: '200',
    maxRetries: 1,
    maxRetriesDown: 1,
  };
  await haproxy.serve(
    makeTree({
      loadBalancer: { vip: { address: LOCAL } },
      listeners: [{ protocolPort: await freePort(), defaultPoolId: poolId(1) }],
      pools: [{}],
      members: [{ address: LOCAL, protocolPort: member.port }],
      healthMonitors: [{ ...(given as Partial<HealthMonitor>), delay: 1, timeout: 1, ...monitor }],
    }),
  );
}

const becomes = (word: string): Promise<void> =>
  haproxy.eventually(async () => (await haproxy.serverStatus())[memberId(1)]?.startsWith(word) ?? false);
const count = (status: number): number => member.seen.filter((probe) => probe.status === status).length;

it.each([1, 2])('FM-HM-02 every %d s there is a probe', async (delay) => {
  await watch({ delay });
  await haproxy.eventually(async () => member.seen.length >= 4);
  const gaps = member.seen.slice(1).map(({ at }, index) => at - member.seen[index]!.at);
  for (const gap of gaps) expect(Math.abs(gap - delay * 1_000)).toBeLessThan(LATE_MS);
});

it.each([1, 3])('FM-HM-09 %d failures take a member down, no less', async (maxRetriesDown) => {
  await watch({ maxRetriesDown });
  await becomes('UP');
  member.status = 500;
  for (let failed = 1; failed < maxRetriesDown; failed += 1) {
    await haproxy.eventually(async () => count(500) === failed);
    // Looked at before the next probe comes.
    await sleep(100);
    expect(count(500)).toBe(failed);
    expect((await haproxy.serverStatus())[memberId(1)]).toMatch(/^UP/);
  }
  await becomes('DOWN');
  expect(count(500)).toBe(maxRetriesDown);
});

it.each([1, 3])('FM-HM-08 %d successes bring it back, no less', async (maxRetries) => {
  member.status = 500;
  await watch({ maxRetries });
  await becomes('DOWN');
  member.status = 200;
  for (let good = 1; good < maxRetries; good += 1) {
    await haproxy.eventually(async () => count(200) === good);
    await sleep(100);
    expect(count(200)).toBe(good);
    expect((await haproxy.serverStatus())[memberId(1)]).toMatch(/^DOWN/);
  }
  await becomes('UP');
  expect(count(200)).toBe(maxRetries);
});

it('FM-HM-11 answers that take longer than the time limit are failures', async () => {
  member.delayMs = 1_500;
  await watch({ delay: 2, timeout: 1 });
  await becomes('DOWN');
  await watch({ delay: 2, timeout: 3 });
  await becomes('UP');
});
