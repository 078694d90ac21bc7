/** Whether the kernel can balance UDP and SCTP (IP Virtual Server). */
import type { TrafficNamespace } from '../network/namespace.ts';

/** IPVS counts per namespace: the table appears there as soon as the module is loaded. */
const SCRIPT = `
mount -t proc proc /proc 2>/dev/null
[ -e /proc/net/ip_vs ] || modprobe ip_vs 2>/dev/null
[ -e /proc/net/ip_vs ]
`;

/** Null when it can, else the reason. */
export async function ipvsMissing(namespace: TrafficNamespace): Promise<string | null> {
  const { code } = await namespace.script(SCRIPT, []);
  return code === 0 ? null : 'The kernel of this amphora has no IP Virtual Server (IPVS, module ip_vs)';
}
