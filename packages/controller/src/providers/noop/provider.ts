/**
 * The driver without a backend, of which every change reaches its end state: for tests of clients and of the API itself, under two
 * names so that both can be used side by side.
 */
import type { CertificateManager } from '../../clouds/certificates/manager.ts';
import type { Tx } from '../../store/core/database.ts';
import { DriverProvider } from '../driver/provider.ts';
import type { AmphoraActions, Delivery } from '../interface.ts';
import { NoopDriver } from './driver.ts';

export interface Settler {
  /** The load balancer has a change, which is committed. */
  add(loadBalancerId: string): void;
}

export interface NoopProviderOptions {
  name: string;
  description: string;
  settler: Settler;
  certificates: CertificateManager;
}

export class NoopProvider extends DriverProvider {
  /** It has no amphorae, and nothing is to be done to those that somebody says it has. */
  readonly amphorae: AmphoraActions;

  constructor({ settler, ...options }: NoopProviderOptions) {
    super({
      ...options,
      driver: new NoopDriver(),
      // It answers at once.
      timeoutMs: 5000,
      maximumCalls: Number.POSITIVE_INFINITY,
      committed: (loadBalancerId) => settler.add(loadBalancerId),
    });
    this.amphorae = {
      configure: async () => undefined,
      failover: async (tx, _amphora, { id }) => tx.afterCommit(() => settler.add(id)),
      delete: async () => undefined,
    };
  }

  /** Where nothing is done, the whole of a desired state is done at once as well. */
  override async deliver(tx: Tx, delivery: Delivery): Promise<void> {
    if (delivery.kind !== 'apply_desired_state') await super.deliver(tx, delivery);
  }
}
