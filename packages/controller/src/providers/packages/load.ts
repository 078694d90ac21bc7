/** Providers that npm packages bring: `octavia.api.drivers` in a package's manifest says which names, and the module of each. */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { isAbsolute, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Log } from '@octavia/protocol/log';
import type { DriverContext, ProviderDriver, SocketPaths } from '@octavia/provider-lib';

export const DRIVERS_KEY = 'octavia.api.drivers';

export interface FoundDriver {
  name: string;
  /** For people: the package. */
  from: string;
  /** Absolute path of the module, whose default export is the class. */
  module: string;
}

/** The folder of a package; null: there is none. @param named name, or path of the folder */
function folderOf(named: string): string | null {
  if (named.startsWith('.') || isAbsolute(named))
    return existsSync(join(named, 'package.json')) ? resolve(named) : null;
  // Where the service was started, then beside this program, then where npm puts what is installed for everybody.
  const paths = [join(process.cwd(), 'package.json'), import.meta.filename].flatMap(
    (from) => createRequire(from).resolve.paths(named) ?? [],
  );
  const everybody = join(process.execPath, '../../lib/node_modules');
  return (
    [...paths, everybody].map((path) => join(path, named)).find((path) => existsSync(join(path, 'package.json'))) ??
    null
  );
}

/**
 * @param key of the manifest
 * @returns what the packages bring; the first that brings a name wins
 */
export function findInPackages(
  packages: readonly string[],
  key: string,
  log: Pick<Log, 'error'>,
): Map<string, FoundDriver> {
  const found = new Map<string, FoundDriver>();
  for (const named of packages) {
    const folder = folderOf(named);
    if (folder === null) {
      log.error({ package: named }, `The package ${named} of [api_settings] provider_packages is not installed`);
      continue;
    }
    const entries = manifestEntries(folder, key, log);
    for (const [name, module] of entries) {
      if (!found.has(name)) found.set(name, { name, from: named, module: resolve(folder, module) });
    }
  }
  return found;
}

function manifestEntries(folder: string, key: string, log: Pick<Log, 'error'>): [string, string][] {
  const file = join(folder, 'package.json');
  try {
    const manifest = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
    const entries = Object.entries((manifest[key] ?? {}) as Record<string, unknown>);
    return entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string');
  } catch (error) {
    log.error({ err: error }, `${file} cannot be read`);
    return [];
  }
}

/** @throws Error what keeps the driver from being made */
export async function makeDriver(
  { name, module }: FoundDriver,
  sockets: SocketPaths,
  log: Pick<Log, 'info' | 'warn' | 'error'>,
): Promise<ProviderDriver> {
  const { default: Driver } = (await import(pathToFileURL(module).href)) as { default?: unknown };
  if (typeof Driver !== 'function') throw new Error(`${module} has no class as its default export.`);
  const line = (level: 'info' | 'warn' | 'error') => (text: string) => log[level]({ provider: name }, String(text));
  const context: DriverContext = {
    name,
    sockets,
    log: { info: line('info'), warn: line('warn'), error: line('error') },
  };
  return new (Driver as new (context: DriverContext) => ProviderDriver)(context);
}
