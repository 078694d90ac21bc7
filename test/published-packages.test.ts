/** What is published works for those who have neither this repository nor TypeScript in Node. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { buildPackage, publishedPackages } from '../scripts/build-packages.ts';

const ROOT = join(import.meta.dirname, '..');
const { systemNode } = createRequire(import.meta.url)('../scripts/bootstrap/system-node.cjs') as {
  systemNode(root: string): string;
};

/** npm and the compiler take seconds, and on a busy host minutes. */
const HOOK_MS = 300_000;
const BUILD = { timeout: 120_000 };

let folder: string;
let consumer: string;

function run(command: string, ...args: string[]): string {
  return execFileSync(command, args, {
    cwd: consumer,
    encoding: 'utf8',
    // Nothing is fetched, and the caches of the developer stay as they are.
    env: {
      PATH: process.env.PATH,
      HOME: folder,
      npm_config_cache: join(folder, 'cache'),
      npm_config_offline: 'true',
      npm_config_update_notifier: 'false',
      npm_config_loglevel: 'error',
    },
  });
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'octavia-published-'));
  consumer = join(folder, 'consumer');
  mkdirSync(consumer);
  writeFileSync(join(consumer, 'package.json'), JSON.stringify({ name: 'consumer', private: true, type: 'module' }));
  const pack = (from: string): void => void run('npm', 'pack', from, '--ignore-scripts', '--pack-destination', folder);
  const libraries = new Set<string>();
  for (const published of publishedPackages()) {
    const out = join(folder, published.manifest.name);
    buildPackage(published, out);
    pack(out);
    for (const name of Object.keys(published.manifest.dependencies ?? {})) libraries.add(name);
  }
  // What they depend on comes from here, too: as it was installed.
  for (const name of libraries) if (!name.startsWith('@octavia/')) pack(join(ROOT, 'node_modules', name));
  const tarballs = readdirSync(folder).filter((name) => name.endsWith('.tgz'));
  run(
    'npm',
    'install',
    '--offline',
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    ...tarballs.map((name) => join(folder, name)),
  );
}, HOOK_MS);
afterAll(() => rmSync(folder, { recursive: true }));

it('holds JavaScript and declarations, and no source', () => {
  const files = readdirSync(join(consumer, 'node_modules/@octavia/client')).sort();
  expect(files).toEqual(
    expect.arrayContaining(['LICENSE', 'README.md', 'index.d.ts', 'index.js', 'package.json', 'errors.d.ts']),
  );
  expect(files.filter((name) => /(?<!\.d)\.ts$|tsconfig|test/.test(name))).toEqual([]);
  expect(readFileSync(join(consumer, 'node_modules/@octavia/client/index.d.ts'), 'utf8')).not.toContain(".ts'");
  const names = publishedPackages().map(({ manifest }) => manifest.name);
  for (const name of names) {
    const manifest: unknown = JSON.parse(readFileSync(join(consumer, 'node_modules', name, 'package.json'), 'utf8'));
    expect(manifest).toMatchObject({ name, exports: { '.': { types: './index.d.ts', default: './index.js' } } });
    expect(manifest).not.toHaveProperty('private');
  }
  expect(names).toEqual(expect.arrayContaining(['@octavia/client', '@octavia/provider-lib']));
});

const PROGRAM = `
import { ApiError, OctaviaClient, poll } from '@octavia/client';
import { readCloudFiles, resolveCloud } from '@octavia/client/keystone';
import { DriverError, NotFound } from '@octavia/provider-lib';

const cloud = resolveCloud({ files: await readCloudFiles({ env: {}, cwd: '.', home: '.' }), env: {} });
const answer = { loadbalancers: [{ id: '7', name: 'web' }] };
const client = new OctaviaClient({ baseUrl: 'http://octavia.test', fetch: async () => Response.json(answer) });
const balancer = await client.loadBalancers.list().first();
const missing = new OctaviaClient({
  baseUrl: 'http://octavia.test',
  fetch: async () => Response.json({ faultstring: 'Not here.' }, { status: 404 }),
});
const refusal = await missing.loadBalancers.show('8').catch((error) => error);
const error = new NotFound({ user_fault_string: 'no image' });
console.log(JSON.stringify([
  balancer.name, refusal instanceof ApiError, refusal.message, typeof poll, error.name, error instanceof DriverError,
  cloud.auth.username,
]));
`;

it('runs as plain JavaScript on the Node of the system', () => {
  writeFileSync(join(consumer, 'program.js'), PROGRAM);
  writeFileSync(join(consumer, 'clouds.yaml'), 'clouds: { mine: { auth: { username: jane } } }');
  const node = systemNode(ROOT);
  expect(JSON.parse(run(node, 'program.js'))).toEqual([
    'web',
    true,
    'Not here.',
    'function',
    'NotFound',
    false,
    'jane',
  ]);
});

it('has entries that can all be imported', () => {
  const entries = publishedPackages().flatMap(({ manifest }) =>
    Object.keys(manifest.exports).map((entry) => join(manifest.name, entry)),
  );
  const program = `for (const entry of ${JSON.stringify(entries)}) console.log(Object.keys(await import(entry)).length > 0)`;
  writeFileSync(join(consumer, 'entries.js'), program);
  expect(run(systemNode(ROOT), 'entries.js')).toBe('true\n'.repeat(entries.length));
});

const TYPED = `
import { ApiError, type ApiOptions, type LoadBalancer, OctaviaClient } from '@octavia/client';
import { type CloudConfig, connect } from '@octavia/client/keystone';
import { Conflict, type Faults } from '@octavia/provider-lib';

const options: ApiOptions = { baseUrl: 'http://octavia.test' };
export const names = async (): Promise<string[]> =>
  (await new OctaviaClient(options).loadBalancers.list().toArray()).map((balancer: LoadBalancer) => balancer.name);
export const cloud = async (): Promise<CloudConfig> => (await connect({ options: { cloud: 'mine' } })).cloud;
export const status = (error: ApiError): number => error.status;
const faults: Faults = { user_fault_string: 'taken' };
export const conflict: Error = new Conflict(faults);
// @ts-expect-error: no such field
export const none = (balancer: LoadBalancer) => balancer.nothing;
// @ts-expect-error: a client needs an address
new OctaviaClient({});
`;

it('has types that a strict compiler reads without ours', () => {
  writeFileSync(join(consumer, 'program.ts'), TYPED);
  const compilerOptions = {
    ...{ strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, skipLibCheck: false },
    ...{ target: 'es2022', lib: ['es2022', 'dom'], module: 'nodenext', types: [], noEmit: true },
  };
  writeFileSync(join(consumer, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['program.ts'] }));
  expect(run(process.execPath, join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', '.')).toBe('');
});

const TSC = join(ROOT, 'node_modules/typescript/bin/tsc');
const TYPES = join(ROOT, 'node_modules/@types');

/** A package of somebody who has the library installed and nothing else of ours, built as they build it. */
function buildDriver(name: string): string {
  const path = join(consumer, name);
  run(process.execPath, TSC, '-p', path, '--typeRoots', TYPES);
  return path;
}

/** What the kit of the installed library thinks of it. */
const conformance = (path: string, ...words: string[]): string =>
  run(systemNode(ROOT), join(consumer, 'node_modules/.bin/octavia-provider'), 'conformance', path, ...words);

it('the example of a provider is built with the library alone', BUILD, () => {
  cpSync(join(ROOT, 'examples/provider-nginx'), join(consumer, 'nginx'), {
    recursive: true,
    filter: (from) => !/\/(dist|node_modules)$/.test(from),
  });
  const path = buildDriver('nginx');
  // Without root nothing more can be asked; what it does with nginx is tested in a network of its own.
  const state = ['env', `NGINX_PROVIDER_STATE=${join(folder, 'state')}`];
  const kit = ['npx', '--no', '@octavia/provider-lib', 'conformance', path];
  const [command = '', ...words] = [
    ...state,
    ...kit,
    '--only',
    'get_supported_flavor_metadata',
    '--only',
    'validate_flavor',
  ];
  expect(run(command, ...words)).toMatch(/\n4 cases: 4 passed, 0 unsupported, 0 skipped, 0 failed\.\n$/);
});

it('the driver of the README is built with the library alone, and keeps the contract', BUILD, () => {
  const readme = readFileSync(join(ROOT, 'packages/provider-lib/README.md'), 'utf8');
  const [, source = ''] = /```ts\n([\s\S]*?)```/.exec(readme) ?? [];
  mkdirSync(join(consumer, 'readme/src'), { recursive: true });
  writeFileSync(join(consumer, 'readme/src/driver.ts'), source);
  cpSync(join(ROOT, 'examples/provider-nginx/tsconfig.json'), join(consumer, 'readme/tsconfig.json'));
  const manifest = { name: 'readme', type: 'module', 'octavia.api.drivers': { acme: './dist/driver.js' } };
  writeFileSync(join(consumer, 'readme/package.json'), JSON.stringify(manifest));
  // All of the kit, as the README says: it takes two seconds, for the driver refuses most of it.
  const said = conformance(buildDriver('readme'), '--deadline', '60000', '--settle', '60000');
  expect(said).toMatch(/, 0 failed\.\n$/);
});

it('the no-op driver is built with the library alone, and called', BUILD, () => {
  const path = join(consumer, 'noop');
  mkdirSync(join(path, 'src'), { recursive: true });
  cpSync(join(ROOT, 'packages/controller/src/providers/noop/driver.ts'), join(path, 'src/driver.ts'));
  writeFileSync(join(path, 'src/index.ts'), "export { NoopDriver as default } from './driver.ts';\n");
  cpSync(join(ROOT, 'examples/provider-nginx/tsconfig.json'), join(path, 'tsconfig.json'));
  const manifest = { name: 'noop', type: 'module', 'octavia.api.drivers': { noop: './dist/index.js' } };
  writeFileSync(join(path, 'package.json'), JSON.stringify(manifest));
  const only = ['create_vip_port', 'loadbalancer_create', 'loadbalancer_update'].flatMap((method) => [
    '--only',
    method,
  ]);
  const said = conformance(buildDriver('noop'), '--silent', '--deadline', '60000', ...only);
  // A whole tree is made of what cases made that are not asked for.
  expect(said).toMatch(/\n10 cases: 9 passed, 0 unsupported, 1 skipped, 0 failed\.\n$/);
});
