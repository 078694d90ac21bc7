/** The figures that need a running local cloud. Times in seconds. */
import { OctaviaClient } from '@octavia/client';
import { createBackends } from '../demo/backend.ts';
import { addMember, createBalancer } from '../demo/balancer.ts';
import type { Cleanup } from '../demo/cleanup.ts';
import type { ControlPlane } from '../demo/control-plane.ts';
import { waitForAnswer } from '../demo/traffic.ts';
import { agentPids, proportionalMegabytes, residentMegabytes } from './memory.ts';
import { percentile } from './statistics.ts';

const ROUNDS = 20;
/** Garbage of the work before is collected, pools shrink. */
const IDLE_MS = 10_000;

export interface Measured {
  createSeconds: number;
  memberSeconds: number;
  agentMegabytes: number;
  controlPlaneMegabytes: number;
}

export async function measureCloud(
  controlPlane: ControlPlane,
  stateDir: string,
  cleanup: Cleanup,
  say: (line: string) => void,
): Promise<Measured> {
  const client = new OctaviaClient({ baseUrl: controlPlane.endpoint, projectId: 'bench' });
  await idle();
  say(`control plane without load balancers: ${residentMegabytes(controlPlane.pid).toFixed(1)} MB`);
  const createSeconds = await measureCreates(client, controlPlane, say);
  // At rest: what an amphora costs all day. Right after the creates the youngest still hold some 1.5 MB of their boot.
  await idle();
  const agents = agentPids(stateDir).map(proportionalMegabytes);
  if (agents.length !== ROUNDS) throw new Error(`${agents.length} agents run instead of ${ROUNDS}`);
  say(`agents: ${agents.map((megabytes) => megabytes.toFixed(1)).join(' ')} MB`);
  const memberSeconds = await measureMembers(client, controlPlane, cleanup, say);
  await idle();
  return {
    createSeconds: percentile(createSeconds, 0.95),
    memberSeconds: percentile(memberSeconds, 0.95),
    agentMegabytes: Math.max(...agents),
    controlPlaneMegabytes: residentMegabytes(controlPlane.pid),
  };
}

const idle = (): Promise<unknown> => new Promise((resolve) => setTimeout(resolve, IDLE_MS));

/** One at a time, from the POST to the first answer of its listener (503: it has no pool). They all stay. */
async function measureCreates(
  client: OctaviaClient,
  { subnets }: ControlPlane,
  say: (line: string) => void,
): Promise<number[]> {
  const samples: number[] = [];
  for (let round = 1; round <= ROUNDS; round += 1) {
    const started = performance.now();
    const { id } = await client.loadBalancers.create({
      name: `bench-${round}`,
      project_id: 'bench',
      vip_subnet_id: subnets.public.id,
    });
    const { vip_address: vip } = await client.loadBalancers.waitFor(id, 'ACTIVE', { intervalMs: 10 });
    await client.listeners.create({ loadbalancer_id: id, protocol: 'HTTP', protocol_port: 80 });
    await client.loadBalancers.waitFor(id, 'ACTIVE', { intervalMs: 10 });
    await waitForAnswer(vip, (answer) => answer.status !== null);
    samples.push((performance.now() - started) / 1000);
  }
  say(`creates: ${samples.map((seconds) => seconds.toFixed(2)).join(' ')} s`);
  return samples;
}

/** From the POST of the member to the first request it answers, while another member already serves. */
async function measureMembers(
  client: OctaviaClient,
  controlPlane: ControlPlane,
  cleanup: Cleanup,
  say: (line: string) => void,
): Promise<number[]> {
  const [first, second] = await createBackends(controlPlane.subnets.private, 2);
  if (!first || !second) throw new Error('Two back ends are needed.');
  cleanup.add('back ends', () => Promise.all([first.remove(), second.remove()]));
  const balancer = await createBalancer(client, controlPlane, 'bench-members');
  await addMember(client, balancer, first, controlPlane.subnets.private.id);
  await waitForAnswer(balancer.vip, (answer) => answer.status === 200);
  const samples: number[] = [];
  for (let round = 1; round <= ROUNDS; round += 1) {
    const started = performance.now();
    const added = addMember(client, balancer, second, controlPlane.subnets.private.id);
    await waitForAnswer(balancer.vip, (answer) => answer.text === second.name);
    samples.push((performance.now() - started) / 1000);
    await added;
    await client.members(balancer.poolId).delete(balancer.memberIds.get(second.name) ?? '');
    await client.loadBalancers.waitFor(balancer.id, 'ACTIVE', { intervalMs: 10 });
  }
  say(`members: ${samples.map((seconds) => seconds.toFixed(2)).join(' ')} s`);
  return samples;
}
