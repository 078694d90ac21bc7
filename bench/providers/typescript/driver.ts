/**
 * Does what the built-in no-op driver does, as a package of others: makes VIPs up and accepts every load balancer at once, except those
 * that are called `stall`: of these it never says anything.
 */
import { randomUUID } from 'node:crypto';
import { type AdditionalVip, type LoadBalancer, ProviderDriver, type VipDictionary } from '@octavia/provider-lib';

export default class BenchDriver extends ProviderDriver {
  override create_vip_port(
    _loadbalancerId: string,
    _projectId: string,
    vip: VipDictionary,
    additional: AdditionalVip[],
  ): [VipDictionary, AdditionalVip[]] {
    return [{ ...vip, vip_address: '198.0.2.5', vip_network_id: randomUUID(), vip_port_id: randomUUID() }, additional];
  }

  override loadbalancer_create({ name }: LoadBalancer): Promise<void> {
    return name === 'stall' ? new Promise(() => undefined) : Promise.resolve();
  }
}
