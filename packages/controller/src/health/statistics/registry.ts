import type { Log } from '@octavia/protocol/log';
import { OctaviaError } from '../../errors.ts';
import { databaseStatistics } from './database.ts';
import type { StatisticsDriver } from './interface.ts';
import { loggerStatistics } from './logger.ts';

/** @throws OctaviaError UNKNOWN_CHOICE for a name this release does not have */
export function statisticsDrivers(names: readonly string[], log: Log): StatisticsDriver[] {
  const known = [databaseStatistics, loggerStatistics(log)];
  return names.map((name) => {
    const driver = known.find((candidate) => candidate.name === name);
    if (driver) return driver;
    const names = known.map((candidate) => candidate.name).join(', ');
    throw new OctaviaError('UNKNOWN_CHOICE', {
      option: '[controller_worker] statistics_drivers',
      value: name,
      known: names,
    });
  });
}
