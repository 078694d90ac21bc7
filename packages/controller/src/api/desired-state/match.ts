/** Which object of a load balancer an entry of the document means: by its id, else by its name. */
import { refusal } from '../../domain/validation/refuse.ts';
import { located, type Placed } from '../attributes/desired-state.ts';

interface Named {
  id: string;
  name: string;
}

type Entry = Placed<{ id: string | null; name: string }>;

/**
 * @param noun of one, for refusals: `pool`
 * @returns what each entry means; null: it is new
 * @throws OctaviaError VALIDATION
 */
export function matched<T extends Named>(entries: readonly Entry[], present: readonly T[], noun: string): (T | null)[] {
  const byId = entries.map((entry) =>
    located(entry.place, () => {
      if (entry.id === null && entry.name === '')
        throw refusal(`The ${noun} needs a name: without one it cannot be found again.`);
      if (entry.id === null) return null;
      const own = present.find(({ id }) => id === entry.id);
      if (!own) throw refusal(`There is no ${noun} ${entry.id} where the document has it.`);
      return own;
    }),
  );
  const taken = new Set(byId);
  if (taken.size < byId.filter((own) => own !== null).length + Number(taken.has(null))) {
    const twice = entries.find(({ id }, index) => id !== null && entries.findIndex((other) => other.id === id) < index);
    located(twice?.place ?? '', () => {
      throw refusal(`The ${noun} ${twice?.id} is given more than once.`);
    });
  }
  const names = new Set<string>();
  return entries.map((entry, index) => {
    if (byId[index]) return byId[index];
    return located(entry.place, () => {
      if (names.has(entry.name))
        throw refusal(`Two entries name the ${noun} '${entry.name}': give them different names.`);
      names.add(entry.name);
      const [own, another] = present.filter((one) => one.name === entry.name && !taken.has(one));
      if (another)
        throw refusal(`Several objects are called '${entry.name}': give the id of the ${noun} that is meant.`);
      return own ?? null;
    });
  });
}
