/**
 * Runs one operation to its end state. Knows nothing of the engine: `durable` makes a piece of work happen once, remember
 * its answer, and be skipped when the flow is resumed.
 *
 * A failing step is an *answer* (`{ ok: false }`), never an exception. Whatever is thrown out of `durable` therefore comes
 * from the engine (another worker took over, cancelled, database gone) and passes through untouched: nothing is undone
 * by a worker that is no longer in charge.
 */
import type { Operation } from '../domain/operations.ts';
import { isOctaviaError, OctaviaError } from '../errors.ts';
import * as operations from '../store/operations.ts';
import * as settlement from '../store/settlement.ts';
import type { Flow, FlowDependencies, Step, StepContext } from './flow.ts';

export type Outcome<T> = { ok: true; value: T } | { ok: false; reason: string };

/** Runs `work` under a name that is unique within the operation. JSON-serialisable answers only. */
export type Durable = <T>(name: string, work: () => Promise<T>) => Promise<T>;

export interface RunOptions {
  workerId: string;
  /** `abandon`: undo what has been begun and settle as failed, for operations that failed to finish too often. */
  mode: 'run' | 'abandon';
}

export async function runOperation(
  operationId: string,
  flowOf: (operation: Operation) => Flow,
  dependencies: FlowDependencies,
  durable: Durable,
  options: RunOptions,
): Promise<void> {
  const { store } = dependencies;
  const begun = await durable('begin', () => operations.begin(store.db, operationId, options.workerId));
  if (!begun) return;
  // A remembered answer went through JSON: dates of the operation are not used by steps, the rest is text and numbers.
  const context: StepContext = { ...dependencies, operation: begun };
  const planned = plan(begun, flowOf);
  const { steps } = planned;

  let reached = steps.length;
  let failure = options.mode === 'abandon' ? `Given up after ${begun.attempts} attempts.` : planned.failure;
  if (failure === null) {
    for (const [index, step] of steps.entries()) {
      const outcome = await durable(step.name, () => attempt(context, step, index + 1, 'do'));
      if (!outcome.ok) {
        failure = outcome.reason;
        reached = index + 1;
        break;
      }
    }
  }
  if (failure === null) {
    await durable('settle', () => settle(context, planned.succeed, null));
    return;
  }
  // The failing step is undone too: it may have half happened.
  for (const [index, step] of [...steps.slice(0, reached).entries()].reverse()) {
    if (step.undo) await durable(`undo ${step.name}`, () => attempt(context, step, index + 1, 'undo'));
  }
  const reason = failure;
  await durable('settle as failed', () => settle(context, planned.succeed, reason));
}

/** An operation this release has no flow for ends as failed, it is not left pending. */
function plan(operation: Operation, flowOf: (operation: Operation) => Flow) {
  try {
    const flow = flowOf(operation);
    return { steps: flow.steps(operation), succeed: flow.succeed, failure: null };
  } catch (error) {
    return { steps: [], succeed: settlement.succeed, failure: reasonOf(error) };
  }
}

async function attempt(
  context: StepContext,
  step: Step,
  number: number,
  phase: 'do' | 'undo',
): Promise<Outcome<string | null>> {
  const { store, operation, log } = context;
  await operations.beginStep(store.db, operation.id, { number, phase, name: step.name });
  let outcome: Outcome<string | null>;
  try {
    const detail = phase === 'do' ? await step.run(context) : await step.undo?.(context);
    outcome = { ok: true, value: typeof detail === 'string' ? detail : null };
  } catch (error) {
    // "The database is away" says nothing about the step: the engine tries again when it is back.
    if (isOctaviaError(error, 'DATABASE_UNAVAILABLE')) throw error;
    outcome = { ok: false, reason: reasonOf(error) };
    log.error({ operation: operation.id, step: step.name, phase, err: error }, `Step failed: ${outcome.reason}`);
  }
  await operations.endStep(store.db, operation.id, {
    number,
    phase,
    state: outcome.ok ? 'done' : 'failed',
    detail: outcome.ok ? outcome.value : outcome.reason,
  });
  return outcome;
}

async function settle(context: StepContext, succeed: Flow['succeed'], failure: string | null): Promise<null> {
  const { store, operation, log } = context;
  await store.transaction(async (tx) => {
    if (failure === null) await succeed(tx, operation);
    else await settlement.fail(tx, operation, failure);
    await operations.end(tx, operation.id, failure === null ? 'succeeded' : 'failed', failure);
  });
  const fields = { operation: operation.id, kind: operation.kind, loadBalancer: operation.loadBalancerId };
  if (failure === null) log.info(fields, `${operation.kind} ${operation.resourceId} done`);
  else log.error(fields, `${operation.kind} ${operation.resourceId} failed: ${failure}`);
  return null;
}

/** What the tenant may read: catalogue texts as they are, anything else only in the log. */
function reasonOf(error: unknown): string {
  if (error instanceof OctaviaError) return error.message;
  return 'An unexpected error occurred in the controller. The operator finds the cause in the log under the operation id.';
}
