import { OctaviaError } from '../../errors.ts';
import type { HealthLogger } from '../clock.ts';
import { databaseStatistics } from './database.ts';
import type { StatisticsDriver } from './interface.ts';
import { loggerStatistics } from './logger.ts';

/** @throws OctaviaError STARTUP for a name this release does not have */
export function statisticsDrivers(names: readonly string[], log: HealthLogger): StatisticsDriver[] {
  const known = [databaseStatistics, loggerStatistics(log)];
  return names.map((name) => {
    const driver = known.find((candidate) => candidate.name === name);
    if (driver) return driver;
    const detail = `[controller_worker] statistics_drivers = ${name} is not known to this release. It has: ${known.map((candidate) => candidate.name).join(', ')}.`;
    throw new OctaviaError('STARTUP', { detail });
  });
}
