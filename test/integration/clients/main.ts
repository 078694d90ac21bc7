/**
 * `npm run test:clients`: the openstack command line of Debian against a control plane on the noop cloud, in a network
 * namespace of their own. Every kind of resource is created, listed, shown, changed and deleted.
 */
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startFront } from './front.ts';
import { OpenStack } from './openstack.ts';
import { installClients } from './packages.ts';
import { runScenario } from './scenario.ts';

const INSIDE = 'OCTAVIA_CLIENTS_INSIDE';
const PORT = 9876;
const ROOT = join(import.meta.dirname, '../../..');

const CONFIGURATION = `[oslo_middleware]
enable_proxy_headers_parsing = True

[api_settings]
enabled_provider_drivers = amphora:The Octavia Amphora driver.,noop_driver:The no-op driver.
`;

/** Everything that starts inside ends with the namespaces. */
function enterNamespaces(): number {
  if (process.getuid?.() !== 0) throw new Error('Run it as root: it needs a network namespace.');
  installClients();
  const folder = mkdtempSync(join(tmpdir(), 'octavia-clients-'));
  // PostgreSQL's own account passes through.
  chmodSync(folder, 0o755);
  try {
    const namespaces = ['--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc'];
    const again = [process.execPath, ...process.execArgv, import.meta.filename];
    const script = 'ip link set lo up && "$@"; exit $?';
    const { status } = spawnSync('unshare', [...namespaces, 'sh', '-c', script, 'sh', ...again], {
      stdio: 'inherit',
      env: { ...process.env, [INSIDE]: folder },
    });
    return status ?? 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function answering(url: string, ended: Promise<number | null>): Promise<void> {
  for (let attempt = 0; attempt < 600; attempt += 1) {
    const answer = await Promise.race([fetch(url).catch(() => null), ended]);
    if (typeof answer === 'number') throw new Error(`The control plane ended with exit code ${answer}.`);
    if (answer?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`Nothing answers at ${url} after a minute.`);
}

async function runInside(folder: string): Promise<number> {
  const file = join(folder, 'octavia.conf');
  writeFileSync(file, CONFIGURATION);
  const octavia = join(ROOT, 'packages/controller/bin/octavia.ts');
  const words = ['up', '--cloud', 'noop', '--port', String(PORT), '--state-dir', join(folder, 'state')];
  const controlPlane = spawn(process.execPath, [...process.execArgv, octavia, ...words, '--config-file', file], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const ended = new Promise<number | null>((resolve) => controlPlane.on('exit', resolve));
  await answering(`http://127.0.0.1:${PORT}/`, ended);
  const front = await startFront(PORT);
  const openstack = new OpenStack(front.endpoint, folder);
  try {
    return await runScenario(openstack);
  } finally {
    openstack.stop();
    front.server.close();
    front.server.closeAllConnections();
    controlPlane.kill('SIGTERM');
    await ended;
  }
}

const folder = process.env[INSIDE];
process.exitCode = folder === undefined ? enterNamespaces() : await runInside(folder);
