import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CommandError, runCommand } from '../../clouds/local-host/command.ts';
import { OctaviaError } from '../../errors.ts';

/** Where iproute2 keeps named network namespaces. */
const FOLDER = '/run/netns';
/** Tells the program inside a namespace that it is there. */
const INSIDE = 'OCTAVIA_INSIDE_NETNS';

const markFile = (stateDir: string): string => join(stateDir, 'netns.json');

export const namespaceExists = (name: string): boolean => existsSync(join(FOLDER, name));
export const isInside = (name: string): boolean => process.env[INSIDE] === name;

/** Makes the namespace when it is missing, and remembers in the state directory that it is ours. @returns whether made */
export async function ensureNamespace(name: string, stateDir: string): Promise<boolean> {
  if (namespaceExists(name)) return false;
  try {
    await runCommand(['ip', 'netns', 'add', name]);
    await runCommand(['ip', '-n', name, 'link', 'set', 'dev', 'lo', 'up']);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    throw new OctaviaError('STARTUP', { detail: `Network namespace ${name} could not be made: ${error.message}` });
  }
  writeFileSync(markFile(stateDir), `${JSON.stringify({ name, made: true })}\n`);
  return true;
}

/** The namespace that `up` made for this state directory, or null. */
export function madeNamespace(stateDir: string): string | null {
  try {
    const { name } = JSON.parse(readFileSync(markFile(stateDir), 'utf8')) as { name?: unknown };
    return typeof name === 'string' ? name : null;
  } catch {
    return null;
  }
}

/** Removes the namespace of this state directory if we made it. */
export async function removeMadeNamespace(stateDir: string): Promise<string | null> {
  const name = madeNamespace(stateDir);
  if (name === null) return null;
  if (namespaceExists(name)) await runCommand(['ip', 'netns', 'delete', name]);
  rmSync(markFile(stateDir), { force: true });
  return name;
}

/**
 * Replaces this process by the same command inside the namespace: same pid, same terminal, and no second process that
 * would only wait. Does not return.
 */
export function continueInside(name: string, extra: Record<string, string> = {}): never {
  const ip = ['/usr/sbin/ip', '/sbin/ip', '/usr/bin/ip', '/bin/ip'].find((path) => existsSync(path));
  if (ip === undefined || process.execve === undefined) {
    throw new OctaviaError('STARTUP', { detail: 'ip is missing: apt-get install iproute2' });
  }
  const command = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  process.execve(
    ip,
    ['ip', 'netns', 'exec', name, ...command],
    definedOnly({ ...process.env, ...extra, [INSIDE]: name }),
  );
  throw new Error('execve returned');
}

function definedOnly(env: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined));
}
