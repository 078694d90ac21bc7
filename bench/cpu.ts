/** CPU time of processes, from /proc. */
import { readdirSync, readFileSync } from 'node:fs';

/** Of Linux on all platforms that Node runs on. */
const TICKS_A_SECOND = 100;

interface Stat {
  pid: number;
  parent: number;
  /** Of itself and of children that have ended. */
  seconds: number;
}

function stat(pid: number): Stat | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
    return { pid, parent: Number(fields[1]), seconds: ticks / TICKS_A_SECOND };
  } catch {
    return null;
  }
}

/** Seconds (user and system) that the process and all below it have used so far. */
export function cpuSeconds(root: number): number {
  const all = readdirSync('/proc').flatMap((entry) => (/^\d+$/.test(entry) ? (stat(Number(entry)) ?? []) : []));
  const children = Map.groupBy(all, ({ parent }) => parent);
  const below = (pid: number): number =>
    (children.get(pid) ?? []).reduce((sum, child) => sum + child.seconds + below(child.pid), 0);
  return (all.find(({ pid }) => pid === root)?.seconds ?? 0) + below(root);
}
