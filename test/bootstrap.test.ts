import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const require = createRequire(import.meta.url);
const { ensureDependencies, pinnedNode } = require('../scripts/bootstrap/dependencies.cjs') as {
  ensureDependencies(root: string): void;
  pinnedNode(root: string): string;
};
const { packagesWanted } = require('../scripts/bootstrap/packages.cjs') as {
  packagesWanted(command: string, args: string[]): boolean;
};
const { systemNode } = require('../scripts/bootstrap/system-node.cjs') as {
  systemNode(root: string, env: NodeJS.ProcessEnv, running: string): string;
};

let root: string;

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
    ensureDependencies(root);
    const stamp = readFileSync(join(root, 'node_modules/.octavia-lock-hash'), 'utf8');
    expect(stamp).toBe(createHash('sha256').update(JSON.stringify(LOCK)).digest('hex'));
    expect(existsSync(join(root, '.octavia/install.lock'))).toBe(false);
  });

  test('takes over the lock of a process that is gone', () => {
    checkout({ 'node_modules/a': { version: '1.0.0' } });
    mkdirSync(join(root, '.octavia'));
    writeFileSync(join(root, '.octavia/install.lock'), '999999999');
    ensureDependencies(root);
    expect(existsSync(join(root, 'node_modules/.octavia-lock-hash'))).toBe(true);
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
