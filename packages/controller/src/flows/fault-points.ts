/**
 * Named places in a running operation where tests end the worker or let a step fail:
 * `<operation kind>/<step>/<moment>`, the same with `undo <step>`, and the pseudo-steps `begin` and `settle`. Ids in step
 * names are numbered in the order they appear in the flow, so a name says the same for every operation.
 * Without a listener they cost one comparison.
 */
import type { Operation, OperationKind } from '../domain/operations.ts';
import { type Flow, isParallel } from './flow.ts';
import { Fenced } from './in-charge.ts';

const MOMENTS = ['before-effect', 'after-effect', 'after-commit'] as const;
export type Moment = (typeof MOMENTS)[number];

/** Called at every point. Throws `Crash` to end the run there, any other error to let the step fail. */
export type FaultListener = (point: string, operation: Operation) => void | Promise<void>;

/** Ends a run as SIGKILL would: nothing further of it reaches the database or a driver. */
export class Crash extends Fenced {}

const ID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;

/** Gives the ids in the names of a flow's steps their numbers. */
export function stepNamer(names: readonly string[]): (name: string) => string {
  const numbers = new Map<string, number>();
  for (const id of names.flatMap((name) => name.match(ID) ?? [])) {
    if (!numbers.has(id)) numbers.set(id, numbers.size + 1);
  }
  return (name) => name.replace(ID, (id) => `#${numbers.get(id) ?? 0}`);
}

/** All steps of a flow, lanes one after another. */
export const stepsOf = (flow: Flow, operation: Operation) =>
  flow.steps(operation).flatMap((part) => (isParallel(part) ? part.parallel.flat() : [part]));

/** Every point of an operation that succeeds, and those of undoing it after its last step failed. */
export function pointsOf(flow: Flow, operation: Operation): { onward: string[]; back: string[] } {
  const steps = stepsOf(flow, operation);
  const name = stepNamer(steps.map((step) => step.name));
  const points = (kind: OperationKind, names: string[]) =>
    names.flatMap((entry) => MOMENTS.map((moment) => `${kind}/${entry}/${moment}`));
  return {
    onward: [
      `${flow.kind}/begin/after-commit`,
      ...points(flow.kind, [...steps.map((step) => name(step.name)), 'settle']),
    ],
    back: points(flow.kind, [
      ...steps.flatMap((step) => (step.undo ? [`undo ${name(step.name)}`] : [])).reverse(),
      'settle',
    ]),
  };
}

/** Kills this very process at the named point: `OCTAVIA_FAULT_POINT`, for tests of real processes. */
export function faultListenerFromEnvironment(env: NodeJS.ProcessEnv = process.env): FaultListener | null {
  const wanted = env.OCTAVIA_FAULT_POINT;
  if (!wanted) return null;
  return (point) => {
    if (point === wanted) process.kill(process.pid, 'SIGKILL');
  };
}
