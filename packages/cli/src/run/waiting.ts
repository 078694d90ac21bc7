/** `--wait`: until what was asked for is done. */
import { type Api, NotFoundError, poll, WaitError } from '@octavia/client';
import type { Kind } from '../command.ts';
import { CommandFailure } from '../failure.ts';
import { HEALTH_MONITOR, L7_POLICY, L7_RULE, LISTENER, LOAD_BALANCER, MEMBER, POOL } from '../table/kinds.ts';
import type { Context } from './context.ts';
import { pathOf } from './names.ts';

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
  return Object(Object(await api.request('GET', path, { signal: context.signal }))[key]) as Item;
}

const pathTo = (kind: Kind, id: unknown): string => `${pathOf(kind, null)}/${encodeURIComponent(String(id))}`;
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

/** @throws CommandFailure when it ends in ERROR */
export async function waitForActive(waiting: Waiting, { path, kind }: Watched): Promise<void> {
  const options = { timeoutMs: WAIT_MS, ...signalOf(waiting) };
  await poll(options, `${kind.one} to become ACTIVE`, async () => {
    const item = await look(waiting, path, kind.one);
    const state = String(item.provisioning_status);
    if (state === 'ERROR') {
      throw new CommandFailure('The resource did not successfully reach ACTIVE status. (HTTP n/a) (Request-ID: None)');
    }
    return state === 'ACTIVE' ? { done: true, value: null } : { done: false, state };
  });
}

/** @throws CommandFailure when it ends in ERROR, or stays */
export async function waitForGone(waiting: Waiting, path: string): Promise<void> {
  const { kind } = waiting;
  const failed = (): CommandFailure =>
    new CommandFailure('The resource could not be successfully deleted. (HTTP n/a) (Request-ID: None)');
  const options = { timeoutMs: DELETE_WAIT_MS, ...signalOf(waiting) };
  try {
    await poll(options, `${kind.one} to be deleted`, async () => {
      const item = await look(waiting, path, kind.one).catch((error: unknown) => {
        if (error instanceof NotFoundError) return { provisioning_status: 'DELETED' } as Item;
        throw error;
      });
      const state = String(item.provisioning_status ?? item.status);
      if (state === 'ERROR') throw failed();
      return state === 'DELETED' ? { done: true, value: null } : { done: false, state };
    });
  } catch (error) {
    throw error instanceof WaitError ? failed() : error;
  }
}

const signalOf = ({ context }: Waiting): { signal?: AbortSignal } =>
  context.signal === undefined ? {} : { signal: context.signal };
