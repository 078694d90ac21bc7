/** What nginx cannot do is refused before anything is done, in words for the user. */
import {
  isUnset,
  type Listener,
  type LoadBalancer,
  type Member,
  type Pool,
  UnsupportedOptionError,
} from '@octavia/provider-lib';

// #region refuse
const refuse = (text: string): never => {
  throw new UnsupportedOptionError({ user_fault_string: text });
};

/** Whether the user asks for something: what is Unset, cleared or empty asks for nothing. */
const isAsked = (value: unknown): boolean =>
  !isUnset(value) && value !== null && value !== '' && value !== false && !(Array.isArray(value) && value.length === 0);

const PROTOCOLS = ['HTTP', 'TCP', 'HTTPS'];
const HEADERS = ['X-Forwarded-For', 'X-Forwarded-Port', 'X-Forwarded-Proto'];

export function checkListener(listener: Listener): void {
  const { protocol, connection_limit, insert_headers, timeout_tcp_inspect, l7policies } = listener;
  if (isAsked(protocol) && !PROTOCOLS.includes(String(protocol))) {
    refuse(`nginx serves the protocols ${PROTOCOLS.join(', ')}, not ${String(protocol)}.`);
  }
  if (isAsked(connection_limit) && connection_limit !== -1)
    refuse('nginx limits no connections: connection_limit has to be -1.');
  if (isAsked(timeout_tcp_inspect) && timeout_tcp_inspect !== 0)
    refuse('nginx inspects no TCP: timeout_tcp_inspect has to be 0.');
  if (isAsked(l7policies)) refuse('nginx has no L7 policies.');
  for (const name of isAsked(insert_headers) ? Object.keys(insert_headers as object) : []) {
    if (!HEADERS.includes(name)) refuse(`nginx inserts ${HEADERS.join(', ')}, not ${name}.`);
  }
}
// #endregion

export function checkPool(pool: Pool): void {
  const { protocol, session_persistence, tls_enabled, healthmonitor, members } = pool;
  if (isAsked(protocol) && !PROTOCOLS.includes(String(protocol))) {
    refuse(`Pools of nginx speak ${PROTOCOLS.join(', ')}, not ${String(protocol)}.`);
  }
  if (isAsked(session_persistence))
    refuse('nginx has no session persistence; the algorithm SOURCE_IP keeps a client at a member.');
  if (isAsked(tls_enabled)) refuse('nginx does not encrypt traffic to members: tls_enabled has to be false.');
  if (isAsked(healthmonitor))
    refuse('nginx has no health monitors: it leaves out members that do not answer for a while.');
  for (const member of isAsked(members) ? (members as Member[]) : []) checkMember(member);
}

export function checkMember({ backup, monitor_address, monitor_port }: Member): void {
  if (isAsked(backup)) refuse('nginx has no backup members.');
  if (isAsked(monitor_address) || isAsked(monitor_port))
    refuse('nginx has no health monitors: leave monitor_address and monitor_port out.');
}

export function checkBalancer(balancer: LoadBalancer): void {
  const { vip_qos_policy_id, vip_sg_ids, additional_vips, listeners, pools, flavor } = balancer;
  if (isAsked(vip_qos_policy_id)) refuse('nginx has no QoS policies.');
  if (isAsked(vip_sg_ids)) refuse('nginx has no security groups; allowed_cidrs of a listener says who may come in.');
  if (isAsked(additional_vips)) refuse('A load balancer of nginx has one VIP.');
  if (isAsked(flavor)) checkFlavor(flavor as Record<string, unknown>);
  for (const listener of isAsked(listeners) ? (listeners as Listener[]) : []) checkListener(listener);
  for (const pool of isAsked(pools) ? (pools as Pool[]) : []) checkPool(pool);
}

export const FLAVOR_KEYS = { worker_processes: 'Number of worker processes of nginx, 1 to 16. 1 by default.' };

export function checkFlavor(flavor: Readonly<Record<string, unknown>>): void {
  for (const [key, value] of Object.entries(flavor)) {
    if (!(key in FLAVOR_KEYS)) refuse(`Flavors of nginx have ${Object.keys(FLAVOR_KEYS).join(', ')}, not ${key}.`);
    const isFit = Number.isInteger(value) && (value as number) >= 1 && (value as number) <= 16;
    if (!isFit) refuse(`${key} is a whole number from 1 to 16, not ${JSON.stringify(value)}.`);
  }
}
