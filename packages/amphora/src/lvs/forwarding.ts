/**
 * What the kernel must do beside IPVS so that members need not know of it: members answer to the amphora's own address
 * (masquerading, tracked for IPVS by `vs/conntrack`), and their answers are forwarded. Nothing else is: the filter keeps the
 * amphora from routing between the networks it is plugged into.
 *
 * A flow to a member that is gone, or a client that sticks to a drained one, is balanced anew with its next packet and not
 * after the five minutes that a silent UDP flow is remembered.
 */

import { KeepalivedError } from '../keepalived/process.ts';
import type { TrafficNamespace } from '../network/namespace.ts';
import { outputOf } from '../system/run.ts';
import { LOAD_IPVS } from './ipvs.ts';

const SYSCTLS = {
  'ipv4/vs/conntrack': 1,
  'ipv4/vs/expire_nodest_conn': 1,
  'ipv4/vs/expire_quiescent_template': 1,
  'ipv4/ip_forward': 1,
};

const RULES = `
table inet octavia-lvs {
  chain postrouting {
    type nat hook postrouting priority srcnat
    oifname != "lo" meta l4proto { udp, sctp } masquerade
  }
  chain forward {
    type filter hook forward priority filter
    policy drop
    ct state established,related accept
  }
}
`;

/**
 * After a boot nobody has loaded the module yet, and its settings come with it. The rules come before forwarding. A kernel
 * without IPv6 has no such file.
 */
const PREPARE = `
mount -t proc proc /proc 2>/dev/null
${LOAD_IPVS}
nft -f - <<'RULES' || exit 1
table inet octavia-lvs
delete table inet octavia-lvs
${RULES}
RULES
${Object.entries(SYSCTLS)
  .map(([name, value]) => `echo ${value} > /proc/sys/net/${name} || exit 1`)
  .join('\n')}
[ ! -e /proc/sys/net/ipv6/conf/all/forwarding ] || echo 1 > /proc/sys/net/ipv6/conf/all/forwarding
`;

const RELEASE = `
mount -t proc proc /proc 2>/dev/null
echo 0 > /proc/sys/net/ipv4/ip_forward
[ ! -e /proc/sys/net/ipv6/conf/all/forwarding ] || echo 0 > /proc/sys/net/ipv6/conf/all/forwarding
nft delete table inet octavia-lvs
`;

/** @throws KeepalivedError with the words of the system */
export async function prepareForwarding(namespace: TrafficNamespace): Promise<void> {
  const result = await namespace.script(PREPARE, []);
  if (result.code !== 0) throw new KeepalivedError(`UDP and SCTP cannot be forwarded: ${outputOf(result)}`);
}

/** When the last UDP or SCTP listener is gone. Fine when nothing was prepared. */
export async function releaseForwarding(namespace: TrafficNamespace): Promise<void> {
  await namespace.script(RELEASE, []);
}
