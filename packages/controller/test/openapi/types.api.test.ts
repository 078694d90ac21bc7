/** The document as clients in TypeScript see it: types are generated, and a client that uses them is compiled strictly. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openapiDocument } from '../../src/api/openapi/document.ts';
import { typesOf } from './types.ts';

const ROOT = join(import.meta.dirname, '../../../..');

/** Stricter than most clients are. */
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

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'openapi-types-'));
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: COMPILER_OPTIONS }));
  copyFileSync(join(import.meta.dirname, 'testdata/client.ts.txt'), join(folder, 'client.ts'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function compile(document: Record<string, unknown>): string {
  writeFileSync(join(folder, 'schema.ts'), typesOf(document));
  const { stdout, error } = spawnSync(join(ROOT, 'node_modules/.bin/tsc'), ['-p', folder], { encoding: 'utf8' });
  if (error) throw error;
  return stdout;
}

it('compiles a client with the least that each create takes', () => {
  expect(compile(openapiDocument())).toBe('');
});

it('would not with a default in a request: it makes the attribute one that must be given', () => {
  // biome-ignore lint/suspicious/noExplicitAny: a document is data
  const document: any = structuredClone(openapiDocument());
  document.components.schemas.listener_create.properties.connection_limit.default = -1;
  expect(compile(document)).toMatch(/client\.ts\(13,.*connection_limit/);
});
