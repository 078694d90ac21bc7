import type { Log } from '@octavia/protocol/log';
import type { StatisticsDriver, StatisticsModule } from './interface.ts';

/** One line per listener and heartbeat, for who collects figures from logs. */
export const loggerStatistics = (log: Pick<Log, 'info'>): StatisticsDriver => ({
  name: 'stats_logger',
  async update(_tx, counts, deltas) {
    for (const count of counts) log.info({ ...count, deltas }, 'Listener statistics');
  },
});

export const statistics: StatisticsModule = { start: async ({ log }) => loggerStatistics(log) };
