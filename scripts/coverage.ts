/**
 * `npm run test:coverage`: the tests with the coverage of packages/<name>/src, and the ten least covered files by name. What
 * runs in processes of its own (services, agents in sandboxes) is not counted. `-- <path or --project=unit>` runs some tests.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';

const ROOT = join(import.meta.dirname, '..');
const FOLDER = 'coverage';
const SHOWN = 10;

/** Of the reporter `json-summary`. */
interface Counts {
  total: number;
  covered: number;
}
export type Summary = Record<string, { lines: Counts }>;

/** The files with the smallest share of covered lines, then with the most that are not; a file without code has no share. */
export function leastCovered(summary: Summary, shown = SHOWN): string[] {
  const files = Object.entries(summary)
    .filter(([name, { lines }]) => name !== 'total' && lines.total > 0)
    .map(([name, { lines }]) => ({
      name,
      ...lines,
      missed: lines.total - lines.covered,
      share: lines.covered / lines.total,
    }));
  files.sort((a, b) => a.share - b.share || b.missed - a.missed || (a.name < b.name ? -1 : 1));
  return files
    .slice(0, shown)
    .map(
      ({ name, total, covered, share }) =>
        `${(share * 100).toFixed(0).padStart(3)} %  ${covered} of ${total} lines  ${name}`,
    );
}

function main(filters: string[]): number {
  rmSync(join(ROOT, FOLDER), { recursive: true, force: true });
  const options = [
    '--coverage.enabled',
    '--coverage.provider=v8',
    '--coverage.include=packages/*/src/**/*.ts',
    '--coverage.reporter=json-summary',
    '--coverage.reportOnFailure',
    `--coverage.reportsDirectory=${FOLDER}`,
  ];
  const { status } = spawnSync(process.execPath, [join(ROOT, 'scripts/test.ts'), ...options, ...filters], {
    stdio: 'inherit',
  });
  const read = JSON.parse(readFileSync(join(ROOT, FOLDER, 'coverage-summary.json'), 'utf8')) as Summary;
  const below = Object.fromEntries(
    Object.entries(read).map(([name, counts]) => [name === 'total' ? name : relative(ROOT, name), counts]),
  );
  const { lines } = below.total ?? { lines: { total: 0, covered: 0 } };
  const share = ((lines.covered / lines.total) * 100).toFixed(1);
  process.stdout.write(`\nCovered: ${lines.covered} of ${lines.total} lines, ${share} %. The least covered files:\n`);
  for (const line of leastCovered(below)) process.stdout.write(`${line}\n`);
  return status ?? 1;
}

if (import.meta.main) process.exitCode = main(process.argv.slice(2));
