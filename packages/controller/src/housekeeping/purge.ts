import type { Store } from '../store/core/database.ts';
import * as retention from '../store/operations/retention.ts';

export interface PurgeOptions {
  /** Seconds a DELETED row is kept. */
  amphoraExpiryAge: number;
  loadBalancerExpiryAge: number;
  /** Seconds the history of load balancers that live on is kept, beyond the newest operations of each. */
  operationExpiryAge: number;
  /** Removes what the flow engine remembers of operations that ended before the age (seconds). @returns how many */
  forgetFlows(age: number): Promise<number>;
}

export interface Purged {
  amphorae: number;
  loadBalancers: number;
  operations: number;
  statistics: number;
  flows: number;
}

/** As many as the API shows of one load balancer. */
const OPERATIONS_KEPT = 100;

/** Removes rows that are old enough. Each statement stands alone: cut off anywhere, the next round goes on. */
export async function purge({ db }: Pick<Store, 'db'>, options: PurgeOptions): Promise<Purged> {
  return {
    amphorae: await retention.purgeAmphorae(db, options.amphoraExpiryAge),
    loadBalancers: await retention.purgeLoadBalancers(db, options.loadBalancerExpiryAge),
    operations: await retention.purgeOperations(db, options.operationExpiryAge, OPERATIONS_KEPT),
    statistics: await retention.purgeStatistics(db),
    flows: await options.forgetFlows(options.operationExpiryAge),
  };
}
