import type { Listener, LoadBalancer, Pool } from '../../domain/resources.ts';
import { endpointText, networkText, vipAddresses } from './address.ts';
import { backendName } from './backend.ts';
import { type Line, line, type Section } from './config.ts';
import { connectionLimit } from './global.ts';
import { policyLines } from './l7.ts';
import { listenerMode } from './modes.ts';
import type { HaproxyOptions } from './options.ts';
import type { ServedPolicy } from './serving.ts';

const ALLOWED_ACL = 'allowed_source';

/** One line a network: HAProxy takes at most 64 words in a line, and lines of the same ACL add up. */
function sourceLines(listener: Listener): Line[] {
  const networks = listener.allowedCidrs ?? [];
  if (networks.length === 0) return [];
  return [
    ...networks.map((cidr) => line('acl', ALLOWED_ACL, 'src', networkText(cidr, 'acl'))),
    line('tcp-request', 'connection', 'reject', 'unless', ALLOWED_ACL),
  ];
}

/** @param pool where requests go that no policy takes */
export function frontendSection(
  loadBalancer: LoadBalancer,
  listener: Listener,
  policies: readonly ServedPolicy[],
  pool: Pool | null,
  options: HaproxyOptions,
): Section {
  const lines: Line[] = [
    line('mode', listenerMode(listener)),
    line('maxconn', connectionLimit(listener, options)),
    ...vipAddresses(loadBalancer).map((address) => line('bind', endpointText(address, listener.protocolPort, 'bind'))),
    line('timeout', 'client', listener.timeoutClientData),
  ];
  if (listener.timeoutTcpInspect > 0) lines.push(line('tcp-request', 'inspect-delay', listener.timeoutTcpInspect));
  lines.push(...sourceLines(listener), ...policyLines(policies, listener));
  if (pool !== null) lines.push(line('default_backend', backendName(pool, listener)));
  return { kind: 'frontend', name: listener.id, lines };
}
