/**
 * `npm run test:openapi`: the OpenAPI document against the service and against clients. The API tests run with every answer
 * compared; a client is compiled against generated types. Prints the figures, `-- --json` for machines; other words are paths
 * of tests instead of all of them.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compileGeneratedTypes } from './generated-types.ts';

const ROOT = join(import.meta.dirname, '../../..');

interface Answers {
  different: number;
  /** `GET /v2/… 200` → how often; refusals of no operation stand under their status. */
  seen: Record<string, number>;
}

interface Figures {
  answers: number;
  'answers not matching openapi.json': number;
  operations: number;
  'operations without a good answer': string[];
  'generated types compile': boolean;
  'API tests pass': boolean;
}

/** One line of the file for each file of tests. @returns whether the tests passed */
function runTests(filters: readonly string[], file: string, isQuiet: boolean): boolean {
  writeFileSync(file, '');
  const { status } = spawnSync(process.execPath, [...process.execArgv, join(ROOT, 'scripts/test.ts'), ...filters], {
    stdio: ['ignore', isQuiet ? 'ignore' : 'inherit', 'inherit'],
    env: { ...process.env, OPENAPI_ANSWERS: file },
  });
  return status === 0;
}

function operations(): string[] {
  const { paths } = JSON.parse(readFileSync(join(ROOT, 'docs/openapi.json'), 'utf8')) as {
    paths: Record<string, object>;
  };
  return Object.entries(paths).flatMap(([path, item]) =>
    Object.keys(item).map((method) => `${method.toUpperCase()} ${path}`),
  );
}

function figures(files: readonly Answers[], typesCompile: boolean, testsPass: boolean): Figures {
  const seen = files.flatMap((file) => Object.entries(file.seen));
  const good = new Set(seen.flatMap(([key]) => /^(\w+ \/\S*) 2\d\d$/.exec(key)?.[1] ?? []));
  const all = operations();
  return {
    answers: seen.reduce((sum, [, count]) => sum + count, 0),
    'answers not matching openapi.json': files.reduce((sum, { different }) => sum + different, 0),
    operations: all.length,
    'operations without a good answer': all.filter((operation) => !good.has(operation)),
    'generated types compile': typesCompile,
    'API tests pass': testsPass,
  };
}

function compiles(): boolean {
  try {
    compileGeneratedTypes();
    return true;
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    return false;
  }
}

const words = process.argv.slice(2);
const isJson = words.includes('--json');
const filters = words.filter((word) => !word.startsWith('--'));
const folder = mkdtempSync(join(tmpdir(), 'octavia-openapi-'));
try {
  const typesCompile = compiles();
  const file = join(folder, 'answers');
  const testsPass = runTests(filters.length > 0 ? filters : ['.api.test.ts'], file, isJson);
  const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean);
  const found = figures(
    lines.map((line) => JSON.parse(line) as Answers),
    typesCompile,
    testsPass,
  );
  if (isJson) process.stdout.write(`${JSON.stringify(found, null, 2)}\n`);
  else
    for (const [name, figure] of Object.entries(found))
      process.stdout.write(`${name}: ${[figure].flat().join(', ') || 'none'}\n`);
  const isGood = found.answers > 0 && found['answers not matching openapi.json'] === 0 && typesCompile && testsPass;
  process.exitCode = isGood ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
