/**
 * `npm run bench:console [part…]`: what the web console and other listeners may count on, against the bars of this project. `--json` for
 * machines. Parts bring up and take down what they need.
 */
import { events } from './console/events.ts';
import type { FigureModule } from './controller-figure.ts';
import { runParts } from './run-parts.ts';

const PARTS: FigureModule[] = [events];

await runParts(import.meta.filename, PARTS);
