/**
 * `npm run bench:providers [part…]`: what drivers of other providers may count on, against the bars of this project. `--json` for machines.
 * Parts bring up and take down what they need.
 */
import { type Figure, type FigureModule, figureLine, reached } from './controller-figure.ts';
import { inOwnNetwork } from './own-network.ts';
import { driverAgent } from './providers/driver-agent.ts';

const PARTS: FigureModule[] = [driverAgent];

const options = process.argv.slice(2);
const json = options.includes('--json');
const say = (line: string): void => void process.stderr.write(`${line}\n`);

async function inside(): Promise<void> {
  const names = options.filter((option) => !option.startsWith('--'));
  const unknown = names.filter((name) => !PARTS.some((part) => part.name === name));
  if (unknown.length > 0) {
    throw new Error(`there is no part ${unknown.join(', ')}; there are ${PARTS.map(({ name }) => name).join(', ')}`);
  }
  const figures: Figure[] = [];
  for (const part of PARTS) {
    if (names.length > 0 && !names.includes(part.name)) continue;
    figures.push(...(await part.measure(say)));
  }
  if (json) {
    const judged = figures.map((figure) => ({ ...figure, ok: reached(figure) }));
    process.stdout.write(`${JSON.stringify(judged, null, 2)}\n`);
  } else for (const figure of figures) process.stdout.write(`${figureLine(figure)}\n`);
  if (!figures.every(reached)) process.exitCode = 1;
}

await inOwnNetwork(import.meta.filename, inside);
