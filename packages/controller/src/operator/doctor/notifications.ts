import { duration } from '../../domain/duration.ts';
import type { Store } from '../../store/core/database.ts';
import * as outbox from '../../store/operations/outbox.ts';
import { type Finding, listing, success, warning } from './check.ts';

/** Seconds; a message bus that answers has them long before. */
const LATE = 60;
/** Days that a loss is told of. */
const MEMORY_DAYS = 7;

const NAMES: Record<string, string> = { events: 'load balancer events', audit: 'audit events' };

/** What waits for the message bus, why, and what was dropped. */
export async function notifications({ db }: Store): Promise<Finding[]> {
  const lines = (await outbox.channels(db)).flatMap((channel) => {
    const { waiting, age, problem, sender, dropped, droppedAt } = channel;
    const name = NAMES[channel.name] ?? channel.name;
    const why = problem === null ? 'no process sends them: is a driver of a message bus configured?' : problem;
    const looked = problem === null || sender === null ? '' : ` (says ${sender})`;
    const isLate = waiting > 0 && (age ?? 0) > LATE;
    const late = isLate ? [`${waiting} ${name} wait, the oldest for ${duration(age ?? 0)}: ${why}${looked}`] : [];
    const isRecent = droppedAt !== null && Date.now() - droppedAt.getTime() < MEMORY_DAYS * 86_400_000;
    const lost = isRecent ? [`${dropped} ${name} were dropped, last ${droppedAt.toISOString()}`] : [];
    return [...late, ...lost];
  });
  if (lines.length > 0) return [warning('Notifications', listing('Not everybody hears of everything:', lines))];
  return [success('Notifications', 'None waits for the message bus')];
}
