/** HAProxy on the standby amphora binds VIPs that keepalived has put on the other one. */
import type { Log } from '../log.ts';
import { outputOf } from '../system/run.ts';
import type { TrafficNamespace } from './namespace.ts';

/** In the sandbox /proc/sys is read-only; `ip netns exec` gives the script mounts of its own, so it takes a fresh one. */
const SCRIPT = `
mount -t proc proc /proc 2>/dev/null
echo 1 > /proc/sys/net/ipv4/ip_nonlocal_bind || exit 1
[ ! -e /proc/sys/net/ipv6/ip_nonlocal_bind ] || echo 1 > /proc/sys/net/ipv6/ip_nonlocal_bind
`;

export async function allowForeignBind(namespace: TrafficNamespace, log: Log): Promise<void> {
  const result = await namespace.script(SCRIPT, []);
  if (result.code !== 0) log.error({ err: outputOf(result) }, 'HAProxy cannot bind addresses that are elsewhere');
}
