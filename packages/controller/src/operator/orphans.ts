import type { Config } from '../config/index.ts';
import { collectOrphans, type OrphanReport } from '../housekeeping/orphans.ts';
import { withComponent } from '../processes/logger.ts';
import { openRuntime } from '../processes/runtime.ts';

/** `octavia housekeeping orphans`. @returns what to print, and 1 when something could not be removed */
export async function removeOrphans(
  config: Config,
  databaseUrl: string,
  options: { dryRun: boolean; force: boolean },
): Promise<{ lines: string[]; code: number }> {
  const runtime = await openRuntime({ ...config, database: { ...config.database, connection: databaseUrl } });
  try {
    const report = await collectOrphans({
      store: runtime.store,
      compute: await runtime.drivers.get('compute'),
      network: runtime.network,
      age: config.house_keeping.orphan_expiry_age,
      log: withComponent(runtime.log, 'orphans'),
      ...options,
    });
    return { lines: describe(report, config), code: report.refused !== null || report.failed.length > 0 ? 1 : 0 };
  } finally {
    await runtime.close();
  }
}

function describe({ found, removed, failed, refused }: OrphanReport, { house_keeping }: Config): string[] {
  if (refused !== null) return [refused];
  const gone = new Set(removed.map(({ id }) => id));
  const why = new Map(failed.map(({ suspect, reason }) => [suspect.id, reason]));
  const age = house_keeping.orphan_expiry_age;
  const fate = (id: string, seconds: number): string => {
    const reason = why.get(id);
    if (reason !== undefined) return `not removed: ${reason}`;
    if (gone.has(id)) return 'removed';
    return seconds >= age ? 'would be removed' : `would be removed in ${Math.ceil(age - seconds)} s`;
  };
  if (found.length === 0) return ['There are no orphans.'];
  return found.map(({ kind, id, name, age: seconds }) => `${kind} ${id} ${name}: ${fate(id, seconds)}`);
}
