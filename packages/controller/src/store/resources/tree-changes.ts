/** Changes of many objects below one load balancer, which is locked, in one transaction. */
import type { HealthMonitor, L7Policy, L7Rule, Listener, Member, Pool } from '../../domain/resources.ts';
import type { ChildKind } from '../../domain/status-transitions.ts';
import type { Tx } from '../core/database.ts';
import type { Attributes } from '../core/table.ts';
import * as healthMonitors from './health-monitors.ts';
import * as l7policies from './l7-policies.ts';
import * as l7rules from './l7-rules.ts';
import * as listeners from './listeners.ts';
import * as members from './members.ts';
import { type Children, insertChildren } from './new-trees.ts';
import * as pools from './pools.ts';

export interface TreeUpdate {
  kind: ChildKind;
  id: string;
  /** Attributes of the kind. */
  written: object;
}

const UPDATES: Record<ChildKind, (tx: Tx, id: string, written: object) => Promise<void>> = {
  listener: (tx, id, written) => listeners.update(tx, id, written as Attributes<Listener>),
  pool: (tx, id, written) => pools.update(tx, id, written as Attributes<Pool>),
  member: (tx, id, written) => members.update(tx, id, written as Attributes<Member>),
  health_monitor: (tx, id, written) => healthMonitors.update(tx, id, written as Attributes<HealthMonitor>),
  l7policy: (tx, id, written) => l7policies.update(tx, id, written as Attributes<L7Policy>),
  l7rule: (tx, id, written) => l7rules.update(tx, id, written as Attributes<L7Rule>),
};

type Bound = Pick<Listener, 'id' | 'protocol' | 'protocolPort'>;

const HIGHEST_PORT = 65_535;

/** Listeners may exchange their ports, which are unique at every moment: first they stand aside. */
async function standAside(tx: Tx, moving: readonly Bound[], taken: ReadonlySet<number>): Promise<void> {
  let free = HIGHEST_PORT;
  for (const { id } of moving) {
    while (taken.has(free)) free -= 1;
    await listeners.update(tx, id, { protocolPort: free });
    free -= 1;
  }
}

/** @param before listeners as they are */
export async function writeTreeChanges(
  tx: Tx,
  before: readonly Bound[],
  created: Children,
  updates: readonly TreeUpdate[],
): Promise<void> {
  const moves = new Map(
    updates.flatMap(({ kind, id, written }) => (kind === 'listener' ? [[id, written as Bound] as const] : [])),
  );
  const moving = before.filter((listener) => {
    const wanted = moves.get(listener.id);
    return wanted && (wanted.protocol !== listener.protocol || wanted.protocolPort !== listener.protocolPort);
  });
  const taken = [...before, ...moves.values(), ...created.listeners].map(({ protocolPort }) => protocolPort);
  await standAside(tx, moving, new Set(taken));
  await insertChildren(tx, created);
  for (const { kind, id, written } of updates) await UPDATES[kind](tx, id, written);
}
