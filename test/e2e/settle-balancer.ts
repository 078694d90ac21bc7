/** Waits until nothing is pending, prints the end state as JSON, then deletes the load balancer. */
import { OctaviaClient, poll } from '@octavia/client';
import { findControlPlane } from '../../demo/control-plane.ts';

const [stateDir = '', id = '', timeoutMs = ''] = process.argv.slice(2);
const controlPlane = findControlPlane(stateDir);
if (controlPlane === null) throw new Error('No control plane runs on the state directory.');
const client = new OctaviaClient({ baseUrl: controlPlane.endpoint, projectId: 'e2e' });
const settled = await poll({ timeoutMs: Number(timeoutMs) }, `load balancer ${id} to settle`, async () => {
  const found = await client.loadBalancers.show(id);
  return found.provisioning_status.startsWith('PENDING')
    ? { done: false, state: found.provisioning_status }
    : { done: true, value: found };
});
const { status_reason: reason } = settled;
process.stdout.write(JSON.stringify({ status: settled.provisioning_status, reason }));
await client.loadBalancers.delete(id);
await client.loadBalancers.waitForDeleted(id);
