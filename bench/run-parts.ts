/**
 * What benchmarks of several parts have in common: those that are named run one after the other, inside a network of their own; a table,
 * or with `--json` figures for machines; an exit code of 1 where a bar is missed.
 */
import { type Figure, type FigureModule, figureLine, reached } from './controller-figure.ts';
import { inOwnNetwork, inThisNetwork } from './own-network.ts';

const options = process.argv.slice(2);
const say = (line: string): void => void process.stderr.write(`${line}\n`);

/** @param file that npm starts @param parts each of which brings up and takes down what it needs */
export async function runParts(file: string, parts: readonly FigureModule[]): Promise<void> {
  const chosen = (): FigureModule[] => {
    const names = options.filter((option) => !option.startsWith('--'));
    const unknown = names.filter((name) => !parts.some((part) => part.name === name));
    if (unknown.length > 0) {
      throw new Error(`there is no part ${unknown.join(', ')}; there are ${parts.map(({ name }) => name).join(', ')}`);
    }
    return parts.filter((part) => (names.length === 0 ? !part.inPlace : names.includes(part.name)));
  };
  const inPlace = options.some((option) => parts.some(({ name, inPlace: here }) => here && name === option));
  await (inPlace ? inThisNetwork : inOwnNetwork)(
    file,
    async () => {
      const figures: Figure[] = [];
      for (const part of chosen()) figures.push(...(await part.measure(say)));
      if (options.includes('--json')) {
        const judged = figures.map((figure) => ({ ...figure, ok: reached(figure) }));
        process.stdout.write(`${JSON.stringify(judged, null, 2)}\n`);
      } else for (const figure of figures) process.stdout.write(`${figureLine(figure)}\n`);
      if (!figures.every(reached)) process.exitCode = 1;
    },
    async () => {
      for (const part of chosen()) await part.prepare?.(say);
    },
  );
}
