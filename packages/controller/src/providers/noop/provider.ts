/**
 * A provider without a backend: accepts everything, and every change reaches its end state. For tests of clients and of
 * the API itself, under two names so that both can be used side by side.
 */
import { randomUUID } from 'node:crypto';
import type { Amphora } from '../../domain/resources.ts';
import type { Tx } from '../../store/core/database.ts';
import type { Acceptance, AmphoraActions, Capability, Change, NewVip, Provider, VipWish } from '../interface.ts';

export interface Settler {
  /** The load balancer has a change, which is committed. */
  add(loadBalancerId: string): void;
}

/** Not a network: a made-up address that clients of OpenStack Octavia know. */
const ADDRESS = '198.0.2.5';

function madeUpVip({ networkId, fixedIps, qosPolicyId, vnicType, securityGroupIds }: VipWish): NewVip {
  const [primary, ...others] = fixedIps;
  return {
    vip: {
      address: primary?.ipAddress ?? ADDRESS,
      portId: randomUUID(),
      subnetId: primary?.subnetId ?? randomUUID(),
      networkId,
      qosPolicyId,
      // There is no port that anybody could delete.
      portOwned: false,
      vnicType,
      securityGroupIds: [...securityGroupIds],
    },
    additionalVips: others.map(({ subnetId, ipAddress }) => ({ subnetId, ipAddress: ipAddress ?? ADDRESS })),
  };
}

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
      failover: async (tx, _amphora, { id }) => tx.afterCommit(() => settler.add(id)),
      delete: async (_tx: Tx, _amphora: Amphora) => undefined,
    };
  }

  check(): void {}

  accept({ loadBalancerId }: Change): Acceptance {
    return { operation: null, committed: () => this.#settler.add(loadBalancerId) };
  }

  createVip(_loadBalancerId: string, wish: VipWish): NewVip {
    return madeUpVip(wish);
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
