import type { HealthLogger } from '../clock.ts';
import type { StatisticsDriver } from './interface.ts';

/** One line per listener and heartbeat, for who collects figures from logs. */
export const loggerStatistics = (log: Pick<HealthLogger, 'info'>): StatisticsDriver => ({
  name: 'stats_logger',
  async update(_tx, counts, deltas) {
    for (const count of counts) log.info({ ...count, deltas }, 'Listener statistics');
  },
});
