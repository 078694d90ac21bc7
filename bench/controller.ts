/**
 * `npm run bench:controller [module…]`: what happens behind the API, against the figures of OpenStack Octavia. `--json` for
 * machines.
 *
 * The reference is Octavia 11.0.0 with no-op drivers on a machine with 2 cores: API, worker, health manager, database and
 * load on the same cores. Compare only figures of one machine.
 */

import { fairness } from './controller-fairness.ts';
import { type Figure, type FigureModule, figureLine, reached } from './controller-figure.ts';
import { flows } from './controller-flows.ts';
import { heartbeats } from './controller-heartbeats.ts';
import { recovery } from './controller-recovery.ts';
import { inOwnNetwork } from './own-network.ts';

const MODULES: FigureModule[] = [flows, fairness, recovery, heartbeats];

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

await inOwnNetwork(import.meta.filename, inside);
