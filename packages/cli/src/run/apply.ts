/** `octavia apply`: load balancers as files say, each by one call of the API. */
import { type DesiredStateChange, type DesiredStatePlan, LoadBalancers } from '@octavia/client';
import { CommandFailure, EXIT } from '../failure.ts';
import { printable } from '../output/printable.ts';
import type { Values } from '../parser/parse.ts';
import { LOAD_BALANCER } from '../table/kinds.ts';
import type { Context } from './context.ts';
import { type Document, documentsOf, withIds } from './documents.ts';
import { Names, pathOf } from './names.ts';
import { waitForActive } from './waiting.ts';

const SIGNS: Readonly<Record<DesiredStateChange['action'], string>> = { create: '+', update: '~', delete: '-' };
const EFFECTS: Readonly<Record<DesiredStateChange['effect'], string>> = {
  none: 'no interruption',
  reload: 'reload',
  rebuild: 'rebuild',
};
const KINDS: Readonly<Record<DesiredStateChange['kind'], string>> = {
  load_balancer: 'load balancer',
  listener: 'listener',
  pool: 'pool',
  member: 'member',
  health_monitor: 'health monitor',
  l7policy: 'L7 policy',
  l7rule: 'L7 rule',
};

const shown = (value: unknown): string =>
  value === null || value === undefined ? 'none' : typeof value === 'string' ? value || '""' : JSON.stringify(value);

/** One line of a plan: `~ member 192.0.2.1:80: weight 1 -> 5 (no interruption)`. */
function lineOf({ action, kind, name, fields, effect }: DesiredStateChange): string {
  const changes = fields.map(({ name: field, old, new: wanted }) => `${field} ${shown(old)} -> ${shown(wanted)}`);
  const what = `${KINDS[kind]}${name === '' ? '' : ` ${name}`}`;
  const text = `${what}${changes.length === 0 ? '' : `: ${changes.join(', ')}`} (${EFFECTS[effect]})`;
  return `  ${SIGNS[action]} ${printable(text)}`;
}

/** What is done, or would be, in lines. */
export function planText(name: string, { changes, dry_run: dryRun }: DesiredStatePlan): string {
  const head = printable(name);
  if (changes.length === 0) return `${head}: nothing to do\n`;
  return `${head}:${dryRun ? ' would change' : ''}\n${changes.map((change) => `${lineOf(change)}\n`).join('')}`;
}

/** @returns the exit code */
export async function apply(values: Values, context: Context): Promise<number> {
  const { services, signal, out } = context;
  const files = (values.file as string[]).map(documentsOf);
  // All files are read before anything is changed.
  const documents = (await Promise.all(files)).flat();
  const references = documents.map(({ id, name }) => String(id ?? name));
  const twice = references.find((each, index) => references.indexOf(each) !== index);
  // The second would undo what the first has that it has not.
  if (twice !== undefined) throw new CommandFailure(`${twice} is described twice: leave one of the two out.`);
  const names = new Names(services, signal);
  const api = await services.loadBalancing();
  const balancers = new LoadBalancers(api);
  const dryRun = values.dry_run === true || values.diff === true;
  let isDifferent = false;
  const made: string[] = [];
  for (const document of documents) {
    const { id, ...wish } = (await withIds(document, names)) as Document;
    const reference = String(id ?? wish.name);
    const plan = await balancers.applyDesiredState(reference, wish, { dryRun, prune: values.prune === true, signal });
    out(planText(String(wish.name ?? reference), plan));
    isDifferent ||= plan.changes.length > 0;
    if (plan.changes.length > 0 && plan.loadbalancer_id !== null) made.push(plan.loadbalancer_id);
  }
  if (values.wait === true && !dryRun) {
    for (const id of made) {
      const path = `${pathOf(LOAD_BALANCER, null)}/${id}`;
      await waitForActive({ api, kind: LOAD_BALANCER, context }, { path, kind: LOAD_BALANCER });
    }
  }
  return values.diff === true && isDifferent ? EXIT.different : EXIT.done;
}
