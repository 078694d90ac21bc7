/**
 * `npm run bench:openstack [part…]`: what it costs to live in an OpenStack, against the bars of this project. `--json` for machines.
 * Parts bring up and take down what they need; those that need OpenStack's services say so in their own files.
 */
import { type Figure, type FigureModule, figureLine, reached } from './controller-figure.ts';
import { image } from './openstack/image.ts';
import { loadBalancers } from './openstack/load-balancers.ts';
import { notifications } from './openstack/notifications.ts';
import { inOwnNetwork } from './own-network.ts';

const PARTS: FigureModule[] = [loadBalancers, notifications, image];

const options = process.argv.slice(2);
const json = options.includes('--json');
const say = (line: string): void => void process.stderr.write(`${line}\n`);

function chosenParts(): FigureModule[] {
  const names = options.filter((option) => !option.startsWith('--'));
  const unknown = names.filter((name) => !PARTS.some((part) => part.name === name));
  if (unknown.length > 0) {
    throw new Error(`there is no part ${unknown.join(', ')}; there are ${PARTS.map(({ name }) => name).join(', ')}`);
  }
  return PARTS.filter((part) => names.length === 0 || names.includes(part.name));
}

async function inside(): Promise<void> {
  const figures: Figure[] = [];
  for (const part of chosenParts()) figures.push(...(await part.measure(say)));
  if (json) {
    const judged = figures.map((figure) => ({ ...figure, ok: reached(figure) }));
    process.stdout.write(`${JSON.stringify(judged, null, 2)}\n`);
  } else for (const figure of figures) process.stdout.write(`${figureLine(figure)}\n`);
  if (!figures.every(reached)) process.exitCode = 1;
}

async function prepare(): Promise<void> {
  for (const part of chosenParts()) await part.prepare?.(say);
}

await inOwnNetwork(import.meta.filename, inside, prepare);
