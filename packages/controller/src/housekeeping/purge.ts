import type { Store } from '../store/database.ts';
import * as retention from '../store/retention.ts';

export interface PurgeOptions {
  /** Seconds a DELETED row is kept. */
  amphoraExpiryAge: number;
  loadBalancerExpiryAge: number;
}

/** Removes rows of deleted amphorae and load balancers (and their operations) that are old enough. */
export async function purge(store: Store, options: PurgeOptions): Promise<{ amphorae: number; loadBalancers: number }> {
  return {
    amphorae: await retention.purgeAmphorae(store.db, options.amphoraExpiryAge),
    loadBalancers: await retention.purgeLoadBalancers(store.db, options.loadBalancerExpiryAge),
  };
}
