/** `octavia watch`: load balancers as they change; a drawing on a terminal, elsewhere one line for each change. */
import {
  type Api,
  type Change,
  changes,
  type LoadBalancer,
  LoadBalancers,
  NotFoundError,
  type OwnOperation,
  Wakening,
} from '@octavia/client';
import { CommandFailure, EXIT } from '../failure.ts';
import { aligned } from '../output/aligned.ts';
import { painter, wantsColour } from '../output/colour.ts';
import { printable } from '../output/printable.ts';
import { drawPage } from '../output/screen.ts';
import type { Values } from '../parser/parse.ts';
import type { Context } from './context.ts';
import { Names } from './names.ts';
import { operationsOf } from './operations.ts';
import { progressOf } from './progress.ts';
import { drawn, labelled, nodesOf, type TreeNode } from './tree.ts';

/** How often times on the screen go on. */
const TICK_MS = 1_000;

/** Something with statuses, under a name that stays. */
type Watched = ReadonlyMap<string, { label: string; statuses: string }>;

interface View<T> {
  look: () => Promise<T | null>;
  /** For a terminal. */
  page: (value: T, paint: (word: string) => string) => string[];
  /** For lines. */
  watched: (value: T) => Watched;
  /** What is said when there is nothing any more. */
  gone: string;
  /** Whose events say when to look again; null: those of all. */
  loadBalancerId: string | null;
  api: Api;
}

/** With events a look now and then is enough, for what no event tells. */
const LONGEST_MS = 30_000;

const clock = (): string => `${new Date().toISOString().slice(0, 19)}Z`;

export async function watch(values: Values, context: Context): Promise<void> {
  if ((values.loadbalancer === null) === (values.all !== true)) {
    throw new CommandFailure('Name one load balancer to watch, or all of them with --all.', EXIT.usage);
  }
  if (values.all === true) await show(await allView(context), context);
  else await show(await oneView(String(values.loadbalancer), context), context);
}

async function oneView(
  name: string,
  { services, signal }: Context,
): Promise<View<{ tree: TreeNode; operations: OwnOperation[] }>> {
  const id = await new Names(services, signal).idOf('loadbalancers', name);
  const api = await services.loadBalancing();
  const balancers = new LoadBalancers(api);
  return {
    api,
    loadBalancerId: id,
    gone: printable(`load balancer ${name}: gone`),
    look: async () => {
      try {
        const [tree, operations] = await Promise.all([
          balancers.status(id, { signal }),
          operationsOf(api, id, signal).catch(ignoreOtherService),
        ]);
        return { tree: tree as unknown as TreeNode, operations: operations.filter(isRunning) };
      } catch (error) {
        if (error instanceof NotFoundError) return null;
        throw error;
      }
    },
    page: ({ tree, operations }, paint) => [
      ...drawn('load balancer', tree, paint),
      ...operations.map((operation) => printable(`${operation.kind}: ${progressOf(operation, Date.now())}`)),
    ],
    watched: ({ tree }) => new Map(nodesOf('load balancer', tree).map((node) => [node.key, node])),
  };
}

const isRunning = ({ state }: OwnOperation): boolean => state !== 'succeeded' && state !== 'failed';

function ignoreOtherService(error: unknown): OwnOperation[] {
  if (error instanceof CommandFailure) return [];
  throw error;
}

async function allView({ services, signal }: Context): Promise<View<LoadBalancer[]>> {
  const api = await services.loadBalancing();
  const balancers = new LoadBalancers(api);
  const statuses = (each: LoadBalancer): string =>
    `${printable(each.provisioning_status)} ${printable(each.operating_status)}`;
  return {
    api,
    loadBalancerId: null,
    gone: '',
    look: () => balancers.list({}, { signal }).toArray(),
    page: (all, paint) =>
      all.length === 0
        ? ['There are no load balancers.']
        : aligned(
            [
              ['name', 'vip', 'provisioning', 'operating'],
              ...all.map((each) => [
                each.name || each.id,
                each.vip_address,
                each.provisioning_status,
                each.operating_status,
              ]),
            ],
            paint,
          ),
    watched: (all) =>
      new Map(all.map((each) => [each.id, { label: labelled('load balancer', each), statuses: statuses(each) }])),
  };
}

async function show<T>({ look, page, watched, gone, api, loadBalancerId }: View<T>, context: Context): Promise<void> {
  const { terminal, env, signal } = context;
  const wakening = new Wakening(api);
  const waken = (usualMs: number): Promise<void> => wakening.wait(loadBalancerId, usualMs, LONGEST_MS, signal);
  const seen = changes(look, { signal, waken });
  if (terminal() === null) {
    await asLines(seen, watched, gone, context);
    return;
  }
  const paint = painter(wantsColour(env, true));
  let lines = (): string[] => [];
  let trouble = '';
  const draw = (): void => drawPage(context, [...lines(), ...(trouble === '' ? [] : ['', trouble])]);
  const tick = setInterval(draw, TICK_MS);
  try {
    for await (const { value, away } of seen) {
      trouble = away === null ? '' : printable(`${away.message}; trying again since ${clock()}.`);
      if (value !== null) lines = () => page(value, paint);
      else if (away === null) break;
      draw();
    }
    drawPage(context, [gone]);
  } finally {
    clearInterval(tick);
  }
}

async function asLines<T>(
  seen: AsyncIterable<Change<T | null>>,
  watched: (value: T) => Watched,
  gone: string,
  { out, err }: Context,
): Promise<void> {
  let before: Watched = new Map();
  let isAway = false;
  const say = (text: string): void => out(`${clock()} ${text}\n`);
  for await (const { value, away } of seen) {
    if (away !== null) {
      isAway = true;
      err(`${clock()} ${away.message}; trying again.\n`);
      continue;
    }
    if (isAway) err(`${clock()} The service answers again.\n`);
    isAway = false;
    if (value === null) {
      say(gone);
      return;
    }
    const now = watched(value);
    for (const [key, { label, statuses }] of now) {
      const old = before.get(key)?.statuses;
      if (old === undefined) say(`${label}: ${statuses}`);
      else if (old !== statuses) say(`${label}: ${old} → ${statuses}`);
    }
    for (const [key, { label }] of before) if (!now.has(key)) say(`${label}: gone`);
    before = now;
  }
}
