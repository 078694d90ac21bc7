/** Puts what the kernel says into the words and numbers of a heartbeat, next to HAProxy's. */

import type { HeartbeatPool } from '@octavia/protocol/heartbeat';
import type { ListenerReading, Reading, Totals } from '../health/statistics.ts';
import type { LvsConfiguration, LvsMember } from './configuration.ts';
import type { Destination, Kernel } from './table.ts';

/** Every service may have the member; one of them is enough. */
function destinationOf(member: LvsMember, services: string[], { table }: Kernel): Destination | undefined {
  if (member.endpoint === null) return undefined;
  for (const name of services) {
    const found = table.get(name)?.get(member.endpoint);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** keepalived takes a member that fails its check out of the table. */
function memberStatus(member: LvsMember, destination: Destination | undefined): string {
  if (member.endpoint === null) return 'MAINT';
  if (member.backup) return 'no check';
  if (destination === undefined) return 'DOWN';
  if (destination.weight === 0) return 'DRAIN';
  return member.checked ? 'UP' : 'no check';
}

function poolReading(members: LvsMember[], services: string[], kernel: Kernel): HeartbeatPool {
  const pool: HeartbeatPool = { status: members.length === 0 ? 'UP' : 'DOWN', members: {} };
  for (const member of members) {
    const destination = destinationOf(member, services, kernel);
    pool.members[member.id] = memberStatus(member, destination);
    if (destination !== undefined && destination.weight > 0) pool.status = 'UP';
  }
  return pool;
}

/** An SCTP association that has ended stays inactive in the table for a while; of UDP flows the kernel knows no end. */
function openNow(services: string[], protocol: LvsConfiguration['protocol'], { table }: Kernel): number {
  const all = services.flatMap((name) => [...(table.get(name)?.values() ?? [])]);
  return all.reduce((sum, { active, inactive }) => sum + active + (protocol === 'UDP' ? inactive : 0), 0);
}

function listenerReading(configuration: LvsConfiguration, kernel: Kernel): ListenerReading {
  const { services, protocol } = configuration;
  const counters: Record<string, Totals> = {};
  const sum: Totals = { tx: 0, rx: 0, totconns: 0, ereq: 0 };
  for (const name of services) {
    const found = kernel.totals.get(name);
    if (found === undefined) continue;
    const totals = { tx: found.bytesOut, rx: found.bytesIn, totconns: found.connections, ereq: 0 };
    counters[name] = totals;
    sum.tx += totals.tx;
    sum.rx += totals.rx;
    sum.totconns += totals.totconns;
  }
  return { status: 'OPEN', stats: { ...sum, conns: openNow(services, protocol, kernel) }, counters };
}

/** @param worker names what the counts belong to: another namespace, another boot counts from zero */
export function readingOf(id: string, configuration: LvsConfiguration, kernel: Kernel, worker: string): Reading {
  const pools: Record<string, HeartbeatPool> = {};
  for (const [pool, members] of configuration.pools) {
    pools[`${pool}:${id}`] = poolReading(members, configuration.services, kernel);
  }
  return { worker, askedAt: kernel.askedAt, listeners: { [id]: listenerReading(configuration, kernel) }, pools };
}
