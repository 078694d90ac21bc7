/** Which amphorae a failover takes away, and when. Choices are kept in the rows, so a resumed flow makes them only once. */
import type { Operation } from '../../domain/operations.ts';
import type { Amphora } from '../../domain/resources.ts';
import type { AmphoraRole } from '../../domain/statuses.ts';
import { markFailedPending } from '../../status/under-way.ts';
import * as amphorae from '../../store/resources/amphorae.ts';
import type { Step, StepContext } from '../flow.ts';
import { atTheCloud } from './at-the-cloud.ts';
import { bestEffort, ifAlive } from './best-effort.ts';
import { amphoraIdOf } from './build-amphora.ts';
import { failedChangesOf, toBeDeleted } from './failed-changes.ts';
import { amphoraeOf, isServing, loadTree } from './load-tree.ts';
import { plug } from './plug-vip.ts';
import { removeAmphora } from './remove-amphora.ts';
import { applyVrrp } from './vrrp.ts';

/** Whether the agent answers within the few tries that an amphora gets which may be dead. */
async function answers(context: StepContext, amphora: Amphora): Promise<boolean> {
  const { attempts, intervalMs } = context.options.failover;
  for (let attempt = 1; ; attempt += 1) {
    if (await context.dataplane.probe(amphora, Math.max(intervalMs, 1))) return true;
    if (attempt >= attempts) return false;
    await context.sleep(Math.min(intervalMs, 1_000));
  }
}

/** Whether the VIP is on an interface of the amphora; null: it cannot be asked, or cannot tell. */
async function carriesVip(context: StepContext, amphora: Amphora): Promise<boolean | null> {
  const details = await ifAlive(context, amphora, 'Details', () => context.dataplane.details(amphora));
  const { active } = Object(details) as { active?: unknown };
  return typeof active === 'boolean' ? active : null;
}

/** Longest wait (ms) for the VIP to move: thrice the slowest advertisement interval in common use, and a bit. */
const HANDOVER_MS = 10_000;
const HANDOVER_POLL_MS = 250;

/** Ids of the replacements that a failover of a load balancer builds. */
export const replacementIds = (operation: Operation): [string, string] => [
  amphoraIdOf(operation, 0),
  amphoraIdOf(operation, 1),
];

const isGoing = ({ status }: Amphora): boolean => status === 'PENDING_DELETE';

/** Amphorae from before this operation. */
async function oldOnes(context: StepContext): Promise<Amphora[]> {
  const fresh = replacementIds(context.operation);
  return (await amphoraeOf(context)).filter(({ id }) => !fresh.includes(id));
}

/** New amphorae get everything; what is to be deleted goes on waiting for that. */
async function markAllPending(context: StepContext): Promise<void> {
  const { store, operation } = context;
  const failedChanges = await failedChangesOf(context, await loadTree(context));
  await markFailedPending(store.db, operation.loadBalancerId, toBeDeleted(failedChanges));
}

async function condemn({ store }: StepContext, { id }: Amphora): Promise<void> {
  await amphorae.update(store.db, id, { status: 'PENDING_DELETE' });
  await amphorae.markHealthBusy(store.db, id);
}

/** Takes the sentence back: what still answers serves on, the rest is in ERROR. */
async function pardon(context: StepContext, amphora: Amphora): Promise<void> {
  const alive = await answers(context, amphora);
  await amphorae.update(context.store.db, amphora.id, { status: alive ? 'ALLOCATED' : 'ERROR' });
  await amphorae.releaseHealth(context.store.db, amphora.id);
}

async function pardonAll(context: StepContext): Promise<void> {
  await Promise.all((await oldOnes(context)).filter(isGoing).map((amphora) => pardon(context, amphora)));
}

/** The one that holds the VIP stays while its replacement is built; if none says so, one that answers. */
async function mostUseful(context: StepContext, candidates: Amphora[]): Promise<Amphora | undefined> {
  const carrying = await Promise.all(candidates.map((amphora) => carriesVip(context, amphora)));
  const at = (wanted: boolean) => candidates[carrying.indexOf(wanted)];
  return at(true) ?? at(false) ?? candidates[0];
}

/**
 * Every amphora but the most useful one goes first. For SINGLE, whose one amphora can only be replaced, nothing is chosen.
 */
export function chooseFirst(expected: 1 | 2): Step {
  return {
    name: 'choose which amphora goes first',
    async run(context) {
      const { store, operation, log } = context;
      await markAllPending(context);
      const old = await oldOnes(context);
      if (old.length !== expected) {
        const fields = { operation: operation.id, loadBalancer: operation.loadBalancerId, amphorae: old.length };
        log.warn(fields, `${old.length} amphorae where ${expected === 1 ? 'one' : 'two'} should exist. Repairing.`);
      }
      for (const { id } of old) await amphorae.markHealthBusy(store.db, id);
      const candidates = old.filter((amphora) => !isGoing(amphora));
      if (candidates.length <= 1) return `${old.length} to replace`;
      const stays = await mostUseful(context, candidates);
      for (const amphora of candidates) if (amphora !== stays) await condemn(context, amphora);
      return `${stays?.id} stays meanwhile`;
    },
    async undo(context) {
      await pardonAll(context);
      for (const { id } of await oldOnes(context)) await amphorae.releaseHealth(context.store.db, id);
    },
  };
}

/** What was chosen goes. A cloud that refuses does not stop the failover. */
export const removeFirst: Step = {
  name: 'remove the first amphora',
  async run(context) {
    const going = (await oldOnes(context)).filter(isGoing);
    await Promise.all(going.map((amphora) => removeAmphora(context, amphora, false)));
    return `${going.length} removed`;
  },
};

/** The second amphora and any beyond. */
export const removeRest: Step = {
  name: 'remove the remaining amphorae',
  async run(context) {
    const rest = await oldOnes(context);
    await Promise.all(rest.map((amphora) => removeAmphora(context, amphora, false)));
    return `${rest.length} removed`;
  },
  undo: pardonAll,
};

/** The replacement takes the VIP from the amphora that stayed, which serves until then: nobody is without an answer. */
export function handOverVip(newId: string): Step {
  return {
    name: `hand the VIP over to ${newId}`,
    async run(context) {
      const { dataplane } = context;
      const all = (await amphoraeOf(context)).filter(isServing);
      await applyVrrp(context, all, ({ id }) => id !== newId);
      for (const amphora of all.filter(({ id }) => id !== newId)) {
        await ifAlive(context, amphora, 'Yielding', (limit) => dataplane.yieldVip(amphora, limit));
      }
      return (await heldBy(context, newId)) ? 'moved' : 'not seen to move';
    },
    async undo(context) {
      const all = (await amphoraeOf(context)).filter(isServing);
      await applyVrrp(context, all, () => true);
    },
  };
}

async function heldBy(context: StepContext, id: string): Promise<boolean> {
  for (let waited = 0; ; waited += HANDOVER_POLL_MS) {
    const amphora = await amphorae.get(context.store.db, id);
    const carries = amphora && (await carriesVip(context, amphora));
    if (carries !== false || waited >= HANDOVER_MS) return carries === true;
    await context.sleep(HANDOVER_POLL_MS);
  }
}

/**
 * Takes the VIP's port from the amphorae that a STANDALONE one replaces, or two would answer for one address. Undone, the
 * old one serves again.
 */
function fence(name: string, newId: string, old: (context: StepContext) => Promise<Amphora[]>): Step {
  return {
    name,
    async run(context) {
      let count = 0;
      for (const { id, computeId, vrrpPortId } of await old(context)) {
        if (!computeId || !vrrpPortId) continue;
        const detach = async () => {
          await atTheCloud(context, () => context.compute.detachPort(computeId, vrrpPortId));
          return true;
        };
        if (await bestEffort(context, `Detaching the VIP of amphora ${id}`, detach)) count += 1;
        // A host that nobody reaches may run it on: then nothing passes its port.
        else
          await bestEffort(context, `Closing the port of amphora ${id}`, async () =>
            context.network.closePort?.(vrrpPortId),
          );
      }
      return `${count} fenced`;
    },
    async undo(context) {
      // The replacement is in service: the old one must not come back beside it.
      if ((await amphorae.get(context.store.db, newId))?.status === 'ALLOCATED') return;
      for (const { id } of await old(context)) {
        await bestEffort(context, `Giving the VIP back to amphora ${id}`, () => plug(context, id));
      }
    },
  };
}

export const fenceOld = (newId: string): Step => fence('take the VIP from the old amphora', newId, oldOnes);

export const fenceFailed = (failedId: string, newId: string): Step =>
  fence(`take the VIP from ${failedId}`, newId, async (context) =>
    (await amphoraeOf(context)).filter(({ id }) => id === failedId),
  );

/** The failed amphora of an amphora failover: nobody counts on it any more. */
export function condemnFailed(id: string): Step {
  return {
    name: `give up amphora ${id}`,
    async run(context) {
      const { store, operation } = context;
      await markAllPending(context);
      const amphora = await amphorae.get(store.db, id);
      if (!amphora) return 'already gone';
      await condemn(context, amphora);
      return operation.input.cause;
    },
    undo: ({ store }) => amphorae.releaseHealth(store.db, id),
  };
}

/** A replacement has the role of what it replaces; of a half-built one, the role that is missing. */
export async function roleInPlaceOf(context: StepContext, failedId: string): Promise<AmphoraRole> {
  if (context.operation.input.topology !== 'ACTIVE_STANDBY') return 'STANDALONE';
  const all = await amphoraeOf(context);
  const role = all.find(({ id }) => id === failedId)?.role;
  if (role === 'MASTER' || role === 'BACKUP') return role;
  return all.some((amphora) => amphora.role === 'MASTER' && amphora.id !== failedId) ? 'BACKUP' : 'MASTER';
}
