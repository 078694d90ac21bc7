/** IP Virtual Server: sandboxes share the kernel of this host, so what it lacks they lack. */
import { isPresent } from '../../../files/optional.ts';
import { CommandError, runTool } from '../../local-host/command.ts';

/** There in every network namespace as soon as the module is. */
const TABLE = '/proc/net/ip_vs';

/** Null when the kernel has it. Looks each time: the module may be loaded while we run. */
export function ipvsMissing(table = TABLE): string | null {
  if (isPresent(table)) return null;
  return 'The kernel of this host has no IP Virtual Server (IPVS). An operator loads its module with `modprobe ip_vs`, or runs the local cloud on a kernel that has it.';
}

/** Sandboxes may not load modules. A kernel without this one is no failure: it serves TCP and HTTP. */
export async function loadIpvs(): Promise<void> {
  if (isPresent(TABLE)) return;
  try {
    await runTool(['modprobe', 'ip_vs']);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
  }
}
