/** keepalived itself reads every golden file. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { lvsFiles } from '@octavia/protocol/lvs-files';
import { afterAll, beforeAll, expect, it } from 'vitest';

const testdata = new URL('./testdata/', import.meta.url);
const folder = mkdtempSync(join(tmpdir(), 'lvs-test-'));

beforeAll(() => {
  const { sctpCheck } = lvsFiles(folder);
  mkdirSync(dirname(sctpCheck), { recursive: true });
  writeFileSync(sctpCheck, '#!/bin/sh\n');
  chmodSync(sctpCheck, 0o755);
});

afterAll(() => rmSync(folder, { recursive: true }));

it.each(readdirSync(testdata).filter((name) => name.endsWith('.out.conf')))('%s', (name) => {
  const file = join(folder, 'keepalived.conf');
  const text = readFileSync(new URL(name, testdata), 'utf8').replaceAll('/var/lib/octavia/', `${folder}/`);
  writeFileSync(file, text);
  const result = spawnSync('keepalived', ['--check', '--config-test', '--use-file', file], { encoding: 'utf8' });
  expect([result.stderr.trim(), result.status]).toEqual(['', 0]);
});
