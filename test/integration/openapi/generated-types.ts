/** The types that openapi-typescript makes of the document, and a client compiled against them. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../../..');
/** Installed once; its lock file is among what is copied, so another version makes it anew. */
const FOLDER = join(ROOT, 'node_modules/.cache/octavia-openapi');
const CLIENT = join(ROOT, 'packages/controller/test/openapi/testdata/client.ts.txt');

const COMPILER_OPTIONS = {
  target: 'es2024',
  lib: ['es2024'],
  module: 'nodenext',
  moduleResolution: 'nodenext',
  strict: true,
  noUncheckedIndexedAccess: true,
  exactOptionalPropertyTypes: true,
  noPropertyAccessFromIndexSignature: true,
  noUnusedLocals: true,
  allowImportingTsExtensions: true,
  noEmit: true,
  types: [],
};

function run(file: string, ...args: string[]): void {
  const { status, stdout, stderr, error } = spawnSync(file, args, { cwd: FOLDER, encoding: 'utf8' });
  if (error) throw error;
  if (status !== 0) throw new Error(`${file} ${args.join(' ')} ended with ${status}:\n${stdout}${stderr}`);
}

/** @throws Error with what the compiler says */
export function compileGeneratedTypes(): void {
  mkdirSync(join(FOLDER, 'client'), { recursive: true });
  for (const name of ['package.json', 'package-lock.json']) {
    copyFileSync(join(import.meta.dirname, 'generator', name), join(FOLDER, name));
  }
  copyFileSync(join(ROOT, '.npmrc'), join(FOLDER, '.npmrc'));
  const generator = join(FOLDER, 'node_modules/openapi-typescript/bin/cli.js');
  if (!existsSync(generator)) run('npm', 'ci', '--no-audit', '--no-fund', '--loglevel=error');
  run(process.execPath, generator, join(ROOT, 'docs/openapi.json'), '--output', 'client/schema.ts');
  copyFileSync(CLIENT, join(FOLDER, 'client/client.ts'));
  writeFileSync(join(FOLDER, 'client/package.json'), '{"type":"module"}');
  writeFileSync(join(FOLDER, 'client/tsconfig.json'), JSON.stringify({ compilerOptions: COMPILER_OPTIONS }));
  run(join(ROOT, 'node_modules/.bin/tsc'), '-p', 'client');
}
