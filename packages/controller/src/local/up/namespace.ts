import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CommandError, runTool } from '../../clouds/local-host/command.ts';
import { tagOf } from '../../clouds/local-host/instance.ts';
import { parseLinks } from '../../clouds/local-host/ip.ts';
import { OctaviaError } from '../../errors.ts';
import { isPresent, readTextIfPresentSync } from '../../files/optional.ts';

/** Where iproute2 keeps named network namespaces. */
const FOLDER = '/run/netns';
/** Tells the program inside a namespace that it is there. */
const INSIDE = 'OCTAVIA_INSIDE_NETNS';

const markFile = (stateDir: string): string => join(stateDir, 'netns.json');

export const namespaceExists = (name: string): boolean => isPresent(join(FOLDER, name));
export const isInside = (name: string): boolean => process.env[INSIDE] === name;

/** Marks the loopback interface of a namespace that we made: the mark lives and dies with it. */
const MADE_ALIAS = 'octavia';
const OTHER_INSTANCE = /^o([0-9a-f]{6})mgt$/;

/** Makes the namespace when it is missing; the state directory remembers its name. @returns whether made */
export async function ensureNamespace(name: string, stateDir: string): Promise<boolean> {
  const made = !namespaceExists(name);
  try {
    if (made) {
      await runTool(['ip', 'netns', 'add', name]);
      await runTool(['ip', '-n', name, 'link', 'set', 'dev', 'lo', 'up', 'alias', MADE_ALIAS]);
    }
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    throw new OctaviaError('NAMESPACE_FAILED', { name, reason: error.message }, { cause: error });
  }
  writeFileSync(markFile(stateDir), `${JSON.stringify({ name })}\n`);
  return made;
}

/** The namespace this state directory was last started in, or null. */
export function rememberedNamespace(stateDir: string): string | null {
  const text = readTextIfPresentSync(markFile(stateDir));
  if (text === null) return null;
  try {
    const { name } = JSON.parse(text) as { name?: unknown };
    return typeof name === 'string' ? name : null;
  } catch {
    return null; // half written
  }
}

/**
 * Removes the namespace of this state directory if an `up` made it and no other instance has its bridges there (the last
 * one to go down removes it). @returns its name when removed
 */
export async function removeMadeNamespace(stateDir: string): Promise<string | null> {
  const name = rememberedNamespace(stateDir) ?? process.env[INSIDE] ?? null;
  if (name === null) return null;
  const removable = namespaceExists(name) && (await isOurs(name, tagOf(stateDir)));
  if (removable) await runTool(['ip', 'netns', 'delete', name]);
  rmSync(markFile(stateDir), { force: true });
  return removable ? name : null;
}

async function isOurs(name: string, tag: string): Promise<boolean> {
  const links = parseLinks((await runTool(['ip', '-n', name, '-j', 'link', 'show'])).stdout);
  const made = links.some((link) => link.name === 'lo' && link.alias === MADE_ALIAS);
  return made && links.every((link) => (OTHER_INSTANCE.exec(link.name)?.[1] ?? tag) === tag);
}

/**
 * Replaces this process by the same command inside the namespace: same pid, same terminal, and no second process that
 * would only wait. Does not return.
 */
export function continueInside(name: string, extra: Record<string, string> = {}): never {
  const ip = ['/usr/sbin/ip', '/sbin/ip', '/usr/bin/ip', '/bin/ip'].find((path) => existsSync(path));
  if (ip === undefined || process.execve === undefined) {
    throw new OctaviaError('PROGRAM_MISSING', { program: 'ip', package: 'iproute2' });
  }
  const command = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  // A handler that runs after this line would note the signal in a program that is gone: from here on signals end us.
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.removeAllListeners(name);
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
