/**
 * Every flow, ended at every fault point and after every call that changes the outside, and taken over by another worker:
 * it reaches the end state it reaches undisturbed, nothing waits, nothing leaks, nothing is done twice.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { OPERATION_KINDS } from '../../../src/domain/operations.ts';
import { OctaviaError } from '../../../src/errors.ts';
import { Crash, type FaultListener, pointsOf, stepNamer, stepsOf } from '../../../src/flows/fault-points.ts';
import { FLOWS, flowOf } from '../../../src/flows/registry.ts';
import { Harness, type Trial } from './harness.ts';
import { breaches, type Shape, shapeOf } from './rest.ts';
import { build, SET_UPS, type SetUp } from './set-ups.ts';

/** Trials beside each other: they mostly wait for the database. */
const BESIDE = 6;

/**
 * Workers that end one after the other in one trial, each at another point, far from the one before: making the load balancer
 * costs more than taking it over. With OCTAVIA_CRASH_POINTS=all, and to name the point when such a trial goes wrong, each has a
 * trial of its own.
 */
const CRASHES = process.env.OCTAVIA_CRASH_POINTS === 'all' ? 1 : 6;

let harness: Harness;
beforeAll(async () => {
  harness = await Harness.open();
});
const covered = { points: 0, total: 0, calls: 0, trials: 0 };
afterAll(async () => {
  await harness.close();
  console.log(
    `Crash points covered: ${covered.points} of ${covered.total} (${((100 * covered.points) / covered.total).toFixed(1)} %), ` +
      `and after each of ${covered.calls} outside calls; ${covered.trials} trials.`,
  );
});

const lost = () => new OctaviaError('AMPHORA_UNREACHABLE', { id: 'x', address: 'y', detail: 'z' });

interface Outcome {
  shape: Shape;
  breaches: string[];
  /** Fault points in the order they were passed. */
  passed: string[];
  /** Calls that changed the outside. */
  calls: number;
  /** Whether a worker ended wherever one was told to. */
  crashed: boolean;
}

interface Disturbance {
  /** The points at which a worker ends, each once. */
  crashAt?: readonly string[];
  /** And the outside calls after which one ends, counted from 1. */
  crashAfterCalls?: readonly number[];
  /** The point at which the step fails. */
  failAt?: string;
}

/** Load balancers that went through a trial and are as before: the next one needs none of its own. */
const idle = new Map<SetUp, Trial[]>();

async function ready(setUp: SetUp): Promise<Trial> {
  const found = idle.get(setUp)?.pop();
  if (found) return found;
  const trial = harness.trial(setUp.topology);
  if (setUp.built) await build(trial);
  return trial;
}

async function run(setUp: SetUp, disturbance: Disturbance = {}): Promise<{ outcome: Outcome; trial: Trial }> {
  const trial = await ready(setUp);
  // What was done before is no part of the trial.
  trial.world.changes.length = 0;
  await setUp.ask(trial);
  const operation = await trial.waiting(setUp.kind);
  const passed: string[] = [];
  const { crashAt = [], crashAfterCalls = [], failAt } = disturbance;
  const crashes = new Set<string | number>([...crashAt, ...crashAfterCalls]);
  const faults: FaultListener = (point) => {
    passed.push(point);
    if (crashes.delete(point)) throw new Crash();
    if (point === failAt) throw lost();
  };
  let calls = 0;
  trial.world.afterCall = () => {
    calls += 1;
    if (crashes.delete(calls)) throw new Crash();
  };
  const ended = await trial.live(operation, faults);
  trial.world.afterCall = () => undefined;
  const failure = ended.state === 'failed' ? setUp.failed : {};
  const expected = { serving: true, vipPort: true, ...setUp.always, ...failure };
  const outcome = {
    shape: await shapeOf(trial, ended.state),
    breaches: await breaches(trial, expected),
    passed,
    calls,
    crashed: crashes.size === 0,
  };
  covered.trials += 1;
  if (setUp.repeatable && ended.state === 'succeeded' && outcome.breaches.length === 0) {
    idle.set(setUp, [...(idle.get(setUp) ?? []), trial]);
  }
  return { outcome, trial };
}

/** The run nobody disturbs; the measure of the others. */
const undisturbedRuns = new Map<SetUp, ReturnType<typeof run>>();
function undisturbedRun(setUp: SetUp): ReturnType<typeof run> {
  const known = undisturbedRuns.get(setUp) ?? run(setUp);
  undisturbedRuns.set(setUp, known);
  return known;
}

/** Runs all, some beside each other; answers what was wrong. */
async function all(items: readonly string[], work: (item: string) => Promise<string[]>): Promise<string[]> {
  const waiting = [...items];
  const wrong: string[] = [];
  await Promise.all(
    Array.from({ length: BESIDE }, async () => {
      for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) {
        const found = await work(item).catch((error: unknown) => [String((error as Error).stack)]);
        wrong.push(...found.map((text) => `${item}: ${text}`));
      }
    }),
  );
  return wrong;
}

/** A worker ends at every one of the points; answers what was wrong, by point. */
async function crashEverywhere(
  points: readonly string[],
  crash: (points: readonly string[]) => Promise<string[]>,
): Promise<string[]> {
  const trials = Math.ceil(points.length / CRASHES);
  const groups = Array.from({ length: trials }, (_, first) =>
    points.filter((_point, index) => index % trials === first),
  );
  const suspects = new Set<string>();
  const beside: string[] = [];
  await all(
    groups.map((_, index) => String(index)),
    async (index) => {
      const group = groups[Number(index)] ?? [];
      const found = await crash(group).catch((error: unknown) => [String(error)]);
      if (found.length > 0) for (const point of group) suspects.add(point);
      beside.push(...found.filter((text) => text !== NOWHERE).map((text) => `${group.join(', ')}: ${text}`));
      return [];
    },
  );
  const alone = await all([...suspects], (point) => crash([point]));
  // What needs several crashes to go wrong is wrong, too; after one of them a call may be left out, and the next has its number.
  if (beside.length > 0 && alone.length === 0) return beside.map((text) => `after several crashes: ${text}`);
  return alone;
}

const NOWHERE = 'no worker ended there';

/** @param shape what an undisturbed run ends in */
function differences(outcome: Outcome, shape: Shape): string[] {
  const found = [...outcome.breaches];
  if (JSON.stringify(outcome.shape) !== JSON.stringify(shape)) {
    found.push(`ends as ${JSON.stringify(outcome.shape)} instead of ${JSON.stringify(shape)}`);
  }
  if (!outcome.crashed) found.push(NOWHERE);
  return found;
}

test('every kind of operation has a flow, and every flow has a set-up', () => {
  const flows = new Set(FLOWS.map(({ kind }) => kind));
  expect([...flows].sort()).toEqual([...OPERATION_KINDS].sort());
  expect([...new Set(SET_UPS.map(({ kind }) => kind))].sort()).toEqual([...flows].sort());
});

describe.each(SET_UPS.map((setUp) => [`${setUp.kind} ${setUp.title}`, setUp] as const))('%s', (_, setUp) => {
  test('a worker that dies anywhere on the way', async () => {
    const { outcome: undisturbed, trial } = await undisturbedRun(setUp);
    expect(undisturbed.breaches).toEqual([]);
    expect(undisturbed.shape.operation).toBe('succeeded');
    const operation = (await lastOperation(trial, setUp.kind)) as NonNullable<
      Awaited<ReturnType<typeof lastOperation>>
    >;
    const { onward } = pointsOf(flowOf(operation), operation);
    // What the flow says it does is what it did: otherwise a point would be missed here.
    expect([...undisturbed.passed].sort()).toEqual([...onward].sort());
    const wrong = await crashEverywhere(onward, async (points) =>
      differences((await run(setUp, { crashAt: points })).outcome, undisturbed.shape),
    );
    const calls = Array.from({ length: undisturbed.calls }, (_entry, index) => `after call ${index + 1}`);
    wrong.push(
      ...(await crashEverywhere(calls, async (names) => {
        const crashAfterCalls = names.map((name) => Number(name.split(' ').at(-1)));
        return differences((await run(setUp, { crashAfterCalls })).outcome, undisturbed.shape);
      })),
    );
    covered.total += onward.length;
    covered.points +=
      onward.length - onward.filter((point) => wrong.some((text) => text.startsWith(`${point}:`))).length;
    covered.calls += calls.length;
    expect(wrong).toEqual([]);
  }, 600_000);

  test('a worker that dies anywhere on the way back', async () => {
    const { trial } = await undisturbedRun(setUp);
    const operation = (await lastOperation(trial, setUp.kind)) as NonNullable<
      Awaited<ReturnType<typeof lastOperation>>
    >;
    const flow = flowOf(operation);
    const names = stepsOf(flow, operation).map(({ name }) => name);
    const last = stepNamer(names)(names.at(-1) ?? '');
    const failAt = `${setUp.kind}/${last}/after-effect`;
    const { outcome: undisturbed } = await run(setUp, { failAt });
    expect(undisturbed.breaches).toEqual([]);
    expect(undisturbed.shape.operation).toBe('failed');
    const { back } = pointsOf(flow, operation);
    const wrong = await crashEverywhere(back, async (points) =>
      differences((await run(setUp, { failAt, crashAt: points })).outcome, undisturbed.shape),
    );
    covered.total += back.length;
    covered.points += back.length - back.filter((point) => wrong.some((text) => text.startsWith(`${point}:`))).length;
    expect(wrong).toEqual([]);
  }, 600_000);

  test('each step that fails is undone, and from ERROR failover and delete converge', async () => {
    const { trial } = await undisturbedRun(setUp);
    const operation = (await lastOperation(trial, setUp.kind)) as NonNullable<
      Awaited<ReturnType<typeof lastOperation>>
    >;
    const names = stepsOf(flowOf(operation), operation).map(({ name }) => name);
    const named = stepNamer(names);
    const points = names.flatMap((name) =>
      (['before-effect', 'after-effect'] as const).map((moment) => `${setUp.kind}/${named(name)}/${moment}`),
    );
    const wrong = await all(points, async (point) => {
      const { outcome, trial: failed } = await run(setUp, { failAt: point });
      const found = [...outcome.breaches];
      if (outcome.shape.operation !== 'failed') found.push(`ended as ${outcome.shape.operation}`);
      // A child in ERROR leaves the rest as it was: what then follows is the same whatever its step.
      if (outcome.shape.loadBalancer === 'ACTIVE' && point !== points.at(-1)) return found;
      failed.world.changes.length = 0;
      // Deleting may have given the address away, and then there is nothing to fail over to.
      if (setUp.failed.vipPort !== false) {
        await failed.api('PUT', `/lbaas/loadbalancers/${failed.loadBalancerId}/failover`);
        await failed.settle();
        const { shape, left } = { shape: await shapeOf(failed, ''), left: await breaches(failed) };
        if (shape.loadBalancer !== 'ACTIVE') found.push(`after failover it is ${shape.loadBalancer}: ${shape.reason}`);
        found.push(...left.map((text) => `after failover ${text}`));
      }
      failed.world.changes.length = 0;
      await failed.api('DELETE', `/lbaas/loadbalancers/${failed.loadBalancerId}?cascade=true`);
      await failed.settle();
      const gone = await breaches(failed);
      if ((await shapeOf(failed, '')).loadBalancer !== 'DELETED') found.push('delete did not delete it');
      return [...found, ...gone.map((text) => `after delete ${text}`)];
    });
    expect(wrong).toEqual([]);
  }, 600_000);
});

async function lastOperation(trial: Trial, kind: string) {
  const { rows } = await harness.store.pool.query<{ id: string }>(
    'select id from operation where kind = $2 and (load_balancer_id = $1 or resource_id = any($3)) order by created_at desc limit 1',
    [trial.loadBalancerId, kind, [...trial.world.instances.keys()]],
  );
  const { get } = await import('../../../src/store/operations/operations.ts');
  return get(harness.store.db, rows[0]?.id ?? '');
}
