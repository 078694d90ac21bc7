/**
 * `npm run test:clients`: the openstack command line of Debian against the control plane of `up`, on the noop cloud and on
 * the local one with real amphorae, in a network namespace of their own. Every kind of resource is created, listed, shown,
 * changed and deleted, and the commands that `up` prints are pasted.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startControlPlane, stopControlPlane } from '../../../demo/control-plane.ts';
import { OpenStack } from './openstack.ts';
import { installClients } from './packages.ts';
import { pasteBanner } from './paste.ts';
import { runScenario } from './scenario.ts';

const INSIDE = 'OCTAVIA_CLIENTS_INSIDE';
const CLOUDS = ['noop', 'local'] as const;

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

/** @returns how many commands failed */
async function runOn(cloud: (typeof CLOUDS)[number], folder: string): Promise<number> {
  process.stdout.write(`\n── ${cloud} cloud\n`);
  const stateDir = join(folder, cloud);
  const { controlPlane, output, interrupt } = await startControlPlane({ stateDir, extra: ['--cloud', cloud] });
  const openstack = new OpenStack(controlPlane.endpoint, folder);
  try {
    const failed = await runScenario(openstack, controlPlane.subnets);
    return failed + (await pasteBanner(output(), { stateDir, home: folder, real: cloud === 'local' }));
  } catch (error) {
    process.stderr.write(`${output().split('\n').slice(-30).join('\n')}\n`);
    throw error;
  } finally {
    openstack.stop();
    await interrupt();
    await stopControlPlane(stateDir, true);
  }
}

const folder = process.env[INSIDE];
if (folder === undefined) {
  process.exitCode = enterNamespaces();
} else {
  let failed = 0;
  for (const cloud of CLOUDS) failed += await runOn(cloud, folder);
  process.exitCode = failed === 0 ? 0 : 1;
}
