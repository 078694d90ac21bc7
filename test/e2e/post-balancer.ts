/** Asks the control plane of a state directory for a load balancer and prints its id, without waiting. */
import { OctaviaClient } from '@octavia/client';
import { findControlPlane } from '../../demo/control-plane.ts';

const controlPlane = findControlPlane(process.argv[2] ?? '');
if (controlPlane === null) throw new Error('No control plane runs on the state directory.');
const client = new OctaviaClient({ baseUrl: controlPlane.endpoint, projectId: 'e2e' });
const { id } = await client.loadBalancers.create({ project_id: 'e2e', vip_subnet_id: controlPlane.subnets.public.id });
process.stdout.write(id);
