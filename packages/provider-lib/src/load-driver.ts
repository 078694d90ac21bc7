/** Makes the driver that a package brings, as the API does. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { isAbsolute, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { DriverContext } from './driver-context.ts';
import type { SocketPaths } from './driver-library.ts';
import type { ProviderDriver } from './provider-base.ts';

const DRIVERS_KEY = 'octavia.api.drivers';

export interface DriverModule {
  name: string;
  /** Absolute path; the default export is the class. */
  module: string;
}

const isPath = (target: string): boolean => target.startsWith('.') || isAbsolute(target);

function folderOf(target: string): string | null {
  const folders = isPath(target)
    ? [resolve(target)]
    : (createRequire(join(process.cwd(), 'package.json')).resolve.paths(target) ?? []).map((path) =>
        join(path, target),
      );
  return folders.find((folder) => existsSync(join(folder, 'package.json'))) ?? null;
}

/**
 * @param target name or folder of a package, or the file of a module
 * @param name which driver of the package; may be left out where it brings one
 * @throws Error in words for whoever named it
 */
export function findDriver(target: string, name?: string): DriverModule {
  if (isPath(target) && statSync(target, { throwIfNoEntry: false })?.isFile()) {
    return { name: name ?? 'driver', module: resolve(target) };
  }
  const folder = folderOf(target);
  if (folder === null) throw new Error(`There is no package ${target}.`);
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Record<string, unknown>;
  const drivers = (manifest[DRIVERS_KEY] ?? {}) as Record<string, string>;
  const names = Object.keys(drivers);
  const chosen = name ?? (names.length === 1 ? names[0] : undefined);
  const module = chosen === undefined ? undefined : drivers[chosen];
  if (chosen === undefined || module === undefined) {
    const brings = names.length === 0 ? 'none' : names.join(', ');
    throw new Error(
      `Say with --name which driver of ${target} is meant. "${DRIVERS_KEY}" of its package.json: ${brings}.`,
    );
  }
  return { name: chosen, module: resolve(folder, module) };
}

/** @throws what keeps the driver from being made */
export async function makeDriver({ module, name }: DriverModule, context: DriverContext): Promise<ProviderDriver> {
  const { default: Driver } = (await import(pathToFileURL(module).href)) as { default?: unknown };
  if (typeof Driver !== 'function') throw new Error(`${module} has no class as its default export.`);
  const driver = new (Driver as new (given: DriverContext) => ProviderDriver)(context);
  driver.name = name;
  return driver;
}

/** The sockets of a driver agent that has them in a folder of its own. */
export const socketsIn = (folder: string): SocketPaths => ({
  status_socket: join(folder, 'status.sock'),
  stats_socket: join(folder, 'stats.sock'),
  get_socket: join(folder, 'get.sock'),
});
