/**
 * `npm run bench:controller [module…]`: what happens behind the API, against the figures of OpenStack Octavia. `--json` for
 * machines.
 *
 * The reference is Octavia 11.0.0 with no-op drivers on a machine with 2 cores: API, worker, health manager, database and
 * load on the same cores. Compare only figures of one machine.
 */

import { fairness } from './controller-fairness.ts';
import type { FigureModule } from './controller-figure.ts';
import { flows } from './controller-flows.ts';
import { heartbeats } from './controller-heartbeats.ts';
import { recovery } from './controller-recovery.ts';
import { runParts } from './run-parts.ts';

const MODULES: FigureModule[] = [flows, fairness, recovery, heartbeats];

await runParts(import.meta.filename, MODULES);
