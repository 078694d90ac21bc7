/**
 * What carrying out a change means for the traffic of a load balancer. It is told before the change is made, so it follows
 * from the objects alone; a test holds it against what the agent does with the configurations rendered from them.
 */
import type { LbAlgorithm, Pool, SessionPersistence } from './resources.ts';
import { isConnectionless } from './validation/protocols.ts';

/**
 * `none`: nothing that traffic notices. `reload`: the proxy reads its configuration anew; connections go on, and what is
 * new is in force for new ones. `rebuild`: what serves the traffic is made anew, and its connections end.
 */
export const EFFECTS = ['none', 'reload', 'rebuild'] as const;
export type Effect = (typeof EFFECTS)[number];

/** Attributes for people, and those that only heartbeats and ports know of: no configuration of a proxy changes. */
const NOTES: ReadonlySet<string> = new Set(['name', 'description', 'tags', 'vip_qos_policy_id', 'vip_sg_ids']);

/** Attributes by which a listener or pool may be served by another program, or at another place. */
const FOUNDATIONS: ReadonlySet<string> = new Set(['protocol', 'protocol_port']);

/** Algorithms whose servers come, go and are weighed while the proxy runs. */
const DYNAMIC: readonly LbAlgorithm[] = ['ROUND_ROBIN', 'LEAST_CONNECTIONS'];

const usesCookie = (persistence: SessionPersistence | null): boolean =>
  persistence !== null && persistence.type !== 'SOURCE_IP';

/** What decides about a change of a member. */
export interface PoolInUse {
  pool: Pick<Pool, 'protocol' | 'lbAlgorithm' | 'sessionPersistence' | 'tlsEnabled'>;
  /** Whether a listener sends to it. */
  isUsed: boolean;
}

const onlyNotes = (fields: readonly string[]): boolean => fields.every((field) => NOTES.has(field));

/** Of an attribute of the load balancer, a listener, an L7 policy or rule. */
export function effectOfUpdate(fields: readonly string[], isUsed = true): Effect {
  if (!isUsed || onlyNotes(fields)) return 'none';
  return fields.some((field) => FOUNDATIONS.has(field)) ? 'rebuild' : 'reload';
}

/** A member that comes or goes. */
export function effectOfMember({ pool, isUsed }: PoolInUse, comes: boolean): Effect {
  if (!isUsed) return 'none';
  if (isConnectionless(pool.protocol) || !DYNAMIC.includes(pool.lbAlgorithm)) return 'reload';
  // Cookie values are handed out, and HTTP/2 connections kept, only by what was there from the start.
  return comes && (usesCookie(pool.sessionPersistence) || pool.tlsEnabled) ? 'reload' : 'none';
}

/** Attributes of a member that is there. */
export function effectOfMemberUpdate({ pool, isUsed }: PoolInUse, fields: readonly string[]): Effect {
  if (!isUsed || onlyNotes(fields)) return 'none';
  if (isConnectionless(pool.protocol)) return 'reload';
  const byCommand = fields.every(
    (field) =>
      NOTES.has(field) || field === 'admin_state_up' || (field === 'weight' && DYNAMIC.includes(pool.lbAlgorithm)),
  );
  return byCommand ? 'none' : 'reload';
}
