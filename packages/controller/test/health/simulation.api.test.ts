import { afterEach, expect, test } from 'vitest';
import { Simulation } from './simulation.ts';

/** Enough for budgets in per cent; `bench:controller` watches 50,000. */
const AMPHORAE = 1_500;
const LIMIT = 300_000;
let simulation: Simulation;
afterEach(() => simulation.close());

test('a manager that sleeps for two minutes, then a database away for five: nobody is replaced', {
  timeout: LIMIT,
}, async () => {
  simulation = await Simulation.open(AMPHORAE);
  const manager = simulation.manage();
  await simulation.run(70);
  expect(simulation.said('Judging amphorae again')).toHaveLength(1);

  manager.paused = true;
  await simulation.run(120);
  manager.paused = false;
  await simulation.run(80);
  expect(simulation.log.find(({ fields }) => fields.reason === 'paused')).toBeDefined();
  expect(simulation.said('Judging amphorae again')).toHaveLength(2);
  expect(await simulation.failovers()).toEqual([]);

  await simulation.stopDatabase();
  await simulation.run(300);
  await simulation.startDatabase();
  await simulation.run(80);
  expect(simulation.log.find(({ fields }) => fields.reason === 'database')).toBeDefined();
  expect(simulation.said('Judging amphorae again')).toHaveLength(3);
  expect(await simulation.failovers()).toEqual([]);
  const { rows } = await simulation.store.pool.query(
    `select count(*) as heard from amphora_health where last_update > now() - interval '21 seconds'`,
  );
  expect(rows[0].heard).toBe(AMPHORAE);
});

test('12 of 1,500 die while two managers watch: exactly those are replaced, each once', {
  timeout: LIMIT,
}, async () => {
  simulation = await Simulation.open(AMPHORAE);
  simulation.manage();
  simulation.manage();
  await simulation.run(70);
  const dead = simulation.agents.filter((_, index) => index % 125 === 7);
  expect(dead).toHaveLength(12);
  for (const agent of dead) agent.alive = false;
  await simulation.run(38);
  expect(await simulation.failovers()).toEqual([]);
  await simulation.run(130);
  const replaced = (await simulation.failovers()).map(({ amphoraId }) => amphoraId);
  expect(replaced.sort()).toEqual(dead.map(({ id }) => id).sort());
  const { rows } = await simulation.store.pool.query(
    `select count(*) as well from load_balancer where provisioning_status = 'ACTIVE' and operating_status = 'ONLINE'`,
  );
  expect(rows[0].well).toBe(AMPHORAE);
});

test('a zone is lost: replacing keeps within its budget, and hits nobody else', { timeout: LIMIT }, async () => {
  simulation = await Simulation.open(AMPHORAE);
  simulation.manage({ threads: 1_000, ratePerMinute: 60 });
  await simulation.run(70);
  // Nothing can be built either.
  simulation.buildSeconds = null;
  const lost = new Set<string>();
  for (const agent of simulation.agents) {
    if (agent.zone !== 'zone-1') continue;
    agent.alive = false;
    lost.add(agent.id);
  }
  await simulation.run(60 + 20 + 60);
  const failovers = await simulation.failovers();
  // 20 % of the zone's 500.
  expect(failovers).toHaveLength(100);
  expect(failovers.every(({ amphoraId }) => lost.has(amphoraId))).toBe(true);
  for (const { at } of failovers) {
    const within = failovers.filter((other) => other.at >= at && other.at < at + 60);
    expect(within.length).toBeLessThanOrEqual(60);
  }
  expect(simulation.said('More amphorae are stale than may be replaced').length).toBeGreaterThan(0);
});

test('most amphorae fall silent at once: nobody is replaced until they are heard again', {
  timeout: LIMIT,
}, async () => {
  simulation = await Simulation.open(1_000);
  simulation.manage();
  await simulation.run(70);
  const silent = simulation.agents.filter((_, index) => index % 10 < 6);
  for (const agent of silent) agent.alive = false;
  await simulation.run(120);
  expect(await simulation.failovers()).toEqual([]);
  expect(simulation.said('Automatic failover is on hold')[0]).toMatchObject({
    level: 'error',
    fields: { silent: expect.any(Number), amphorae: 1_000 },
  });
  for (const agent of silent.slice(5)) agent.alive = true;
  await simulation.run(95);
  expect(simulation.said('Most amphorae are heard again')).toHaveLength(1);
  const replaced = (await simulation.failovers()).map(({ amphoraId }) => amphoraId);
  expect(replaced.sort()).toEqual(
    silent
      .slice(0, 5)
      .map(({ id }) => id)
      .sort(),
  );
});
