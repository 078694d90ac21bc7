/**
 * `npm run bench:providers [part…]`: what drivers of other providers may count on, against the bars of this project. `--json` for machines.
 * Parts bring up and take down what they need.
 */
import type { FigureModule } from './controller-figure.ts';
import { driverAgent } from './providers/driver-agent.ts';
import { drivers } from './providers/drivers.ts';
import { runParts } from './run-parts.ts';

const PARTS: FigureModule[] = [driverAgent, drivers];

await runParts(import.meta.filename, PARTS);
