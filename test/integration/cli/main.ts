/**
 * `npm run test:cli`: octavia against the openstack client of Debian. The parser against argparse, the formatters against
 * cliff, both on what chance makes; command lines by both; what is recorded for `npm test`; everything that can be shown of
 * one server on the noop cloud, the scenario of `npm run test:clients` by octavia, and the command line as one file.
 * `-- --record` writes the recordings anew, `-- --pairs` compares what is shown of the server alone.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startControlPlane, stopControlPlane } from '../../../demo/control-plane.ts';
import { installClients } from '../clients/packages.ts';
import { runScenario } from '../clients/scenario.ts';
import { ensureDebianPackages } from '../debian.ts';
import { checkBundle } from './bundle.ts';
import { compareFormats } from './formats.ts';
import { compareLines, theirLines } from './lines.ts';
import { Octavia } from './octavia.ts';
import { comparePairs } from './pairs.ts';
import { compareParsers } from './parsers.ts';
import { Python } from './python.ts';
import { compareRecordings } from './recordings.ts';
import { Report } from './report.ts';

const INSIDE = 'OCTAVIA_CLI_INSIDE';
const RUNS = 2_000;

/** Everything that starts inside ends with the namespaces. */
function enterNamespaces(): number {
  if (process.getuid?.() !== 0) throw new Error('Run it as root: it needs a network namespace.');
  installClients();
  ensureDebianPackages(['zsh', 'fish'], ['/usr/bin/zsh', '/usr/bin/fish']);
  const folder = mkdtempSync(join(tmpdir(), 'octavia-cli-'));
  // PostgreSQL's own account passes through.
  chmodSync(folder, 0o755);
  try {
    const namespaces = ['--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc'];
    const again = [process.execPath, ...process.execArgv, import.meta.filename, ...process.argv.slice(2)];
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

const has = (flag: string): boolean => process.argv.includes(flag);

async function onServer(python: Python, folder: string, report: Report): Promise<void> {
  const stateDir = join(folder, 'noop');
  const { controlPlane, interrupt } = await startControlPlane({ stateDir, extra: ['--cloud', 'noop'] });
  try {
    // First: what is there decides what is shown.
    await comparePairs(python, controlPlane.endpoint, report, has('--record'));
    if (has('--pairs')) return;
    report.section('the scenario of test:clients');
    const failed = await runScenario(new Octavia(controlPlane.endpoint, python), controlPlane.subnets);
    report.compared('scenario', failed === 0 ? null : `${failed} commands failed`);
    await checkBundle(folder, controlPlane.endpoint, report);
  } finally {
    await interrupt();
    await stopControlPlane(stateDir, true);
  }
}

async function compareAll(folder: string): Promise<number> {
  const python = new Python(folder);
  const report = new Report();
  try {
    if (!has('--pairs')) {
      await compareRecordings(python, report, has('--record'));
      await compareLines(await theirLines(python), report);
      await compareParsers(python, report, RUNS);
      await compareFormats(python, report, RUNS);
    }
    await onServer(python, folder, report);
  } finally {
    python.stop();
  }
  report.summary();
  return report.failed === 0 ? 0 : 1;
}

const folder = process.env[INSIDE];
process.exitCode = folder === undefined ? enterNamespaces() : await compareAll(folder);
