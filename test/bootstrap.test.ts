import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const require = createRequire(import.meta.url);
const { ensureDependencies, pinnedNode } = require('../scripts/bootstrap/dependencies.cjs') as {
  ensureDependencies(root: string, say: (text: string) => void): void;
  pinnedNode(root: string): string;
};
const { aptGet } = require('../scripts/bootstrap/apt.cjs') as {
  aptGet(args: string[], say: (text: string) => void, system: object): void;
};
const { packagesWanted } = require('../scripts/bootstrap/packages.cjs') as {
  packagesWanted(command: string, args: string[]): boolean;
};
const { systemNode } = require('../scripts/bootstrap/system-node.cjs') as {
  systemNode(root: string, env: NodeJS.ProcessEnv, running: string): string;
};

let root: string;
const say = (): void => undefined;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'octavia-bootstrap-'));
});

afterEach(() => rmSync(root, { recursive: true }));

const LOCK = {
  packages: {
    '': {},
    'node_modules/a': { version: '1.0.0' },
    'node_modules/elsewhere': { version: '1.0.0', optional: true },
  },
};

function checkout(installed: Record<string, unknown>): void {
  writeFileSync(join(root, 'package-lock.json'), JSON.stringify(LOCK));
  mkdirSync(join(root, 'node_modules'));
  writeFileSync(join(root, 'node_modules/.package-lock.json'), JSON.stringify({ packages: installed }));
}

describe('ensureDependencies', () => {
  test('accepts what somebody installed by hand, and stamps it', () => {
    checkout({ 'node_modules/a': { version: '1.0.0' } });
    ensureDependencies(root, say);
    const stamp = readFileSync(join(root, 'node_modules/.octavia-lock-hash'), 'utf8');
    expect(stamp).toBe(createHash('sha256').update(JSON.stringify(LOCK)).digest('hex'));
    expect(existsSync(join(root, '.octavia/install.lock'))).toBe(false);
  });

  test.each([
    ['is gone', '999999999 1'],
    ['has another start time, so it is another one', `${process.pid} 1`],
    ['is not named', ''],
  ])('takes over the lock of a process that %s', (_what, text) => {
    checkout({ 'node_modules/a': { version: '1.0.0' } });
    mkdirSync(join(root, '.octavia'));
    writeFileSync(join(root, '.octavia/install.lock'), text);
    ensureDependencies(root, say);
    expect(existsSync(join(root, 'node_modules/.octavia-lock-hash'))).toBe(true);
    expect(readdirSync(join(root, '.octavia'))).toEqual([]);
  });

  test('of several first runs at once one installs, the others wait for it and say so', async () => {
    writeFileSync(join(root, 'package-lock.json'), JSON.stringify(LOCK));
    mkdirSync(join(root, 'node_modules'));
    mkdirSync(join(root, 'bin'));
    // It answers once all the others wait.
    const npm = `#!/bin/sh
echo "$*" >> "${root}/installed"
until [ "$(grep -c waiting "${root}/said" 2>/dev/null)" = 3 ]; do sleep 0.02; done
`;
    writeFileSync(join(root, 'bin/npm'), npm, { mode: 0o755 });
    const program = `
      const { appendFileSync } = require('node:fs');
      const { ensureDependencies } = require(${JSON.stringify(join(import.meta.dirname, '../scripts/bootstrap/dependencies.cjs'))});
      ensureDependencies(${JSON.stringify(root)}, (text) => appendFileSync(${JSON.stringify(join(root, 'said'))}, text + '\\n'));`;
    const env = { ...process.env, npm_execpath: '', PATH: `${join(root, 'bin')}:${process.env.PATH}` };
    const run = () =>
      new Promise((resolve) => execFile(process.execPath, ['-e', program], { env }, (error) => resolve(error)));
    expect(await Promise.all([run(), run(), run(), run()])).toEqual([null, null, null, null]);
    expect(readFileSync(join(root, 'installed'), 'utf8').trim().split('\n')).toHaveLength(1);
    expect(readFileSync(join(root, 'said'), 'utf8').trim().split('\n').sort()).toEqual([
      'npm ci ...',
      ...Array(3).fill('waiting for another first run to finish ...'),
    ]);
  });
});

describe('aptGet', () => {
  const LISTS =
    'E: Could not get lock /var/lib/apt/lists/lock. It is held by process 41 (apt-get)\nE: Unable to lock directory /var/lib/apt/lists/';
  const DPKG =
    'E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 42 (unattended-upgr)\nE: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend), is another process using it?';
  const OLD = 'E: Could not get lock /var/lib/dpkg/lock - open (11: Resource temporarily unavailable)';

  /** What apt-get says, time after time; after the last it succeeds. */
  function play(texts: string[], msPerTry = 2_000) {
    const said: string[] = [];
    let tries = 0;
    const system = {
      run: () => {
        const stderr = texts[tries];
        tries += 1;
        return stderr === undefined ? { status: 0 } : { status: 100, stderr };
      },
      pause: () => null,
      now: () => tries * msPerTry,
    };
    return { said, tries: () => tries, run: () => aptGet(['install', 'x'], (text) => void said.push(text), system) };
  }

  test('waits for whoever holds one of its locks, and says once whom', () => {
    const played = play([LISTS, LISTS, DPKG, OLD]);
    played.run();
    expect(played.tries()).toBe(5);
    expect(played.said).toEqual([
      'waiting for another package manager to finish (apt-get, process 41) ...',
      'waiting for another package manager to finish (unattended-upgr, process 42) ...',
      'waiting for another package manager to finish (/var/lib/dpkg/lock) ...',
    ]);
  });

  test('does not wait for ever', () => {
    expect(play(Array(1000).fill(DPKG)).run).toThrow(/unattended-upgr, process 42\).*Let it finish, or end it/);
  });

  test('another failure is told at once', () => {
    const played = play(['Reading ...\nE: Unable to locate package x']);
    expect(played.run).toThrow('apt-get install failed: E: Unable to locate package x');
    expect(played.tries()).toBe(1);
  });
});

test('a missing pinned Node is one sentence with its remedy', () => {
  expect(() => pinnedNode(root)).toThrow(/npm rebuild node --ignore-scripts=false/);
});

test('the Node of the host is found behind the pinned one that npm puts in front', () => {
  const program = (folder: string): string => {
    mkdirSync(join(root, folder), { recursive: true });
    writeFileSync(join(root, folder, 'node'), '', { mode: 0o755 });
    return join(root, folder, 'node');
  };
  const pinned = program('node_modules/.bin');
  const host = program('host');
  const PATH = `${join(root, 'node_modules/.bin')}:${join(root, 'host')}`;
  expect(systemNode(root, { PATH }, pinned)).toBe(host);
  expect(systemNode(root, { PATH: '', npm_node_execpath: host }, pinned)).toBe(host);
  expect(systemNode(root, { PATH }, host)).toBe(host);
  expect(systemNode(root, { PATH: '' }, pinned)).toBe(pinned);
});

describe('packagesWanted', () => {
  test.each([
    ['up', [], true],
    ['up', ['--cloud', 'noop'], false],
    ['up', ['--cloud=noop'], false],
    ['up', ['--help'], false],
    ['octavia', ['up'], true],
    ['octavia', ['api'], false],
    ['down', [], false],
    ['demo', [], true],
    ['test', [], true],
  ])('%s %j: %s', (command, args, wanted) => {
    expect(packagesWanted(command, args)).toBe(wanted);
  });
});
