/** The program by which HAProxy checks members with a ping: `external-check command <base path>/ping-wrapper.sh`. */
import { join } from 'node:path';
import type { Log } from '../log.ts';
import type { TrafficNamespace } from '../network/namespace.ts';
import { writeFileAtomic } from '../state/atomic-file.ts';
import { outputOf } from '../system/run.ts';

/** HAProxy passes its own address and port, then those of the member, and runs it as nobody with an empty PATH. */
const PING_SCRIPT = `#!/bin/sh
PATH=/usr/local/bin:/usr/bin:/bin
case "$3" in
*:*) exec ping -6 -q -n -w 1 -c 1 "$3" > /dev/null 2>&1 ;;
*) exec ping -4 -q -n -w 1 -c 1 "$3" > /dev/null 2>&1 ;;
esac
`;

/**
 * Lets every user send echo requests: file capabilities do not count inside a sandbox. /proc/sys is read-only there, hence
 * the fresh mount.
 */
const ALLOW = `
mount -t proc proc /proc 2>/dev/null
echo "0 2147483647" > /proc/sys/net/ipv4/ping_group_range
`;

export async function preparePing(basePath: string, namespace: TrafficNamespace, log: Log): Promise<void> {
  await writeFileAtomic(join(basePath, 'ping-wrapper.sh'), PING_SCRIPT, 0o755);
  const result = await namespace.script(ALLOW, []);
  if (result.code !== 0) log.error({ err: outputOf(result) }, 'PING health monitors will not work');
}
