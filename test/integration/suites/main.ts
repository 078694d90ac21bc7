/**
 * `npm run test:tempest` and `npm run test:sdk`: test suites of OpenStack's clients, from Debian's packages, against the control
 * plane on the no-op cloud behind a real Keystone. In namespaces of their own; by hand, for they take minutes.
 *
 * `-- <text>` runs the tests alone whose id holds the text, `--json` prints figures for machines, `--keep` leaves the folder
 * with logs and databases.
 */
import { join } from 'node:path';
import { ensureDebianPackages } from '../debian.ts';
import { runInNamespaces } from '../namespaces.ts';

const PYTHON = '/usr/lib/python3/dist-packages';
const KEYSTONE = ['/usr/bin/keystone-manage', '/usr/bin/keystone-wsgi-public'];

const SUITES = {
  tempest: {
    packages: ['keystone', 'octavia-tempest-plugin', 'tempest'],
    brought: [...KEYSTONE, `${PYTHON}/octavia_tempest_plugin`],
  },
  sdk: {
    packages: ['keystone', 'python3-openstacksdk', 'python3-testtools', 'python3-fixtures', 'python3-oslotest'],
    brought: [...KEYSTONE, `${PYTHON}/openstack/tests/functional/load_balancer`, `${PYTHON}/oslotest`],
  },
} as const;

async function main(name: string, args: readonly string[]): Promise<number> {
  if (name !== 'tempest' && name !== 'sdk') throw new Error('Which suite? tempest or sdk.');
  if (process.getuid?.() !== 0) throw new Error('This test makes namespaces and runs servers: run it as root.');
  const { packages, brought } = SUITES[name];
  ensureDebianPackages(packages, brought);
  const script = join(import.meta.dirname, `${name}.ts`);
  const passed = args.filter((arg) => arg !== '--keep');
  return runInNamespaces({ name, script, args: passed, keep: args.includes('--keep') });
}

const [suite = '', ...rest] = process.argv.slice(2);
try {
  process.exitCode = await main(suite, rest);
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 1;
}
