import type { Amphora } from '../../domain/resources.ts';
import * as amphorae from '../../store/resources/amphorae.ts';
import type { Step, StepContext } from '../flow.ts';
import { atTheCloud } from './at-the-cloud.ts';
import { bestEffort, withRetries } from './best-effort.ts';
import { amphoraeOf } from './load-tree.ts';
import { memberPortPrefix, vrrpPortName } from './port-names.ts';

/**
 * Instance first (traffic stops), then its ports, and a volume that no instance took along. Repeatable. A build that was cut off
 * before its id was recorded is found by its name.
 */
export async function removeFromCloud(
  context: StepContext,
  { id, computeId }: Pick<Amphora, 'id' | 'computeId'>,
): Promise<void> {
  const { compute, network, volumes } = context;
  const name = `amphora-${id}`;
  const found = computeId ?? (await compute.find(id))?.id;
  if (found) await atTheCloud(context, () => compute.delete(found));
  for (const prefix of [vrrpPortName(id), memberPortPrefix(id)]) {
    for (const port of await network.listPorts(prefix)) await network.deletePort(port.id);
  }
  await atTheCloud(context, () => volumes.delete(name));
}

/**
 * Removes an amphora with all it has, in several tries; it is gone from the API in any case.
 * @param insist fail when the cloud keeps refusing; otherwise what is left is for the orphan collector
 */
export async function removeAmphora(context: StepContext, amphora: Amphora, insist: boolean): Promise<void> {
  const { store, options } = context;
  await amphorae.update(store.db, amphora.id, { status: 'PENDING_DELETE' });
  await amphorae.markHealthBusy(store.db, amphora.id);
  const what = `Removing amphora ${amphora.id}`;
  const remove = () => withRetries(context, options.amphoraDelete, what, () => removeFromCloud(context, amphora));
  if (insist) await remove();
  else await bestEffort(context, what, remove);
  await amphorae.markDeleted(store.db, amphora.id);
}

/** Every amphora of the load balancer goes, and what a failover could not remove of former ones. */
export const removeAmphorae: Step = {
  name: 'remove amphorae',
  async run(context) {
    const { store, operation } = context;
    const all = await amphoraeOf(context);
    await Promise.all(all.map((amphora) => removeAmphora(context, amphora, true)));
    for (const former of await amphorae.deletedOf(store.db, operation.loadBalancerId)) {
      if (all.some(({ id }) => id === former.id)) continue;
      await bestEffort(context, `Removing what is left of amphora ${former.id}`, () =>
        removeFromCloud(context, former),
      );
    }
    return `${all.length} removed`;
  },
};

/** One amphora, whether it belongs to a load balancer or not. */
export function removeOne(id: string, insist: boolean): Step {
  return {
    name: `remove amphora ${id}`,
    async run(context) {
      const amphora = await amphorae.get(context.store.db, id);
      if (!amphora) return 'already gone';
      await removeAmphora(context, amphora, insist);
      return undefined;
    },
  };
}
