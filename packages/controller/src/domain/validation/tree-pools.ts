/** Pools of a fully populated create: names, references and definitions (API contract §7.4). */
import type { LbAlgorithm, PoolProtocol } from '../resources.ts';
import type { HealthMonitorFields } from './health-monitor.ts';
import type { MemberInput } from './member.ts';
import type { PoolInput } from './pool.ts';
import { refusal } from './refuse.ts';

/** A pool as written in the request: a definition, or a reference by name when nothing else is given. */
export interface TreePool extends Omit<PoolInput, 'protocol' | 'lbAlgorithm'> {
  protocol: PoolProtocol | null;
  lbAlgorithm: LbAlgorithm | null;
  members: readonly MemberInput[];
  healthmonitor: HealthMonitorFields | null;
}

interface PoolDefinition extends PoolInput {
  members: readonly MemberInput[];
  healthmonitor: HealthMonitorFields | null;
}

export interface ResolvedPools {
  definitions: PoolDefinition[];
  /** For each inline pool its index in `definitions`, or null. */
  inlinePools: (number | null)[];
}

function isReference(pool: TreePool): boolean {
  const { name: _, adminStateUp, tags, members, ...rest } = pool;
  const nothing = Object.values(rest).every((value) => value === null || value === '' || value === false);
  return nothing && adminStateUp && tags.length === 0 && members.length === 0;
}

function requireComplete(pool: TreePool): PoolDefinition {
  const { protocol, lbAlgorithm } = pool;
  const missing = (attribute: string) =>
    refusal(`Pool definition for '${pool.name}' missing required attribute: ${attribute}`);
  if (protocol === null) throw missing('protocol');
  if (lbAlgorithm === null) throw missing('lb_algorithm');
  return { ...pool, protocol, lbAlgorithm };
}

/**
 * @param inlinePools default pools of listeners and redirect pools of policies, null where there is none
 * @throws OctaviaError VALIDATION
 */
export function resolvePools(topLevel: readonly TreePool[], inlinePools: readonly (TreePool | null)[]): ResolvedPools {
  const inline = inlinePools.filter((pool) => pool !== null);
  const unnamed = topLevel.filter((pool) => pool.name === '').length;
  if (unnamed > 1 || inline.some((pool) => pool.name === '')) {
    throw refusal('Pools must be named when creating a fully populated loadbalancer.');
  }
  const definitions = [...topLevel, ...inline].filter((pool) => !isReference(pool));
  const indexes = new Map<string, number>();
  definitions.forEach((pool, index) => {
    if (indexes.has(pool.name)) {
      throw refusal('Pool names must be unique when creating a fully populated loadbalancer.');
    }
    indexes.set(pool.name, index);
  });
  for (const pool of [...topLevel, ...inline]) {
    if (!indexes.has(pool.name)) {
      throw refusal(`Pool '${pool.name}' was referenced but no full definition was found.`);
    }
  }
  return {
    definitions: definitions.map(requireComplete),
    inlinePools: inlinePools.map((pool) => (pool ? indexes.get(pool.name)! : null)),
  };
}
