import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkImports } from '../scripts/check-imports.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'octavia-imports-'));
});
afterEach(() => rmSync(root, { recursive: true }));

function write(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

function check(path: string, text: string): string[] {
  write(path, text);
  return checkImports(root).map(({ file, line, message }) => `${file}:${line}: ${message}`);
}

const src = (path: string): string => `packages/controller/src/${path}`;

describe('check-imports', () => {
  it('holds for this repository', () => {
    expect(checkImports(join(import.meta.dirname, '..'))).toEqual([]);
  });

  it.each<[path: string, text: string]>([
    [src('store/a.ts'), "import { sql } from './core/sql.ts';\nimport { x } from '../domain/x.ts';"],
    [src('status/a.ts'), "import { sql } from '../store/core/sql.ts';\nimport { x } from '../store/x.ts';"],
    [src('store/core/pool.ts'), "import { Pool } from 'pg';"],
    [src('flows/engine.ts'), "import type { Pool } from 'pg';\nimport { DBOS } from '@dbos-inc/dbos-sdk';"],
    [src('api/a.ts'), "import type { Sql } from '../store/core/sql.ts';\nimport { type Pool } from 'pg';"],
    [src('api/v2/a.ts'), "import { OctaviaError } from '../../errors.ts';\nexport * from '../b.ts';"],
    [src('config/a.ts'), "import { OctaviaError } from '../errors.ts';"],
    [src('errors.ts'), "import { accessErrors } from './errors/access.ts';"],
    [src('health/a.ts'), "import { decode } from '@octavia/protocol/heartbeat';"],
    [src('domain/a.ts'), "import { isIP } from 'node:net';\nimport type { Stats } from 'node:fs';"],
    [src('domain/a.ts'), "// import { x } from '../api/x.ts';\n/*\nimport '../api/x.ts';\n*/\nconst s = 'x';"],
    [src('clouds/compute/local/a.ts'), "import type { Port } from '../../network/interface.ts';"],
    [src('clouds/compute/local/a.ts'), "import { tag } from '../../local-host/tag.ts';\nimport './b.ts';"],
    ['packages/amphora/src/a.ts', "import { spawn } from 'node:child_process';\nimport { b } from './b.ts';"],
    ['packages/amphora/src/a.ts', "import ipaddr from 'ipaddr.js';"],
    [src('api/a.ts'), "import ipaddr from 'ipaddr.js';\nimport './b.ts';"],
    ['packages/controller/test/a.ts', "import { x } from '../src/processes/x.ts';\nimport 'pg';"],
  ])('allows %s: %j', (path, text) => {
    write(src('clouds/compute/interface.ts'), '');
    write(src('clouds/network/interface.ts'), '');
    expect(check(path, text)).toEqual([]);
  });

  it.each<[path: string, text: string, message: string]>([
    [
      src('store/a.ts'),
      "\nimport { x } from '../api/x.ts';",
      '2: ../api/x.ts: store may not import api, which is above it',
    ],
    [
      src('store/a.ts'),
      "import type { X } from '../flows/x.ts';",
      '1: ../flows/x.ts: store may not import flows, which is above it',
    ],
    [
      src('domain/a/b.ts'),
      "import {\n  x,\n} from '../../store/x.ts';",
      '1: ../../store/x.ts: domain may not import store, which is above it',
    ],
    [
      src('health/a.ts'),
      "import '../housekeeping/x.ts';",
      '1: ../housekeeping/x.ts: health may not import housekeeping, which is beside it',
    ],
    [
      src('api/a.ts'),
      "const x = await import('../processes/x.ts');",
      '1: ../processes/x.ts: api may not import processes, which is above it',
    ],
    [
      src('api/a.ts'),
      "export { x } from '../attic/x.ts';",
      '1: ../attic/x.ts: the room attic has no floor; name it in scripts/check-imports.ts',
    ],
    [
      src('errors.ts'),
      "import { x } from './domain/x.ts';",
      '1: ./domain/x.ts: a file outside the rooms may not import the room domain',
    ],
    [
      src('domain/a.ts'),
      "import { isIP, connect } from 'node:net';",
      '1: node:net: domain is pure; node:net (connect) reaches outside',
    ],
    [src('domain/a.ts'), "import 'node:fs';", '1: node:fs: domain is pure; node:fs (node:fs) reaches outside'],
    [
      src('domain/a.ts'),
      "import { setTimeout } from 'node:timers/promises';",
      '1: node:timers/promises: domain is pure; node:timers/promises (setTimeout) reaches outside',
    ],
    [
      src('api/a.ts'),
      "import { sql, type Sql } from '../store/core/sql.ts';",
      '1: ../store/core/sql.ts: only store/ and status/ may write SQL',
    ],
    [
      src('flows/a.ts'),
      "import { Pool } from 'pg';",
      '1: pg: only store/core/ and the supervisor of the embedded server may import values of it',
    ],
    [
      src('api/a.ts'),
      "import type { DBOS } from '@dbos-inc/dbos-sdk';",
      '1: @dbos-inc/dbos-sdk: only flows/ may import it',
    ],
    [
      src('clouds/compute/local/a.ts'),
      "import '../../network/local/x.ts';",
      '1: ../../network/local/x.ts: the driver clouds/compute/local may not import the driver clouds/network/local; only interfaces and shared folders',
    ],
    [
      src('health/a.ts'),
      "import { x } from '@octavia/amphora/health';",
      '1: @octavia/amphora/health: the package controller may not import @octavia/amphora/health',
    ],
    [
      src('health/a.ts'),
      "import { x } from '@octavia/client';",
      '1: @octavia/client: the package controller may not import @octavia/client',
    ],
    [
      src('health/a.ts'),
      "import { x } from '../../../amphora/src/x.ts';",
      '1: ../../../amphora/src/x.ts: a package is imported by its name, not by a path into it',
    ],
    [
      src('health/a.ts'),
      "import { until } from '../../../../test/kit/until.ts';",
      '1: ../../../../test/kit/until.ts: only tests may use the kit of the tests',
    ],
    [
      'packages/client/src/a.ts',
      "import { readFile } from 'node:fs/promises';",
      '1: node:fs/promises: the client runs in browsers: only its keystone/ may use Node and libraries, and nobody else may import that',
    ],
    [
      'packages/client/src/a.ts',
      "import { x } from './keystone/x.ts';",
      '1: ./keystone/x.ts: the client runs in browsers: only its keystone/ may use Node and libraries, and nobody else may import that',
    ],
    [
      'packages/client/src/a.ts',
      "import { x } from '@octavia/controller';",
      '1: @octavia/controller: the package client may not import @octavia/controller',
    ],
    [
      'packages/provider-lib/src/a.ts',
      "import { x } from '@octavia/protocol/a';",
      '1: @octavia/protocol/a: the package provider-lib may not import @octavia/protocol/a',
    ],
    [
      'packages/amphora/src/a.ts',
      "import Fastify from 'fastify';",
      '1: fastify: the amphora imports only built-in modules and ipaddr.js, because its bundle runs alone',
    ],
  ])('refuses %s: %j', (path, text, message) => {
    write(src('clouds/compute/interface.ts'), '');
    write(src('clouds/network/interface.ts'), '');
    expect(check(path, text)).toEqual([`${path}:${message}`]);
  });

  it.each([
    ['packages/protocol/src/a.ts', "import ipaddr from 'ipaddr.js';"],
    ['packages/amphora/src/a.ts', "import x from 'ipaddr.js/lib/x.js';"],
  ])('refuses %s: %j, of which the bundle of the agent knows nothing', (path, text) => {
    expect(check(path, text)).toEqual([expect.stringContaining('because its bundle runs alone')]);
  });

  it.each([
    ['values', "import { b } from './b.ts';"],
    ['types', "import type { B } from './b.ts';"],
    ['what is loaded on demand', "const b = await import('./b.ts');"],
    ['what is handed on', "export * from './b.ts';"],
  ])('refuses a circle of %s, told once with its files in order', (_, text) => {
    write(src('api/b.ts'), "import { c } from './deep/c.ts';");
    write(src('api/deep/c.ts'), "\nimport { a } from '../a.ts';\nimport { d } from '../d.ts';");
    write(src('api/d.ts'), '');
    const way = ['a', 'b', 'deep/c', 'a'].map((name) => src(`api/${name}.ts`)).join(' → ');
    expect(check(src('api/a.ts'), text)).toEqual([`${src('api/a.ts')}:1: a circle of imports: ${way}`]);
  });

  it('tells each of two circles, and none for a file that only leads to one', () => {
    for (const [file, targets] of Object.entries({ a: 'bx', b: 'a', x: 'y', y: 'x', z: 'a' })) {
      write(src(`api/${file}.ts`), [...targets].map((name) => `import './${name}.ts';`).join('\n'));
    }
    const circle = (...names: string[]): string =>
      `a circle of imports: ${[...names, names[0]].map((name) => src(`api/${name}.ts`)).join(' → ')}`;
    expect(checkImports(root).map(({ message }) => message)).toEqual([circle('a', 'b'), circle('x', 'y')]);
  });

  it('prints a line for each violation and fails', () => {
    write(src('store/a.ts'), "import '../api/x.ts';\nimport '../flows/x.ts';");
    const script = join(import.meta.dirname, '../scripts/check-imports.ts');
    let failure: unknown;
    try {
      execFileSync(process.execPath, [script, root], { encoding: 'utf8', stdio: 'pipe' });
    } catch (error) {
      failure = error;
    }
    expect(failure).toMatchObject({
      status: 1,
      stderr:
        'packages/controller/src/store/a.ts:1: ../api/x.ts: store may not import api, which is above it\n' +
        'packages/controller/src/store/a.ts:2: ../flows/x.ts: store may not import flows, which is above it\n',
    });
  });
});
