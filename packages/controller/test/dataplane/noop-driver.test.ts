import { expect, it } from 'vitest';
import { NoopDataplaneDriver } from '../../src/dataplane/noop/driver.ts';
import { makeAmphora, makeTree } from './support/tree.ts';

const amphora = makeAmphora();

it('starts once, then reloads, and records what it was asked', async () => {
  const driver = new NoopDataplaneDriver();
  const tree = makeTree();
  await driver.waitUntilReachable(amphora);
  expect(await driver.apply(amphora, tree)).toEqual({ method: 'start' });
  expect(await driver.apply(amphora, tree)).toEqual({ method: 'reload' });
  expect(driver.calls.map((entry) => entry.call)).toEqual(['waitUntilReachable', 'apply', 'apply']);
});

it('keeps only the newest calls', async () => {
  const driver = new NoopDataplaneDriver({ keep: 1 });
  await driver.waitUntilReachable(amphora);
  await driver.apply(amphora, makeTree());
  expect(driver.calls.map((entry) => entry.call)).toEqual(['apply']);
});

it('takes the time it is told to', async () => {
  const driver = new NoopDataplaneDriver({ latency: 30 });
  const started = performance.now();
  await driver.waitUntilReachable(amphora);
  expect(performance.now() - started).toBeGreaterThanOrEqual(25);
});
