/** The first steps of the demo, up to one answer of each of two back ends. Runs inside the network namespace. */
import { OctaviaClient } from '@octavia/client';
import { createBackends } from '../demo/backend.ts';
import { addMember, createBalancer } from '../demo/balancer.ts';
import { findControlPlane } from '../demo/control-plane.ts';
import { waitForAnswer } from '../demo/traffic.ts';

const controlPlane = findControlPlane(process.argv[2] ?? '');
if (controlPlane === null) throw new Error('No control plane runs on the state directory.');
const client = new OctaviaClient({ baseUrl: controlPlane.endpoint, projectId: 'bench' });
const backends = await createBackends(controlPlane.subnets.private, 2);
const balancer = await createBalancer(client, controlPlane, 'first');
for (const backend of backends) await addMember(client, balancer, backend, controlPlane.subnets.private.id);
for (const backend of backends) await waitForAnswer(balancer.vip, (answer) => answer.text === backend.name);
await Promise.all(backends.map((backend) => backend.remove()));
