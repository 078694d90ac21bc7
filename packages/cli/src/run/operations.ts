/** `octavia operations LB`: what is and was done to a load balancer, and following it until it is done. */
import {
  type Api,
  changes,
  LoadBalancers,
  NotFoundError,
  type OperationStep,
  type OwnOperation,
} from '@octavia/client';
import { CommandFailure, EXIT } from '../failure.ts';
import { painter, wantsColour } from '../output/colour.ts';
import type { Listing } from '../output/output.ts';
import { printable } from '../output/printable.ts';
import type { Values } from '../parser/parse.ts';
import type { Context } from './context.ts';
import { Names } from './names.ts';

const COLUMNS = ['created_at', 'kind', 'resource_id', 'state', 'current_step', 'seconds', 'reason'];

/** Times of the API are UTC and do not say so. */
const timeOf = (text: string): number => Date.parse(`${text}Z`);
export const secondsSince = (from: string, until: number): number =>
  Math.max(0, Math.round((until - timeOf(from)) / 1000));

const isOver = ({ state }: OwnOperation): boolean => state === 'succeeded' || state === 'failed';

/** @throws CommandFailure where the service is another implementation of the API */
export async function operationsOf(api: Api, id: string, signal: AbortSignal | undefined): Promise<OwnOperation[]> {
  const balancers = new LoadBalancers(api);
  try {
    return await balancers.operations(id, { signal });
  } catch (error) {
    if (!(error instanceof NotFoundError)) throw error;
    await balancers.show(id, { signal });
    throw new CommandFailure('This service does not tell its operations: it is another implementation of the API.');
  }
}

/** @returns what is shown; null when it was followed */
export async function operations(values: Values, context: Context): Promise<{ list: Listing } | null> {
  const { services, signal } = context;
  const name = String(values.loadbalancer);
  const id = await new Names(services, signal).idOf('loadbalancers', name);
  const api = await services.loadBalancing();
  if (values.follow === true) {
    await follow(name, () => operationsOf(api, id, signal), context);
    return null;
  }
  const now = Date.now();
  const rows = (await operationsOf(api, id, signal)).map((operation) => [
    operation.created_at,
    operation.kind,
    operation.resource_id,
    operation.state,
    operation.current_step,
    secondsSince(operation.created_at, operation.ended_at === null ? now : timeOf(operation.ended_at)),
    operation.reason,
  ]);
  return { list: { columns: COLUMNS, rows } };
}

/** Lines of what has happened, each once. */
class Told {
  readonly #lines = new Set<string>();
  readonly #paint: (word: string) => string;

  constructor(paint: (word: string) => string) {
    this.#paint = paint;
  }

  /** @returns the lines that are new, oldest first */
  of(operation: OwnOperation): string[] {
    const { state, reason, created_at: created, ended_at: ended, id } = operation;
    const kind = printable(operation.kind);
    const lines = operation.steps.map((step) => printable(`${step.started_at.slice(0, 19)}  ${kind}: ${saidOf(step)}`));
    if (operation.steps.length === 0) lines.push(`${created.slice(0, 19)}  ${kind}: ${this.#paint(state)}`);
    if (isOver(operation)) {
      const why = reason === null ? '' : printable(`: ${reason}`);
      const seconds = secondsSince(created, timeOf(ended ?? created));
      lines.push(`${(ended ?? created).slice(0, 19)}  ${kind}: ${this.#paint(state)} after ${seconds} s${why}`);
    }
    const fresh = lines.filter((line) => !this.#lines.has(id + line));
    for (const line of fresh) this.#lines.add(id + line);
    return fresh;
  }
}

const saidOf = ({ name, phase, state, detail }: OperationStep): string =>
  `${phase === 'undo' ? 'undoing ' : ''}${name}${state === 'failed' ? ` failed${detail === null ? '' : `: ${detail}`}` : ''}`;

/** Until nothing is done to it any more. @throws CommandFailure when the newest operation failed */
async function follow(name: string, look: () => Promise<OwnOperation[]>, context: Context): Promise<void> {
  const { out, err, env, terminal, signal } = context;
  const told = new Told(painter(wantsColour(env, terminal() !== null)));
  let old: ReadonlySet<string> | null = null;
  for await (const { value, away } of changes(look, { signal, longestMs: 2_000 })) {
    if (away !== null) {
      err(`${away.message}; trying again.\n`);
      continue;
    }
    const [newest] = value;
    if (newest === undefined) throw new CommandFailure(`Nothing has been done to ${name} yet.`);
    // What is under way, and what comes after; where all is over, what was last.
    old ??= new Set(value.filter((each) => isOver(each) && each !== newest).map(({ id }) => id));
    for (const operation of value.toReversed()) {
      if (!old.has(operation.id)) for (const line of told.of(operation)) out(`${line}\n`);
    }
    if (!value.every(isOver)) continue;
    if (newest.state === 'failed') throw new CommandFailure(`${newest.kind} of ${name} failed.`, EXIT.failed);
    return;
  }
}
