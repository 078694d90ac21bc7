/**
 * `npm run test:openstack -- contract`: tests against the services of a real cloud, in named parts. The login is that of the
 * service user, in the variables that an `openrc` file sets.
 *
 *     npm run test:openstack -- <part> [--netns=<name>] [<text>]
 *
 * `--netns` enters a network namespace in which the cloud can be reached; with a text only tests run whose names hold it.
 */
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ensureDebianPackages } from '../debian.ts';

const ROOT = join(import.meta.dirname, '../../..');
const END = '.openstack.ts';

/** Each is a file beside this one. */
const parts = readdirSync(import.meta.dirname)
  .filter((name) => name.endsWith(END))
  .map((name) => name.slice(0, -END.length));

function fail(sentence: string): never {
  process.stderr.write(`${sentence}\n`);
  process.exit(2);
}

const words = process.argv.slice(2);
const netns = words.find((word) => word.startsWith('--netns='))?.slice('--netns='.length);
const [part = '', text] = words.filter((word) => !word.startsWith('--'));
if (!parts.includes(part)) fail(`Name the part that is to run: ${parts.join(', ')}.`);
const lacking = ['OS_AUTH_URL', 'OS_USERNAME', 'OS_PASSWORD'].filter((name) => !process.env[name]);
if (lacking.length > 0) fail(`Say which cloud and who logs in: ${lacking.join(', ')} not set (openrc sets them).`);

// Before the network namespace of the cloud is entered: from there Debian cannot be reached.
if (part === 'install') {
  const packages = ['postgresql', 'curl', 'iproute2', 'systemd', 'python3-openstackclient', 'python3-octaviaclient'];
  ensureDebianPackages(packages, ['/usr/bin/createdb', '/usr/bin/openstack', '/lib/systemd/systemd']);
}

const command = [
  ...(netns === undefined ? [] : ['ip', 'netns', 'exec', netns]),
  ...[process.execPath, '--disable-warning=ExperimentalWarning', join(ROOT, 'node_modules/vitest/vitest.mjs'), 'run'],
  ...['--config', join(import.meta.dirname, 'vitest.config.ts'), '--root', ROOT, `${part}${END}`],
  ...(text === undefined ? [] : ['-t', text]),
];
const [program = '', ...args] = command;
const child = spawn(program, args, { stdio: 'inherit', cwd: ROOT });
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => child.kill(signal));
child.once('error', (error) => fail(`${program} cannot be started: ${error.message}`));
child.once('exit', (code) => process.exit(code ?? 1));
