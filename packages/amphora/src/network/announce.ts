/**
 * Tells the neighbours where the addresses of an interface live now: gratuitous ARP and unsolicited neighbour
 * advertisements. The kernel sends both itself when a link's MAC address is set (even to the same value) while
 * `arp_notify` and `ndisc_notify` are on, so no arping, raw socket or extra package is needed.
 */
import type { Log } from '../log.ts';
import { outputOf } from '../system/run.ts';
import type { TrafficNamespace } from './namespace.ts';

/** In the sandbox /proc/sys is read-only; `ip netns exec` gives the script mounts of its own, so it takes a fresh one. */
const SCRIPT = `
mount -t proc proc /proc 2>/dev/null
echo 1 > /proc/sys/net/ipv4/conf/$1/arp_notify || exit 1
[ ! -e /proc/sys/net/ipv6/conf/$1/ndisc_notify ] || echo 1 > /proc/sys/net/ipv6/conf/$1/ndisc_notify
exec ip link set dev $1 address $2
`;

/** Best effort: neighbours learn the address anyway when their cache entry expires. */
export async function announceAddresses(
  namespace: TrafficNamespace,
  device: string,
  mac: string,
  log: Log,
): Promise<void> {
  const result = await namespace.script(SCRIPT, [device, mac]);
  if (result.code !== 0) log.warn({ interface: device, err: outputOf(result) }, 'Addresses could not be announced');
}
