/** Accepts every load balancer at once, except those that are called `stall`: of these it never says anything. */
import { type LoadBalancer, ProviderDriver } from '@octavia/provider-lib';

export default class BenchDriver extends ProviderDriver {
  override loadbalancer_create({ name }: LoadBalancer): Promise<void> {
    return name === 'stall' ? new Promise(() => undefined) : Promise.resolve();
  }
}
