/**
 * A provider without a backend: accepts everything, and every change reaches its end state. For tests of clients and of
 * the API itself, under two names so that both can be used side by side.
 */
import { randomUUID } from 'node:crypto';
import type { AdditionalVip, Amphora, Vip } from '../../domain/resources.ts';
import type { Tx } from '../../store/database.ts';
import type { AmphoraActions, Capability, Change, Provider, VipWish } from '../interface.ts';

export interface Settler {
  /** Called in the transaction of the change; the change is settled once it is committed. */
  note(tx: Tx, loadBalancerId: string): void;
}

/** Not a network: a made-up address that clients of the original know. */
const ADDRESS = '198.0.2.5';

export class NoopProvider implements Provider {
  readonly name: string;
  readonly description: string;
  readonly amphorae: AmphoraActions;
  readonly #settler: Settler;

  constructor(name: string, description: string, settler: Settler) {
    this.name = name;
    this.description = description;
    this.#settler = settler;
    this.amphorae = {
      configure: async () => undefined,
      failover: async (tx, _amphora, { id }) => settler.note(tx, id),
      delete: async (_tx: Tx, _amphora: Amphora) => undefined,
    };
  }

  check(): void {}

  async submit(tx: Tx, { loadBalancerId }: Change): Promise<void> {
    this.#settler.note(tx, loadBalancerId);
  }

  async createVip(
    _tx: Tx,
    _loadBalancerId: string,
    { networkId, fixedIps }: VipWish,
  ): Promise<{ vip: Vip; additionalVips: AdditionalVip[] }> {
    const [primary, ...others] = fixedIps;
    return {
      vip: {
        address: primary?.ipAddress ?? ADDRESS,
        portId: randomUUID(),
        subnetId: primary?.subnetId ?? randomUUID(),
        networkId,
        qosPolicyId: null,
        // There is no port that anybody could delete.
        portOwned: false,
      },
      additionalVips: others.map(({ subnetId, ipAddress }) => ({ subnetId, ipAddress: ipAddress ?? ADDRESS })),
    };
  }

  flavorCapabilities(): Capability[] {
    return [{ name: 'amp_image_tag', description: 'The glance image tag to use for this load balancer.' }];
  }

  availabilityZoneCapabilities(): Capability[] {
    return [
      { name: 'compute_zone', description: 'The compute availability zone to use for this load balancer.' },
      { name: 'volume_zone', description: 'The volume availability zone to use for this load balancer.' },
    ];
  }

  async validateFlavor(): Promise<void> {}

  async validateAvailabilityZone(): Promise<void> {}
}
