/** Each driver that does something wrong is caught, by the name of what it does. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { FAULTS, type FaultName, type Result, runConformance } from '../../src/conformance/index.ts';

const target = join(import.meta.dirname, 'testdata/hostile.ts');

const METADATA = 'get_supported_flavor_metadata';
const VIP = 'create_vip_port: any address';
const BALANCER = 'loadbalancer_create';
const RENAME = 'loadbalancer_update: a name';
const LISTENER = 'listener_create: HTTP';
const REMOVAL = 'listener_delete';
const REFUSES = 'driver agent: refuses a report';
const MADE = 'the driver is made, and says who it is';

/** What the driver does wrong, in which case it shows, and what it is called. */
const CAUGHT: readonly [wrong: string, shows: string, fault: FaultName][] = [
  ['cannot be made', MADE, 'unreachable'],
  ['describes flavors with nonsense', METADATA, 'nonsense'],
  ['makes a VIP of nonsense', VIP, 'nonsense'],
  ['crashes in a call', LISTENER, 'crashed'],
  ['does not catch what a report raises', REFUSES, 'crashed'],
  ['never answers', LISTENER, 'stalled'],
  ['blocks its process', LISTENER, 'stalled'],
  ['waits for its own report', RENAME, 'waits-for-itself'],
  ['throws what is no error', LISTENER, 'unexpected-error'],
  ['throws what it did not mean to', LISTENER, 'unexpected-error'],
  ['refuses without words', LISTENER, 'no-words'],
  ['refuses what is plain', LISTENER, 'refused'],
  ['refuses a deletion as an option', REMOVAL, 'wrong-error'],
  ['has no load balancers', BALANCER, 'mandatory'],
  ['reports ids that nobody knows', LISTENER, 'unknown-id'],
  ['reports a status that there is not', LISTENER, 'unknown-status'],
  ['reports an operating status that there is not', LISTENER, 'unknown-status'],
  ['reports that it is still at it', BALANCER, 'wrong-status'],
  ['reports what it deleted as active', REMOVAL, 'wrong-status'],
  ['reports records without ids', LISTENER, 'malformed-report'],
  ['ends in ERROR', LISTENER, 'ended-in-error'],
  ['releases the load balancer too early', LISTENER, 'released-early'],
  ['forgets the load balancer', LISTENER, 'not-released'],
  ['reports what it has refused', LISTENER, 'reported-after-refusal'],
  ['ends what nobody asked about', 'driver agent: answers late', 'stray-report'],
  ['writes bytes that are no message', LISTENER, 'malformed-report'],
  ['counts below zero', LISTENER, 'bad-statistics'],
];

const PREPARED: Readonly<Record<string, readonly string[]>> = {
  [MADE]: [METADATA],
  [METADATA]: [METADATA],
  [VIP]: [VIP],
  [BALANCER]: [BALANCER],
  [RENAME]: [BALANCER, RENAME],
  [LISTENER]: [BALANCER, LISTENER],
  [REMOVAL]: [BALANCER, LISTENER, REMOVAL],
  [REFUSES]: [BALANCER, REFUSES],
};

const results = new Map<string, Result[]>();
/** Each driver is a process. */
const AT_ONCE = 3;
/** Short for those that are late on purpose, long for all others: a busy host is no fault of theirs. */
const LIMITS: Readonly<Partial<Record<FaultName, object>>> = {
  stalled: { deadlineMs: 3000 },
  'waits-for-itself': { deadlineMs: 3000 },
  'not-released': { settleMs: 3000 },
};

/** What one process compiled the next ones find: that halves what they cost. */
const cache = mkdtempSync(join(tmpdir(), 'octavia-compiled-'));
const { NODE_COMPILE_CACHE: before } = process.env;
afterAll(() => {
  if (before === undefined) delete process.env.NODE_COMPILE_CACHE;
  else process.env.NODE_COMPILE_CACHE = before;
  rmSync(cache, { recursive: true, force: true });
});

beforeAll(async () => {
  process.env.NODE_COMPILE_CACHE = cache;
  const rest = CAUGHT.map(([name, shows, fault]) => ({
    name,
    only: PREPARED[shows] ?? [BALANCER, LISTENER, shows],
    ...{ deadlineMs: 60_000, settleMs: 60_000, ...LIMITS[fault] },
  }));
  const work = async () => {
    for (let next = rest.shift(); next; next = rest.shift()) {
      results.set(next.name, await runConformance({ target, ...next }));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
});

it.each(CAUGHT)('a driver that %s', (wrong, shows, fault) => {
  const found = (results.get(wrong) ?? []).flatMap(({ name, faults }) => faults.map((one) => [name, one.name]));
  expect(found).toContainEqual([shows, fault]);
});

it('of every fault there is a driver that has it', () => {
  const shown = new Set(CAUGHT.map(([, , fault]) => fault));
  expect((Object.keys(FAULTS) as FaultName[]).filter((name) => !shown.has(name))).toEqual([]);
});
