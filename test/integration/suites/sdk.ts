/** Inside the namespaces of main.ts: the functional load balancer tests of openstacksdk. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { call, login, settlePeople } from '../keystone/people.ts';
import { API, KEYSTONE, PASSWORD, startKeystone, startOctavia } from '../keystone/servers.ts';
import { dealt, listTests, type Outcome, runTests } from './python-tests.ts';
import { atMost, conclude, say, sayCounts, sayLogs, tellFailure } from './report.ts';

const PACKAGE = 'openstack.tests.functional.load_balancer.v2';
/** Every test builds a whole tree and takes it down, and the library looks every two seconds how far a change is. */
const PROCESSES = 8;
const MOST = 4;

const [folder = '', ...options] = process.argv.slice(2);
const wanted = options.find((option) => !option.startsWith('--')) ?? '';

/** Tests change the quota of their project: each process has one of its own. */
const projectOf = (number: number): string => `sdk-${number}`;

async function settleProjects(): Promise<void> {
  const token = await login('admin', { project: 'admin' });
  const idOf = async (kind: 'users' | 'roles'): Promise<string> => {
    const listed = (await (await call('GET', `/${kind}?name=admin`, token)).json()) as Record<string, { id: string }[]>;
    return listed[kind]?.[0]?.id ?? '';
  };
  const [user, role] = [await idOf('users'), await idOf('roles')];
  for (let number = 0; number < PROCESSES; number += 1) {
    const made = await call('POST', '/projects', token, { project: { name: projectOf(number) } });
    const { project } = (await made.json()) as { project: { id: string } };
    await call('PUT', `/projects/${project.id}/users/${user}/roles/${role}`, token);
  }
}

/** The tests know three people by their names, and who runs them by a variable. */
function configureClouds(): (number: number) => Record<string, string> {
  const cloud = (username: string, project_name: string) => ({
    auth: {
      ...{ auth_url: KEYSTONE, username, password: PASSWORD, project_name },
      ...{ user_domain_name: 'Default', project_domain_name: 'Default' },
    },
    region_name: 'RegionOne',
  });
  const people = {
    devstack: cloud('jane', 'engineering'),
    'devstack-alt': cloud('eve', 'outside'),
    'devstack-admin': cloud('admin', 'admin'),
  };
  const own = Array.from({ length: PROCESSES }, (_, number) => projectOf(number)).map((name) => [
    name,
    cloud('admin', name),
  ]);
  const file = join(folder, 'clouds.json');
  writeFileSync(file, JSON.stringify({ clouds: { ...people, ...Object.fromEntries(own) } }));
  return (number) => ({ OS_CLIENT_CONFIG_FILE: file, OS_CLOUD: projectOf(number), OS_TEST_TIMEOUT: '600' });
}

async function main(): Promise<number> {
  const started = performance.now();
  await startKeystone(folder);
  await settlePeople(API);
  await settleProjects();
  await startOctavia(folder);
  say(`Keystone and the control plane are up after ${((performance.now() - started) / 1000).toFixed(0)} s`);
  const tests = { package: PACKAGE, env: configureClouds(), log: join(folder, 'tests.log') };
  const ids = listTests(tests).filter((id) => id.includes(wanted));
  const outcomes: Outcome[] = [];
  await runTests(tests, dealt(ids, MOST), PROCESSES, (outcome) => {
    outcomes.push(outcome);
    tellFailure(outcome);
  });
  sayCounts('openstacksdk', outcomes, (performance.now() - started) / 1000);
  const count = (wanted: Outcome['outcome']) => outcomes.filter(({ outcome }) => outcome === wanted).length;
  const figures = [
    atMost('openstacksdk: functional load balancer tests that failed', count('fail'), 'tests', 0),
    atMost('openstacksdk: functional load balancer tests that were skipped', count('skip'), 'tests', 0),
  ];
  return conclude(figures, options.includes('--json'));
}

try {
  process.exit(await main());
} catch (error) {
  say((error as Error).stack ?? '');
  sayLogs(folder, ['keystone', 'octavia', 'tests']);
  process.exit(1);
}
