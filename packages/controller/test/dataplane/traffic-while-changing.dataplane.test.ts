/** What clients notice while their load balancer is changed: nothing. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Member } from '../../src/domain/resources.ts';
import { OneAmphora, VIP } from './support/one-amphora.ts';
import { TestSecrets } from './support/secrets.ts';
import { certify, HTTPS, makeSite, member } from './support/site.ts';
import { SteadyLoad } from './support/steady-load.ts';
import { makeL7Policy, makeL7Rule } from './support/tree.ts';

/** 20 a second for 30 seconds; a slow machine takes longer. */
const CHANGES = 600;
const CHANGES_PER_SECOND = 20;
const RATE = 100;
/** Of members: two stay, of the others half come and half go with each round. */
const MEMBERS = 10;
const STEADY = 2;

const secrets = new TestSecrets();
let one: OneAmphora;

beforeAll(async () => {
  one = await OneAmphora.create(MEMBERS, secrets);
});
afterAll(async () => {
  await one?.destroy();
});

const PER_ROUND = MEMBERS;

/** The steady ones weigh something else each time; the even and the odd ones of the others take turns. */
function membersOf(round: number): Member[] {
  const others = Array.from({ length: MEMBERS - STEADY }, (_, index) => STEADY + 1 + index);
  return [
    member(1, { weight: 1 + (round % 5) }),
    member(2, { weight: 1 + ((round + 2) % 5) }),
    ...others.filter((n) => n % 2 === round % 2).map((n) => member(n, { weight: 3 })),
  ];
}

test('600 members come, go and weigh anew, a certificate is renewed, a policy comes: no request fails', async () => {
  const old = await certify(secrets);
  const tree = makeSite([HTTPS]);
  tree.members = membersOf(0);
  expect(await one.apply(tree)).toEqual({ method: 'start' });
  const [worker] = await one.serving();
  const load = new SteadyLoad((...command) => one.lab.spawnInTestbed(...command), `https://${VIP}/`, RATE);

  const began = performance.now();
  const methods: Record<string, number> = {};
  let [changes, round] = [0, 0];
  const change = async (): Promise<void> => {
    const { method } = await one.apply(tree);
    methods[method] = (methods[method] ?? 0) + 1;
  };
  const changeMembers = async (upTo: number): Promise<void> => {
    while (changes < upTo) {
      round += 1;
      tree.members = membersOf(round);
      await change();
      changes += PER_ROUND;
      const early = changes / CHANGES_PER_SECOND - (performance.now() - began) / 1000;
      if (early > 0) await new Promise((resolve) => setTimeout(resolve, early * 1000));
    }
  };

  await changeMembers(CHANGES / 3);
  const renewing = Date.now();
  const fresh = await certify(secrets);
  await change();
  const renewed = Date.now();
  await changeMembers((CHANGES * 2) / 3);
  expect(methods).toEqual({ runtime: round + 1 });
  expect(await one.serving()).toEqual([worker]);

  tree.l7policies = [makeL7Policy(1, { action: 'REJECT' })];
  tree.l7rules = [makeL7Rule(1, { type: 'PATH', compareType: 'STARTS_WITH', value: '/private' })];
  await change();
  expect(methods.reload).toBe(1);
  await changeMembers(CHANGES);
  const { sent, answered, failures, fingerprints, bodies, slowest } = await load.end();

  const seconds = (performance.now() - began) / 1000;
  console.info(
    `${changes} changes in ${seconds.toFixed(1)} s, ${sent} requests, slowest ${slowest} ms, ${JSON.stringify(methods)}`,
  );
  expect(failures).toEqual([]);
  expect(answered).toBe(sent);
  expect(sent).toBeGreaterThan(seconds * RATE * 0.5);
  expect(methods.reload).toBe(1);
  // Every member has served.
  expect(Object.keys(bodies).sort()).toEqual(Array.from({ length: MEMBERS }, (_, n) => `m${n + 1}`).sort());
  const shown = (from: number, to: number): Set<string> =>
    new Set(fingerprints.filter(([at]) => at >= from && at < to).map(([, fingerprint]) => fingerprint));
  expect(shown(0, renewing - 100)).toEqual(new Set([old]));
  expect(shown(renewed, Number.POSITIVE_INFINITY)).toEqual(new Set([fresh]));
});
