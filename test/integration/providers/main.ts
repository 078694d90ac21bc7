/**
 * `npm run test:providers`: drivers and driver agents of OpenStack Octavia against ours, each on the other's side of the sockets, and the
 * provider agent of OVN beside its databases. Packages of Debian that it lacks it installs. With a text only tests run whose names hold it.
 *
 *     npm run test:providers -- [--keep] [<text>]
 */
import { join } from 'node:path';
import { ensureDebianPackages } from '../debian.ts';
import { runInNamespaces } from '../namespaces.ts';

const PYTHON_PACKAGES = '/usr/lib/python3/dist-packages';

if (process.getuid?.() !== 0) {
  process.stderr.write('Run it as root: it needs namespaces.\n');
  process.exit(2);
}
const words = process.argv.slice(2);
const texts = words.filter((word) => !word.startsWith('--'));
ensureDebianPackages(
  [
    ...['mariadb-server', 'octavia-driver-agent', 'python3-pymysql', 'python3-octavia-lib'],
    ...['ovn-central', 'python3-ovn-octavia-provider'],
  ],
  [
    ...['/usr/sbin/mariadbd', '/usr/bin/octavia-driver-agent', '/usr/share/ovn/ovn-nb.ovsschema'],
    ...['pymysql', 'octavia_lib', 'ovn_octavia_provider'].map((name) => join(PYTHON_PACKAGES, name, '__init__.py')),
  ],
);
process.exitCode = await runInNamespaces({
  ...{ name: 'providers', script: join(import.meta.dirname, 'inside.ts'), args: texts, keep: words.includes('--keep') },
});
