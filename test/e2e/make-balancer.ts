/** Makes a load balancer with an HTTP listener on the control plane of a state directory and prints its VIP. */
import { OctaviaClient } from '@octavia/client';
import { findControlPlane } from '../../demo/control-plane.ts';
import { waitForAnswer } from '../../demo/traffic.ts';

const controlPlane = findControlPlane(process.argv[2] ?? '');
if (controlPlane === null) throw new Error('No control plane runs on the state directory.');
const client = new OctaviaClient({ baseUrl: controlPlane.endpoint, projectId: 'e2e' });
const { id } = await client.loadBalancers.create({
  name: 'e2e "quoted" # name\nwith lines',
  project_id: 'e2e',
  vip_subnet_id: controlPlane.subnets.public.id,
});
const { vip_address: vip } = await client.loadBalancers.waitFor(id);
await client.listeners.create({ loadbalancer_id: id, protocol: 'HTTP', protocol_port: 80 });
await client.loadBalancers.waitFor(id);
await waitForAnswer(vip, (answer) => answer.status === 503);
process.stdout.write(vip);
