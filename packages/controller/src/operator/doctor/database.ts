import type { Config } from '../../config/index.ts';
import { duration } from '../../domain/duration.ts';
import type { Store } from '../../store/core/database.ts';
import { migrationStatus } from '../../store/core/migrate.ts';
import * as diagnosis from '../../store/operations/diagnosis.ts';
import * as housekeeping from '../../store/operations/housekeeping.ts';
import * as workers from '../../store/operations/workers.ts';
import * as orphans from '../../store/resources/orphans.ts';
import { type Finding, failure, listing, success, warning } from './check.ts';

/** As the reconciler judges them. */
const WORKER_DEAD_SECONDS = 20;
/** An operation of a healthy installation ends sooner. */
const OLD_OPERATION_SECONDS = 600;
const STUCK_SECONDS = 60;
/** Housekeepers look every few seconds. */
const HOUSEKEEPING_LATE_SECONDS = 300;

export async function schema({ db }: Store): Promise<Finding[]> {
  const { applied, pending } = await migrationStatus(db);
  if (pending.length === 0) return [success('Database schema', `${applied.length} migrations, up to date`)];
  const sentence = `The database lacks ${pending.join(', ')}; run "octavia db-manage upgrade".`;
  return [failure('Database schema', sentence)];
}

export async function living({ db }: Store): Promise<Finding[]> {
  const all = await workers.all(db);
  const alive = all.filter((worker) => worker.age < WORKER_DEAD_SECONDS);
  const lines = all.map(
    (worker) => `${worker.id} (${worker.host.split(' ')[0]} pid ${worker.pid}): heard ${duration(worker.age)} ago`,
  );
  if (alive.length === 0) return [failure('Workers', listing('No worker is alive: nothing is carried out.', lines))];
  return [success('Workers', listing(`${alive.length} alive`, lines))];
}

export async function duties(store: Store, config: Config): Promise<Finding[]> {
  const rows = await housekeeping.duties(store.db);
  if (rows.length === 0) return [warning('Housekeeping', 'It never ran on this database.')];
  const late = HOUSEKEEPING_LATE_SECONDS + config.house_keeping.cleanup_interval;
  const now = Date.now();
  return rows.map(({ name, failures, outcome, endedAt, startedAt, nextAt, holder }) => {
    const check = `Housekeeping: ${name}`;
    if (failures > 0) return warning(check, `Failed ${failures} times in a row: ${outcome}`);
    if (endedAt !== null && (now - nextAt.getTime()) / 1000 > late) {
      return warning(check, `Due since ${nextAt.toISOString()}: no housekeeping service runs.`);
    }
    const when = endedAt === null ? `runs since ${startedAt.toISOString()}` : `last done ${endedAt.toISOString()}`;
    return success(check, `${when} by ${holder}${outcome === null ? '' : `: ${outcome}`}`);
  });
}

export async function operations({ db }: Store): Promise<Finding[]> {
  const open = await diagnosis.unfinished(db, 100);
  const stuck = await diagnosis.pendingWithoutOperation(db, STUCK_SECONDS);
  const findings: Finding[] = [];
  const lines = open
    .filter((operation) => operation.age > OLD_OPERATION_SECONDS)
    .map((o) => `${o.kind} of ${o.loadBalancerId}: ${o.state} at "${o.step}" since ${duration(o.age)} (${o.id})`);
  const [oldest] = open;
  if (lines.length > 0) findings.push(warning('Operations', listing('These take long:', lines)));
  else {
    const age = oldest === undefined ? '' : `, the oldest ${duration(oldest.age)} old`;
    findings.push(success('Operations', `${open.length} under way${age}`));
  }
  if (stuck.length > 0) {
    const names = stuck.map(({ id, status }) => `${id} is ${status}`);
    findings.push(failure('Pending load balancers', listing('No operation works on these:', names)));
  }
  return findings;
}

export async function errors({ db }: Store): Promise<Finding[]> {
  const all = await diagnosis.inError(db);
  if (all.length === 0) return [success('Load balancers', 'None is in ERROR')];
  const lines = all.map(({ id, name, reason }) => `${id} ${name}: ${reason ?? 'no reason recorded'}`);
  return [warning('Load balancers', listing(`${all.length} in ERROR; fail over or delete them:`, lines))];
}

export async function orphanSuspects({ db }: Store): Promise<Finding[]> {
  const all = await orphans.suspects(db);
  if (all.length === 0) return [success('Orphans', 'None known')];
  const lines = all.map(({ kind, name, age }) => `${kind} ${name}, seen first ${duration(age)} ago`);
  return [warning('Orphans', listing('No row names these:', lines))];
}
