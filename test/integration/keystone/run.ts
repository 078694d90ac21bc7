/**
 * `npm run test:keystone`: the API behind a real Keystone, used by the real command-line clients, all from Debian's packages.
 * Runs in namespaces of its own. `--keep` leaves the folder with logs and databases.
 */
import { join } from 'node:path';
import { ensureDebianPackages } from '../debian.ts';
import { runInNamespaces } from '../namespaces.ts';

const PACKAGES = ['keystone', 'python3-openstackclient', 'python3-octaviaclient'];
const BROUGHT = [
  '/usr/bin/keystone-manage',
  '/usr/bin/keystone-wsgi-public',
  '/usr/bin/openstack',
  '/usr/lib/python3/dist-packages/octaviaclient',
];

async function main(): Promise<number> {
  if (process.getuid?.() !== 0) throw new Error('This test makes namespaces and runs servers: run it as root.');
  ensureDebianPackages(PACKAGES, BROUGHT);
  const script = join(import.meta.dirname, 'inside.ts');
  return runInNamespaces({ name: 'keystone', script, keep: process.argv.includes('--keep') });
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 1;
}
