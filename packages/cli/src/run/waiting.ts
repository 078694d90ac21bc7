/** `--wait`: until what was asked for is done. */
import {
  type Api,
  LoadBalancers,
  loadBalancerOf,
  NotFoundError,
  pathPart,
  poll,
  unwrap,
  WaitError,
  type Waken,
  Wakening,
} from '@octavia/client';
import type { Kind } from '../command.ts';
import { CommandFailure } from '../failure.ts';
import { HEALTH_MONITOR, L7_POLICY, L7_RULE, LISTENER, LOAD_BALANCER, MEMBER, POOL } from '../table/kinds.ts';
import type { Context } from './context.ts';
import { pathOf } from './names.ts';
import { ProgressLine } from './progress.ts';

type Item = Record<string, unknown>;

interface Waiting {
  api: Api;
  kind: Kind;
  context: Context;
}

/** What is looked at until it is ACTIVE. */
export interface Watched {
  path: string;
  kind: Kind;
}

/** A day: the command waits until people have enough of it. */
const WAIT_MS = 86_400_000;
/** As long as python-octaviaclient waits for a deletion. */
const DELETE_WAIT_MS = 300_000;

async function look({ api, context }: Waiting, path: string, key: string): Promise<Item> {
  return unwrap(await api.request('GET', path, { signal: context.signal }), key);
}

const pathTo = (kind: Kind, id: unknown): string => `${pathOf(kind, null)}/${pathPart(String(id ?? ''))}`;
const firstId = (items: unknown): unknown => (items as Item[] | undefined)?.[0]?.id;

/** The load balancer of a new object. @param parent pool of a member, L7 policy of a rule */
export async function ownerOf(waiting: Waiting, made: Item, parent: string | null): Promise<Watched> {
  const { kind } = waiting;
  const of = (id: unknown): Watched => ({ path: pathTo(LOAD_BALANCER, id), kind: LOAD_BALANCER });
  const is = (...kinds: Kind[]): boolean => kinds.some(({ one }) => one === kind.one);
  if (is(LOAD_BALANCER)) return of(made.id);
  if (made.loadbalancer_id) return of(made.loadbalancer_id);
  if (is(LISTENER, POOL)) return of(firstId(made.loadbalancers));
  if (is(MEMBER, HEALTH_MONITOR)) {
    const pool = await look(waiting, pathTo(POOL, parent ?? firstId(made.pools)), POOL.one);
    return of(firstId(pool.loadbalancers));
  }
  const policy = is(L7_RULE) ? await look(waiting, pathTo(L7_POLICY, parent), L7_POLICY.one) : made;
  const listener = await look(waiting, pathTo(LISTENER, policy.listener_id), LISTENER.one);
  return of(firstId(listener.loadbalancers));
}

const lastPart = (path: string): string => decodeURIComponent(path.slice(path.lastIndexOf('/') + 1));

/** Which load balancer something belongs to, as far as that can be found out. @param item as it was seen last */
async function balancerOf(waiting: Waiting, path: string, item: Item): Promise<string | null> {
  if (waiting.kind.one === LOAD_BALANCER.one) return lastPart(path);
  const parent = /\/(?:pools|l7policies)\/([^/]+)\/(?:members|rules)\//.exec(path)?.[1] ?? null;
  try {
    return lastPart((await ownerOf(waiting, item, parent)).path);
  } catch {
    return null;
  }
}

/** A wait that ended in ERROR; scripts get the sentence of the openstack client alone. */
class EndedInError extends CommandFailure {
  readonly item: Item;

  constructor(message: string, item: Item) {
    super(message);
    this.item = item;
  }
}

/** @returns why the newest operation failed, as far as the service tells, and where to read on */
async function whyOf({ api, context }: Waiting, balancer: string): Promise<string> {
  const operations = await new LoadBalancers(api).operations(balancer, { signal: context.signal }).catch(() => []);
  const failed = operations.find(({ state }) => state === 'failed');
  const why =
    failed === undefined ? '' : `${failed.kind} failed${failed.reason === null ? '' : `: ${failed.reason}`}\n`;
  return `${why}What was done to it: ${context.name} operations ${balancer}`;
}

/** Once Ctrl-C has ended the command itself, this is still asked. */
const uninterrupted = (waiting: Waiting): Waiting => {
  const { signal: _, ...context } = waiting.context;
  return { ...waiting, context };
};

/**
 * On a terminal says what is being done meanwhile; after Ctrl-C that it goes on, and how to follow it.
 * @param wait gets what has to be told of every look
 */
async function accompanied(
  waiting: Waiting,
  { path, kind }: Watched,
  wait: (seen: (item: Item) => Promise<void>) => Promise<void>,
): Promise<void> {
  const { context, api } = waiting;
  const own = { ...waiting, kind };
  let last: Item = {};
  let balancer: Promise<string | null> | null = null;
  const operations = async () => {
    balancer ??= balancerOf(own, path, last);
    const id = await balancer;
    return id === null ? [] : new LoadBalancers(api).operations(id, { signal: context.signal });
  };
  const line = context.errIsTerminal() ? new ProgressLine(context.errScreen, operations) : null;
  try {
    await wait(async (item) => {
      last = item;
      await line?.seen(String(item.provisioning_status ?? item.status));
    });
  } catch (error) {
    if (context.signal?.aborted) {
      line?.end();
      const id = (await balancer) ?? (await balancerOf(uninterrupted(own), path, last));
      const how = id === null ? '' : ` Follow it: ${context.name} operations ${id} --follow`;
      context.err(`Not waited for any longer; the operation goes on.${how}\n`);
    } else if (error instanceof EndedInError && context.errIsTerminal()) {
      line?.end();
      const id = (await balancer) ?? (await balancerOf(own, path, error.item));
      throw id === null ? error : new CommandFailure(`${error.message}\n${await whyOf(own, id)}`);
    }
    throw error;
  } finally {
    line?.end();
  }
}

/** Events of the load balancer of what was seen last say when to look again. */
function wakenedBy({ api, context }: Waiting, kind: Kind): { by(item: Item): void; waken: Waken } {
  const wakening = new Wakening(api);
  let balancer: string | undefined;
  return {
    by: (item) => {
      balancer = loadBalancerOf(kind.one, item);
    },
    waken: (usualMs, longestMs) => wakening.wait(balancer, usualMs, longestMs, context.signal),
  };
}

/** @throws CommandFailure when it ends in ERROR */
export function waitForActive(waiting: Waiting, watched: Watched): Promise<void> {
  const { path, kind } = watched;
  const options = { timeoutMs: WAIT_MS, ...signalOf(waiting) };
  const { by, waken } = wakenedBy(waiting, kind);
  return accompanied(waiting, watched, (seen) =>
    poll(
      options,
      `${kind.one} to become ACTIVE`,
      async () => {
        const item = await look(waiting, path, kind.one);
        by(item);
        const state = String(item.provisioning_status);
        if (state === 'ERROR') {
          throw new EndedInError(
            'The resource did not successfully reach ACTIVE status. (HTTP n/a) (Request-ID: None)',
            item,
          );
        }
        if (state === 'ACTIVE') return { done: true, value: undefined };
        await seen(item);
        return { done: false, state };
      },
      waken,
    ),
  );
}

/** @throws CommandFailure when it ends in ERROR, or stays */
export async function waitForGone(waiting: Waiting, path: string): Promise<void> {
  const { kind } = waiting;
  const sentence = 'The resource could not be successfully deleted. (HTTP n/a) (Request-ID: None)';
  const options = { timeoutMs: DELETE_WAIT_MS, ...signalOf(waiting) };
  const { by, waken } = wakenedBy(waiting, kind);
  try {
    await accompanied(waiting, { path, kind }, (seen) =>
      poll(
        options,
        `${kind.one} to be deleted`,
        async () => {
          const item = await look(waiting, path, kind.one).catch((error: unknown) => {
            if (error instanceof NotFoundError) return { provisioning_status: 'DELETED' } as Item;
            throw error;
          });
          by(item);
          const state = String(item.provisioning_status ?? item.status);
          if (state === 'ERROR') throw new EndedInError(sentence, item);
          if (state === 'DELETED') return { done: true, value: undefined };
          await seen(item);
          return { done: false, state };
        },
        waken,
      ),
    );
  } catch (error) {
    throw error instanceof WaitError ? new CommandFailure(sentence) : error;
  }
}

const signalOf = ({ context }: Waiting): { signal?: AbortSignal } =>
  context.signal === undefined ? {} : { signal: context.signal };
