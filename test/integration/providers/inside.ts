/** The tests, in the namespaces. Their first argument is the folder of the run. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../../..');
const [folder = '', text] = process.argv.slice(2);
const { status } = spawnSync(
  process.execPath,
  [
    ...process.execArgv,
    ...[join(ROOT, 'node_modules/vitest/vitest.mjs'), 'run', '--config', join(import.meta.dirname, 'vitest.config.ts')],
    ...['--root', ROOT],
    ...(text === undefined ? [] : ['-t', text]),
  ],
  { stdio: 'inherit', cwd: ROOT, env: { ...process.env, OCTAVIA_PROVIDERS_FOLDER: folder } },
);
process.exitCode = status ?? 1;
