/** Memory figures of the kernel, kB. */
import { readFile } from 'node:fs/promises';
import type { AgentDetails } from '@octavia/protocol/agent-api';

function parseMemory(meminfo: string): AgentDetails['memory'] {
  const kB = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(meminfo)?.[1] ?? 0);
  return {
    total: kB('MemTotal'),
    free: kB('MemFree'),
    available: kB('MemAvailable'),
    buffers: kB('Buffers'),
    cached: kB('Cached'),
    swap_used: kB('SwapTotal') - kB('SwapFree'),
    shared: kB('Shmem'),
    slab: kB('Slab'),
    committed_as: kB('Committed_AS'),
  };
}

export async function readMemory(): Promise<AgentDetails['memory']> {
  return parseMemory(await readFile('/proc/meminfo', 'utf8'));
}
