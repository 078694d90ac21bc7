/**
 * `npm run bench:controller [module…]`: what happens behind the API, against the figures of the original. `--json` for
 * machines.
 *
 * The reference is Octavia 11.0.0 with no-op drivers on a machine with 2 cores: API, worker, health manager, database and
 * load on the same cores. Compare only figures of one machine.
 */
import { spawn } from 'node:child_process';
import { type Figure, type FigureModule, figureLine, reached } from './controller-figure.ts';
import { flows } from './controller-flows.ts';
import { heartbeats } from './controller-heartbeats.ts';
import { recovery } from './controller-recovery.ts';

const MODULES: FigureModule[] = [flows, recovery, heartbeats];

const INSIDE = 'OCTAVIA_BENCH_INSIDE';
const options = process.argv.slice(2);
const json = options.includes('--json');
const say = (line: string): void => void process.stderr.write(`${line}\n`);

async function inside(): Promise<void> {
  const names = options.filter((option) => !option.startsWith('--'));
  const unknown = names.filter((name) => !MODULES.some((module) => module.name === name));
  if (unknown.length > 0) throw new Error(`there is no module ${unknown.join(', ')}`);
  const figures: Figure[] = [];
  for (const module of MODULES) {
    if (names.length > 0 && !names.includes(module.name)) continue;
    figures.push(...(await module.measure(say)));
  }
  if (json) {
    const judged = figures.map((figure) => ({ ...figure, ok: reached(figure) }));
    process.stdout.write(`${JSON.stringify(judged, null, 2)}\n`);
  } else for (const figure of figures) process.stdout.write(`${figureLine(figure)}\n`);
  if (!figures.every(reached)) process.exitCode = 1;
}

/** In a network namespace of its own all ports are free, whatever else runs on the host; it goes with the process. */
function enter(): void {
  const self = [process.execPath, ...process.execArgv, import.meta.filename, ...options];
  const user = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user'];
  const child = spawn(
    'unshare',
    [...user, '--net', '--', 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh', ...self],
    { stdio: 'inherit', env: { ...process.env, [INSIDE]: '1' } },
  );
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));
  child.once('error', (error) => say(`Bench failed: ${error.message}`));
  child.once('exit', (code) => process.exit(code ?? 1));
}

if (process.env[INSIDE] === undefined) {
  enter();
} else {
  await inside().catch((error: unknown) => {
    say(`Bench failed: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  });
}
