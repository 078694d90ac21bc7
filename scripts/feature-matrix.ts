/**
 * Writes docs/feature-matrix.md from the results that the last `npm test` left, or with `--check` only says whether it is
 * what they give.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { featureMatrix, idsIn, type Proof } from './feature-matrix-page.ts';

const ROOT = join(import.meta.dirname, '..');
const PAGE = join(ROOT, 'docs/feature-matrix.md');
const VM_TESTS = 'test/vm';
/** Beside the dependencies: not part of the checkout. */
export const RESULTS = join(ROOT, 'node_modules/.cache/octavia/feature-matrix.json');

const TITLE = /\b(?:it|test)(?:\.[a-z]+(?:\([^)]*\))?)*\(\s*(['"`])((?:(?!\1).)*)\1/g;

/** Tests for the virtual machine, which `npm test` does not run: read from their files. */
export function vmProofs(): Proof[] {
  return readdirSync(join(ROOT, VM_TESTS))
    .filter((name) => name.endsWith('.vm.test.ts'))
    .flatMap((name) => {
      const file = `${VM_TESTS}/${name}`;
      const titles = [...readFileSync(join(ROOT, file), 'utf8').matchAll(TITLE)].map(([, , title = '']) => title);
      return titles
        .filter((title) => idsIn(title).length > 0)
        .map((title): Proof => ({ title, group: '', file, kind: 'vm', passed: null }));
    });
}

function main(check: boolean): number {
  if (!existsSync(RESULTS)) {
    process.stderr.write('There are no results: run "npm test" without a filter first.\n');
    return 1;
  }
  const proofs = JSON.parse(readFileSync(RESULTS, 'utf8')) as Proof[];
  const page = featureMatrix([...proofs, ...vmProofs()]);
  if (!check) {
    writeFileSync(PAGE, page);
    return 0;
  }
  if (existsSync(PAGE) && readFileSync(PAGE, 'utf8') === page) return 0;
  process.stderr.write(
    'docs/feature-matrix.md is not what the tests give: write it with "node_modules/.bin/node scripts/feature-matrix.ts".\n',
  );
  return 1;
}

if (process.argv[1] === import.meta.filename) process.exitCode = main(process.argv.includes('--check'));
