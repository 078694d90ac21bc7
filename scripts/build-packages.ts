/**
 * Builds what is published: `npm run build` writes JavaScript, declarations and a package.json of their own to
 * `packages/<name>/dist`, which `npm publish packages/<name>/dist` takes as it is.
 *
 * Inside the workspace a package is its TypeScript, which Node refuses to read inside `node_modules`. So the two need
 * different `exports`: npm has no means to swap them when it packs (`publishConfig` is for its own settings), and a
 * condition of our own would have to be given to every process of the workspace. Hence two manifests, of which the
 * workspace's is private.
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildCli } from '../packages/cli/build.ts';

const ROOT = join(import.meta.dirname, '..');
const TSC = join(ROOT, 'node_modules/typescript/bin/tsc');

interface Manifest {
  name: string;
  version: string;
  description: string;
  license: string;
  engines: { node: string };
  exports: Record<string, string>;
  bin?: Record<string, string>;
  dependencies?: Record<string, string>;
  publishConfig?: { directory?: string };
}

/** A package that is published; `folder` holds its source. */
export interface PublishedPackage {
  folder: string;
  manifest: Manifest;
}

/** Packages say with `publishConfig.directory` that what is in this folder is published. */
export function publishedPackages(root = ROOT): PublishedPackage[] {
  return readdirSync(join(root, 'packages'))
    .map((name) => join(root, 'packages', name))
    .filter((folder) => existsSync(join(folder, 'package.json')))
    .map((folder) => ({ folder, manifest: JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest }))
    .filter(({ manifest }) => manifest.publishConfig?.directory !== undefined);
}

/** `./src/index.ts` is `./index.js` beside the published manifest. */
const built = (source: string, ending: string): string =>
  source.replace(/^(?:\.\/)?src\//, './').replace(/\.ts$/, ending);

function publishedManifest({ name, version, description, license, engines, ...manifest }: Manifest): object {
  const entries = Object.entries(manifest.exports);
  const commands = Object.entries(manifest.bin ?? {});
  return {
    name,
    version,
    description,
    license,
    type: 'module',
    engines,
    exports: Object.fromEntries(
      entries.map(([entry, source]) => [entry, { types: built(source, '.d.ts'), default: built(source, '.js') }]),
    ),
    ...(commands.length === 0
      ? {}
      : { bin: Object.fromEntries(commands.map(([command, source]) => [command, built(source, '.js')])) }),
    ...(manifest.dependencies === undefined ? {} : { dependencies: manifest.dependencies }),
  };
}

/** Node 20 knows no more. Not minified: who debugs sees the same files and names as in the source. */
const compilerOptions = (source: string, out: string): object => ({
  noEmit: false,
  rootDir: source,
  outDir: out,
  declaration: true,
  rewriteRelativeImportExtensions: true,
  target: 'es2022',
  lib: ['es2023'],
  types: ['node'],
  typeRoots: [join(ROOT, 'node_modules/@types')],
});

const TYPESCRIPT_IMPORT = /((?:\bfrom|\bimport\()\s*['"]\.{1,2}\/[^'"]+)\.ts(?=['"])/g;

/** The compiler leaves `./x.ts` in declarations; what stands there is `./x.js`. */
function rewriteDeclarations(out: string): void {
  const names = readdirSync(out, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.d.ts'));
  for (const file of names.map((name) => join(out, name))) {
    writeFileSync(file, readFileSync(file, 'utf8').replace(TYPESCRIPT_IMPORT, '$1.js'));
  }
}

/** @throws Error with the words of the compiler */
export function buildPackage({ folder, manifest }: PublishedPackage, out: string): void {
  const source = join(folder, 'src');
  const configuration = join(out, 'tsconfig.json');
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  writeFileSync(
    configuration,
    JSON.stringify({
      extends: join(ROOT, 'tsconfig.json'),
      compilerOptions: compilerOptions(source, out),
      include: [join(source, '**/*.ts')],
    }),
  );
  const { status, stdout, stderr } = spawnSync(process.execPath, [TSC, '-p', configuration], { encoding: 'utf8' });
  rmSync(configuration);
  if (status !== 0) throw new Error(`${manifest.name} cannot be built:\n${stdout}${stderr}`);
  rewriteDeclarations(out);
  writeFileSync(join(out, 'package.json'), `${JSON.stringify(publishedManifest(manifest), null, 2)}\n`);
  copyFileSync(join(ROOT, 'LICENSE'), join(out, 'LICENSE'));
  const readme = join(folder, 'README.md');
  if (existsSync(readme)) copyFileSync(readme, join(out, 'README.md'));
}

if (import.meta.main) {
  for (const published of publishedPackages()) {
    const out = join(published.folder, published.manifest.publishConfig?.directory ?? 'dist');
    buildPackage(published, out);
    process.stdout.write(`${published.manifest.name} ${published.manifest.version}: ${out}\n`);
  }
  // One file without dependencies: nothing is left to resolve on the other host.
  process.stdout.write(`@octavia/cli: ${await buildCli(join(ROOT, 'packages/cli/dist'))}\n`);
}
