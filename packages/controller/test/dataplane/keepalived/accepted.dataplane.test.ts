/** keepalived itself reads every golden file, in a namespace that has the interface. */
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { vrrpFiles } from '@octavia/protocol/vrrp-files';
import { afterAll, beforeAll, expect, it } from 'vitest';

const testdata = new URL('./testdata/', import.meta.url);
const names = readdirSync(testdata).filter((name) => name.endsWith('.out.conf'));
const folder = mkdtempSync(join(tmpdir(), 'keepalived-test-'));
const netns = `kp${process.pid}`;
const ip = (...args: string[]): string => execFileSync('ip', args, { encoding: 'utf8' });

beforeAll(() => {
  ip('netns', 'add', netns);
  for (const device of ['eth1', 'ens5']) {
    ip('-n', netns, 'link', 'add', device, 'type', 'veth', 'peer', 'name', `p${device}`);
    ip('-n', netns, 'link', 'set', device, 'up');
  }
  const files = vrrpFiles(folder);
  mkdirSync(files.folder);
  writeFileSync(files.haproxyState, '0\n');
  writeFileSync(files.checkScript, '#!/bin/sh\n');
  chmodSync(files.checkScript, 0o700);
});
afterAll(() => {
  ip('netns', 'delete', netns);
  rmSync(folder, { recursive: true });
});

it.each(names)('%s', (name) => {
  const text = readFileSync(new URL(name, testdata), 'utf8').replaceAll(
    /\/(var\/lib\/octavia|srv\/amphora)\//g,
    `${folder}/`,
  );
  const file = join(folder, 'keepalived.conf');
  writeFileSync(file, text);
  const result = spawnSync('ip', ['netns', 'exec', netns, 'keepalived', '-t', '-f', file], { encoding: 'utf8' });
  expect([result.stderr.trim(), result.status]).toEqual(['', 0]);
});
