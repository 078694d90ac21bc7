import { record } from '../../store/heartbeats/heartbeat-statistics.ts';
import type { StatisticsDriver, StatisticsModule } from './interface.ts';

/** Keeps the counters that the API shows. */
export const databaseStatistics: StatisticsDriver = {
  name: 'stats_db',
  update: (tx, counts, deltas) => record(tx, counts, deltas ? 'add' : 'replace'),
};

export const statistics: StatisticsModule = { start: async () => databaseStatistics };
