import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const KIB = 1024;
const MB = 1_000_000;

/** Resident memory of a process in MB, shared pages counted in full. */
export function residentMegabytes(pid: number): number {
  return field(`/proc/${pid}/status`, 'VmRSS');
}

/** Proportional share of a process in MB: shared pages divided by those who share them. */
export function proportionalMegabytes(pid: number): number {
  return field(`/proc/${pid}/smaps_rollup`, 'Pss');
}

function field(file: string, name: string): number {
  const kibibytes = new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(readFileSync(file, 'utf8'))?.[1];
  if (kibibytes === undefined) throw new Error(`${file} has no ${name}`);
  return (Number(kibibytes) * KIB) / MB;
}

/**
 * Pids of the agents of an installation: Node processes running the agent, below a sandbox whose command line names the
 * state directory (inside, no command line does).
 */
export function agentPids(stateDir: string): number[] {
  const sandboxes = new Set(
    processes().flatMap(({ pid, line }) => (line.includes(join(stateDir, 'amphorae')) ? [pid] : [])),
  );
  const parents = new Map(processes().map(({ pid, parent }) => [pid, parent]));
  const isInside = (pid: number): boolean => {
    const parent = parents.get(pid);
    return parent !== undefined && (sandboxes.has(parent) || isInside(parent));
  };
  return processes().flatMap(({ pid, line }) => {
    const words = line.split('\0');
    const runsAgent = words.some((word) => word.endsWith('amphora-agent.cjs')) && /node$/.test(words[0] ?? '');
    return runsAgent && isInside(pid) ? [pid] : [];
  });
}

function processes(): { pid: number; parent: number; line: string }[] {
  return readdirSync('/proc').flatMap((entry) => {
    if (!/^\d+$/.test(entry)) return [];
    try {
      const stat = readFileSync(`/proc/${entry}/stat`, 'utf8');
      const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
      return [{ pid: Number(entry), parent, line: readFileSync(`/proc/${entry}/cmdline`, 'utf8') }];
    } catch {
      return [];
    }
  });
}
