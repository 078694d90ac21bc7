/** `octavia export`: a load balancer as the file that leads to it. */
import { LoadBalancers } from '@octavia/client';
import type { Values } from '../parser/parse.ts';
import type { Context } from './context.ts';
import { Names } from './names.ts';

export async function exportOf(values: Values, { services, signal }: Context): Promise<string> {
  const id = await new Names(services, signal).idOf('loadbalancers', String(values.loadbalancer));
  const api = await services.loadBalancing();
  if (values.format === 'terraform') return (await import('./terraform.ts')).terraform(api, id, signal);
  const { document } = await new LoadBalancers(api).desiredState(id, { signal });
  // Without a name it is found by its id alone.
  const whole = document.name ? document : { id, ...document };
  if (values.format === 'json') return `${JSON.stringify(whole, null, 2)}\n`;
  const { stringify } = await import('yaml');
  return stringify(whole, { lineWidth: 0 });
}
