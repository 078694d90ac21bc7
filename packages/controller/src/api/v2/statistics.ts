import type { Statistics } from '../../store/resources/statistics.ts';

export function statisticsResponse(statistics: Statistics) {
  return {
    stats: {
      active_connections: statistics.activeConnections,
      bytes_in: statistics.bytesIn,
      bytes_out: statistics.bytesOut,
      request_errors: statistics.requestErrors,
      total_connections: statistics.totalConnections,
    },
  };
}
