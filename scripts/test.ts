/**
 * `npm test`: type check, lint, import rule, what nobody uses, then every test, and the page that is made of their results. Tests
 * run in fresh network, mount and process namespaces: they cannot reach the host's network, and the kernel ends with them
 * whatever they started.
 */
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RESULTS } from './feature-matrix.ts';

const ROOT = join(import.meta.dirname, '..');
const NODE = process.execPath;
const bin = (path: string): string => join(ROOT, 'node_modules', path);

/**
 * First process in the namespaces. Its own /proc and /sys show the namespaces, its own /run/netns hides the names of the
 * host's, and an Octavia that is installed here does not lend its /etc/octavia. It stays (no exec) to collect orphans, as the first process of a process namespace has to.
 */
const INIT = `
ip link set dev lo up &&
mount -t sysfs sysfs /sys &&
mkdir -p /run/netns && mount -t tmpfs -o mode=755 tmpfs /run/netns || exit 1
[ ! -d /etc/octavia ] || mount -t tmpfs -o mode=755 tmpfs /etc/octavia || exit 1
[ -z "$TESTS_IN_MEMORY" ] || mount -t tmpfs -o mode=755 tmpfs "$TMPDIR" || exit 1
"$@"
exit $?`;

/**
 * A database of a test's own is many files, which a disk makes slowly and memory does not. All that is there at a time must
 * leave room for the tests themselves.
 */
const IN_MEMORY_FROM_BYTES = 6e9;
const IN_MEMORY = process.availableMemory() > IN_MEMORY_FROM_BYTES ? { TESTS_IN_MEMORY: 'yes' } : {};

interface Stage {
  name: string;
  command: string[];
  env?: NodeJS.ProcessEnv;
}

function stages(filters: string[]): Stage[] {
  const vitest = [NODE, '--disable-warning=ExperimentalWarning', bin('vitest/vitest.mjs'), 'run', ...filters];
  const isolated = ['unshare', '--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc'];
  const tests = { name: 'tests', command: [...isolated, 'sh', '-c', INIT, 'sh', ...vitest], env: IN_MEMORY };
  // With a filter somebody works on one thing: straight to it.
  if (filters.length > 0) return [tests];
  return [
    { name: 'types', command: [bin('.bin/tsc'), '--noEmit', '-p', 'tsconfig.json'] },
    { name: 'lint', command: [bin('.bin/biome'), 'check', '.'] },
    { name: 'imports', command: [NODE, join(ROOT, 'scripts/check-imports.ts')] },
    { name: 'unused', command: [NODE, bin('knip/bin/knip.js'), '--no-progress'] },
    { ...tests, env: { ...IN_MEMORY, FEATURE_MATRIX_RESULTS: RESULTS } },
    { name: 'feature matrix', command: [NODE, join(ROOT, 'scripts/feature-matrix.ts'), '--check'] },
  ];
}

function requireNamespaces(): void {
  if (process.getuid?.() !== 0) {
    fail(
      'The tests run real load balancers in network namespaces: run them as root (npm run typecheck and npm run lint do not need it).',
    );
  }
  const probe = spawnSync('unshare', ['--net', '--mount', '--pid', '--fork', 'true'], { encoding: 'utf8' });
  if (probe.status !== 0)
    fail(`The kernel or container refuses namespaces: ${probe.stderr?.trim() || probe.error?.message}`);
}

function fail(sentence: string): never {
  process.stderr.write(`${sentence}\n`);
  process.exit(1);
}

/** Temporary files of all tests; PostgreSQL's own account passes through. */
const folder = (): string => {
  // Short: HAProxy refuses socket paths of more than 96 characters, and amphorae add some 75 to this.
  const path = mkdtempSync(join(existsSync('/var/tmp') ? '/var/tmp' : tmpdir(), 'ot-'));
  chmodSync(path, 0o755);
  return path;
};

function run({ command: [file = '', ...args], env = {} }: Stage, temporary: string): Promise<number> {
  const child = spawn(file, args, { cwd: ROOT, stdio: 'inherit', env: { ...process.env, ...env, TMPDIR: temporary } });
  // --kill-child takes every process in the namespace with it.
  const stop = (): void => void child.kill('SIGKILL');
  for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT'] as const) process.once(signal, stop);
  return new Promise((resolve) => {
    child.once('error', (error) => {
      process.stderr.write(`${file}: ${error.message}\n`);
      resolve(1);
    });
    child.once('exit', (code) => resolve(code ?? 1));
  }).finally(() => {
    for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT'] as const) process.removeListener(signal, stop);
  }) as Promise<number>;
}

requireNamespaces();
const temporary = folder();
const results: string[] = [];
let failed = false;
// What an earlier run told counts no more.
if (process.argv.length === 2) rmSync(RESULTS, { force: true });
try {
  for (const stage of stages(process.argv.slice(2))) {
    const started = Date.now();
    process.stdout.write(`\n── ${stage.name}\n`);
    const code = await run(stage, temporary);
    const seconds = ((Date.now() - started) / 1000).toFixed(1);
    results.push(`${stage.name} ${code === 0 ? 'passed' : 'FAILED'} (${seconds} s)`);
    if (code !== 0) failed = true;
  }
} finally {
  rmSync(temporary, { recursive: true, force: true });
}
process.stdout.write(`\n${failed ? 'FAILED' : 'PASSED'}: ${results.join(', ')}\n`);
process.exit(failed ? 1 : 0);
