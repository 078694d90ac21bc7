import type { Amphora } from '../../domain/resources.ts';
import { isOctaviaError } from '../../errors.ts';
import type { StepContext } from '../flow.ts';
import { Fenced, LeaseExpired } from '../in-charge.ts';

/** Whether an error says something about the cloud or an amphora, and nothing about our own right or ability to go on. */
const isTheirs = (error: unknown): boolean =>
  !(error instanceof Fenced || error instanceof LeaseExpired) && !isOctaviaError(error, 'DATABASE_UNAVAILABLE');

/** Does what may fail because an amphora is dead: a failure is logged, and answered with null. */
export async function bestEffort<T>(context: StepContext, what: string, work: () => Promise<T>): Promise<T | null> {
  try {
    return await work();
  } catch (error) {
    if (!isTheirs(error)) throw error;
    context.log.warn({ operation: context.operation.id, err: error }, `${what} failed; going on without`);
    return null;
  }
}

/** How long (ms) an amphora that may be dead has to say that it lives. */
const SIGN_OF_LIFE_MS = 2_000;

/** Talks to an amphora that may be dead, after it gave a sign of life; answered with null when it does not work out. */
export async function ifAlive<T>(
  context: StepContext,
  amphora: Amphora,
  what: string,
  work: (limit: { timeoutMs: number }) => Promise<T>,
): Promise<T | null> {
  if (!(await context.dataplane.probe(amphora, SIGN_OF_LIFE_MS))) return null;
  const { attempts, intervalMs } = context.options.failover;
  const limit = { timeoutMs: Math.max(1, attempts) * intervalMs };
  return bestEffort(context, `${what} of amphora ${amphora.id}`, () => work(limit));
}

/** Does the work again after a pause, as often as told. @throws what the last try threw */
export async function withRetries<T>(
  context: StepContext,
  { attempts, intervalMs }: { attempts: number; intervalMs: number },
  what: string,
  work: () => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (!isTheirs(error) || attempt >= attempts) throw error;
      context.log.warn(
        { operation: context.operation.id, err: error },
        `${what}: try ${attempt} of ${attempts} failed`,
      );
      await context.sleep(intervalMs);
    }
  }
}
