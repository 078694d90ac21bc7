/**
 * Seeds (`seeds.ts`) on a cloud in memory, and on Nova and Neutron of fakes. `OCTAVIA_SEEDS=5000` runs more, `OCTAVIA_SEED=17` one alone.
 */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Harness, PUBLIC_SUBNET } from './harness.ts';
import { inDatabase, OpenStackOfFakes } from './openstack-cloud.ts';
import { breaches } from './rest.ts';
import { playSeeds } from './seeds.ts';

const SEEDS = Number(process.env.OCTAVIA_SEEDS ?? 200);
/** Each makes some hundred requests to services. */
const SEEDS_OF_OPENSTACK = Number(process.env.OCTAVIA_SEEDS ?? 12);
const only = process.env.OCTAVIA_SEED;

let harness: Harness;
let cloud: OpenStackOfFakes;
let harnessOfCloud: Harness;
beforeAll(async () => {
  harness = await Harness.open();
  cloud = await OpenStackOfFakes.open();
  harnessOfCloud = await Harness.open(undefined, cloud.reachedBy(cloud.session).network);
});
afterAll(async () => {
  await harness.close();
  await harnessOfCloud.close();
  await cloud.close();
});

test(`${only ? `seed ${only}` : `${SEEDS} seeds`}: promises are kept, whatever happens`, async () => {
  const setting = {
    trial: harness.trial.bind(harness),
    vipSubnet: PUBLIC_SUBNET,
    memberSubnet: () => randomUUID(),
    breaches,
  };
  const { wrong, operations } = await playSeeds(setting, { seeds: SEEDS, only, beside: 6 });
  expect(operations).toBeGreaterThan(only ? 0 : SEEDS);
  expect(wrong).toEqual([]);
}, 3_600_000);

test(`${only ? `seed ${only}` : `${SEEDS_OF_OPENSTACK} seeds`} on OpenStack: it holds what the database names`, async () => {
  const { vip, far } = cloud;
  const [vipSubnet = ''] = vip.subnets;
  const setting = {
    trial: (topology: 'SINGLE' | 'ACTIVE_STANDBY') => harnessOfCloud.trial(topology, cloud.reachedBy(cloud.session)),
    vipSubnet,
    memberSubnet: (random: () => number) => (random() < 0.5 ? vipSubnet : (far.subnets[0] ?? '')),
    breaches: async (trial: ReturnType<Harness['trial']>) => {
      const { amphorae, ...named } = await inDatabase(trial);
      const there = cloud.holds(trial, amphorae);
      const [is, should] = [there, named].map((each) => JSON.stringify(each));
      return is === should ? [] : [`there is ${is}, rows name ${should}`];
    },
  };
  const { wrong, operations } = await playSeeds(setting, { seeds: SEEDS_OF_OPENSTACK, only, beside: 4 });
  expect(operations).toBeGreaterThan(only ? 0 : SEEDS_OF_OPENSTACK);
  expect(wrong).toEqual([]);
  expect(cloud.leftovers()).toEqual([]);
}, 3_600_000);
