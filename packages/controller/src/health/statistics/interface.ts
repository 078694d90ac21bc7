import type { DriverModule } from '../../clouds/driver.ts';
import type { Tx } from '../../store/core/database.ts';
import type { ListenerCounts } from '../../store/heartbeats/heartbeat-statistics.ts';

/** Receives what listeners counted. Several may be active: [controller_worker] statistics_drivers. */
export interface StatisticsDriver {
  readonly name: string;
  /**
   * @param tx of the batch the heartbeats are applied in; what a driver writes with it counts exactly once
   * @param deltas true: differences to the message before; false: totals since HAProxy was started
   */
  update(tx: Tx, counts: readonly ListenerCounts[], deltas: boolean): Promise<void>;
}

export type StatisticsModule = DriverModule<StatisticsDriver>;
