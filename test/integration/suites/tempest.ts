/** Inside the namespaces of main.ts: the API tests of octavia-tempest-plugin, for each provider. */
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { settlePeople } from '../keystone/people.ts';
import { startKeystone, startOctavia } from '../keystone/servers.ts';
import { dealt, listTests, type Outcome, runTests } from './python-tests.ts';
import { atLeast, atMost, conclude, type Figure, say, sayCounts, sayLogs, tellFailure } from './report.ts';
import { configureTempest, PROVIDERS } from './tempest-configuration.ts';

const PACKAGE = 'octavia_tempest_plugin.tests.api.v2';
/** What OpenStack Octavia passes, and skips. */
const PASSING = readFileSync(join(import.meta.dirname, 'tempest-passing.txt'), 'utf8')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'));
const SKIPPED = 148;
const MINUTES = 10;
/** Tests of a class in one go: each go makes seven users and a load balancer first. */
const MOST = 60;
/** Two tests at a time for each processor: every test waits for changes to be carried out. */
const PROCESSES = availableParallelism() * 2;

const [folder = '', ...options] = process.argv.slice(2);
const wanted = options.find((option) => !option.startsWith('--')) ?? '';
const only = options.find((option) => option.startsWith('--provider='))?.split('=')[1];
const TESTED = (['amphora', 'noop_driver'] as const).filter((provider) => only === undefined || provider === only);

async function run(provider: (typeof TESTED)[number]): Promise<Figure[]> {
  const env = configureTempest(provider, join(folder, provider));
  const tests = { package: PACKAGE, env: () => env, log: join(folder, `${provider}-tests.log`) };
  const ids = listTests(tests).filter((id) => id.includes(wanted));
  const outcomes: Outcome[] = [];
  const started = performance.now();
  await runTests(tests, dealt(ids, MOST), PROCESSES, (outcome) => {
    outcomes.push(outcome);
    tellFailure(outcome);
  });
  sayCounts(`provider ${provider}`, outcomes, (performance.now() - started) / 1000);
  const having = (outcome: Outcome['outcome']) => outcomes.filter((one) => one.outcome === outcome);
  const passed = new Set(having('pass').map(({ id }) => id));
  const own = PASSING.filter((id) => id.includes(wanted));
  // Tests of what this provider does not have, such as amphorae, skip themselves, whatever the server does.
  const without = having('skip').filter(({ id, reason }) => own.includes(id) && reason.includes('provider'));
  const expected = own.filter((id) => !without.some((skipped) => skipped.id === id));
  const missing = expected.filter((id) => !passed.has(id));
  for (const id of missing) say(`MISSING ${id}: OpenStack Octavia passes it`);
  return [
    atLeast(
      `${provider}: passed of what OpenStack Octavia passes`,
      expected.length - missing.length,
      'tests',
      expected.length,
    ),
    atMost(`${provider}: failed`, having('fail').length, 'tests', 0),
    atMost(`${provider}: skipped of what it could run`, having('skip').length - without.length, 'tests', SKIPPED),
  ];
}

async function main(): Promise<number> {
  const started = performance.now();
  await startKeystone(folder);
  await settlePeople();
  const drivers = Object.entries(PROVIDERS).map(([name, description]) => `${name}:${description}`);
  await startOctavia(folder, { api_settings: [`enabled_provider_drivers = ${drivers.join(',')}`] });
  say(`Keystone and the control plane are up after ${((performance.now() - started) / 1000).toFixed(0)} s`);
  const figures: Figure[] = [];
  for (const provider of TESTED) figures.push(...(await run(provider)));
  const minutes = Math.round((performance.now() - started) / 6_000) / 10;
  return conclude(
    [...figures, atMost('all of it, Keystone included', minutes, 'min', MINUTES)],
    options.includes('--json'),
  );
}

try {
  process.exit(await main());
} catch (error) {
  say((error as Error).stack ?? '');
  sayLogs(folder, ['keystone', 'octavia']);
  process.exit(1);
}
