/** Finds and reads clouds.yaml and what stands beside it. */
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { isMapping, type Mapping, parseJson, parseYaml } from './yaml.ts';

export interface CloudFile {
  path: string;
  content: Mapping;
}

export interface CloudFiles {
  /** Clouds and how to reach them. */
  clouds: CloudFile | null;
  /** Passwords, laid over `clouds`. */
  secure: CloudFile | null;
  /** Profiles that clouds refer to. */
  vendors: CloudFile | null;
  /** A sentence for each file that exists and could not be used. */
  warnings: string[];
}

export type Environment = Readonly<Record<string, string | undefined>>;

export interface SearchOptions {
  env?: Environment;
  /** Default: the working directory of the process. */
  cwd?: string;
  /** Default: the home of the user. */
  home?: string;
}

const SUFFIXES = ['.yaml', '.yml', '.json'];

/**
 * Of each kind the first file that can be read: what the environment names, then in the working directory, the user's
 * configuration, and the system's.
 */
export async function readCloudFiles({
  env = process.env,
  cwd = process.cwd(),
  home,
}: SearchOptions = {}): Promise<CloudFiles> {
  const folders = searchPath(env, cwd, home ?? (env.HOME || homedir()));
  const warnings: string[] = [];
  const first = async (name: string, override: string | undefined): Promise<CloudFile | null> => {
    const paths = folders.flatMap((folder) => SUFFIXES.map((suffix) => join(folder, `${name}${suffix}`)));
    for (const path of [...(override ? [override] : []), ...paths]) {
      const told = warnings.length;
      const file = await readOne(path, warnings);
      if (file !== null) return file;
      if (path === override && warnings.length === told)
        warnings.push(`${path} is not there, although a variable names it.`);
    }
    return null;
  };
  return {
    clouds: await first('clouds', env.OS_CLIENT_CONFIG_FILE),
    secure: await first('secure', env.OS_CLIENT_SECURE_FILE),
    vendors: await first('clouds-public', undefined),
    warnings,
  };
}

/** Folders, first to last. */
export function searchPath(env: Environment, cwd: string, home: string): string[] {
  const user = join(env.XDG_CONFIG_HOME || join(home, '.config'), 'openstack');
  // Snaps have another HOME than the user.
  const own = join(env.SNAP_REAL_HOME || home, '.config', 'openstack');
  const site = (env.XDG_CONFIG_DIRS || '/etc/xdg').split(':').filter(Boolean);
  const folders = [cwd, user, own, ...site.map((folder) => join(folder, 'openstack')), '/etc/openstack'];
  return [...new Set(folders)];
}

async function readOne(path: string, warnings: string[]): Promise<CloudFile | null> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT' && code !== 'ENOTDIR') warnings.push(`${path} cannot be read and is skipped: ${message}`);
    return null;
  }
  try {
    const content = path.endsWith('.json') ? parseJson(text) : await parseYaml(text);
    if (content === null || isMapping(content)) return { path, content: content ?? {} };
    warnings.push(`${path} is skipped: it is not a mapping with the key "clouds".`);
  } catch (error) {
    warnings.push(`${path} is skipped: ${(error as Error).message.split('\n')[0]}`);
  }
  return null;
}
