/**
 * What agents cost a host. Node itself is 40 MB that all agents share, so the proportional share (PSS) of one depends on how
 * many there are: it is told for the agent that has handled the load, alone and beside others, and as the mean of all.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { createBalancer } from '../demo/balancer.ts';
import type { Bench } from './dataplane-bench.ts';
import { agentPids, proportionalMegabytes, residentMegabytes } from './memory.ts';

/** Load balancers on the host while memory is read: the one under load and others with a listener and an empty pool. */
const HOST_AGENTS = 20;
const AT_A_TIME = 4;
const IDLE_MS = 10_000;

/** Megabytes. */
export interface AgentMemory {
  agents: number;
  /** Mean of the proportional shares. */
  mean: number;
  /** The share of the agent that has handled the load, beside the others. */
  loaded: number;
  /** The same agent on a host where nothing else runs on Node: what it has resident. */
  alone: number;
}

export async function measureAgentMemory(bench: Bench): Promise<AgentMemory> {
  const [loaded = 0] = agentPids(bench.stateDir);
  for (let made = 1; made < HOST_AGENTS; made += AT_A_TIME) {
    const names = Array.from({ length: Math.min(AT_A_TIME, HOST_AGENTS - made) }, (_, index) => `idle-${made + index}`);
    await Promise.all(names.map((name) => createBalancer(bench.client, bench.controlPlane, name)));
  }
  await pause(IDLE_MS);
  const pids = agentPids(bench.stateDir);
  const shares = pids.map(proportionalMegabytes);
  bench.say(`memory: ${pids.length} agents, ${shares.map((megabytes) => megabytes.toFixed(1)).join(' ')} MB (PSS)`);
  return {
    agents: pids.length,
    mean: shares.reduce((sum, share) => sum + share, 0) / shares.length,
    loaded: proportionalMegabytes(loaded),
    alone: residentMegabytes(loaded),
  };
}
