/** The agent is bundled again exactly when something that goes into it has changed. */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { build } from 'esbuild';
import { afterAll, expect, test } from 'vitest';
import { agentSources, ensureAgentBundle } from '../../src/local/up/prepare.ts';

const PACKAGES = join(import.meta.dirname, '../../..');
const folder = mkdtempSync(join(tmpdir(), 'octavia-bundle-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('every file of ours that the bundle is made of counts', async () => {
  const entry = join(PACKAGES, 'amphora/src/main.ts');
  const { metafile } = await build({
    entryPoints: [entry],
    bundle: true,
    platform: 'node',
    write: false,
    metafile: true,
  });
  const made = Object.keys(metafile.inputs).map((path) => relative(PACKAGES, path));
  const ours = made.filter((path) => !path.startsWith('..'));
  expect(ours.length).toBeGreaterThan(50);
  expect(ours.filter((path) => !agentSources().includes(path))).toEqual([]);
});

test('nothing has changed: the bundle stays; another source: it is made anew', async () => {
  const path = join(folder, 'agent.cjs');
  await ensureAgentBundle(path);
  const first = statSync(path);
  await ensureAgentBundle(path);
  expect(statSync(path).ino).toBe(first.ino);
  writeFileSync(`${path}.source`, 'of another release');
  await ensureAgentBundle(path);
  expect(statSync(path).ino).not.toBe(first.ino);
  expect(readFileSync(`${path}.source`, 'utf8')).toMatch(/^[0-9a-f]{64}$/);
});
