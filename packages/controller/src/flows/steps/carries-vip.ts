import type { Amphora } from '../../domain/resources.ts';
import type { StepContext } from '../flow.ts';
import { ifAlive } from './best-effort.ts';

/** Whether the agent answers within the few tries that an amphora gets which may be dead. */
export async function answers(context: StepContext, amphora: Amphora): Promise<boolean> {
  const { attempts, intervalMs } = context.options.failover;
  for (let attempt = 1; ; attempt += 1) {
    if (await context.dataplane.probe(amphora, Math.max(intervalMs, 1))) return true;
    if (attempt >= attempts) return false;
    await context.sleep(Math.min(intervalMs, 1_000));
  }
}

/** Whether the VIP is on an interface of the amphora; null: it cannot be asked, or cannot tell. */
export async function carriesVip(context: StepContext, amphora: Amphora): Promise<boolean | null> {
  const details = await ifAlive(context, amphora, 'Details', () => context.dataplane.details(amphora));
  const { active } = Object(details) as { active?: unknown };
  return typeof active === 'boolean' ? active : null;
}
