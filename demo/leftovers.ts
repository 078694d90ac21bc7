/** What an instance has on the host: directories of amphorae, their processes and their cables. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { command } from './shell.ts';

export async function takeInventory(stateDir: string): Promise<Set<string>> {
  const amphorae = join(stateDir, 'amphorae');
  const directories = existsSync(amphorae) ? readdirSync(amphorae).map((name) => `directory ${name}`) : [];
  const links = JSON.parse(await command('ip', '-j', 'link', 'show')) as { ifname?: string }[];
  const cables = links.flatMap(({ ifname }) => (ifname?.startsWith('o') ? [`interface ${ifname}`] : []));
  return new Set([...directories, ...cables, ...processesOf(amphorae)]);
}

/** Sandboxes carry the directory of their amphora on the command line. */
function processesOf(amphorae: string): string[] {
  return readdirSync('/proc').flatMap((entry) => {
    if (!/^\d+$/.test(entry)) return [];
    try {
      const line = readFileSync(`/proc/${entry}/cmdline`, 'utf8');
      return line.includes(`${amphorae}/`) ? [`process ${entry}`] : [];
    } catch {
      return [];
    }
  });
}

/** What is there now and was not before; waits for it to go. */
export async function findLeftovers(stateDir: string, before: Set<string>, timeoutMs = 15_000): Promise<string[]> {
  const until = Date.now() + timeoutMs;
  for (;;) {
    const left = [...(await takeInventory(stateDir))].filter((item) => !before.has(item));
    if (left.length === 0 || Date.now() > until) return left;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
