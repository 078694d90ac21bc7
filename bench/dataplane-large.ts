/** Single changes on a load balancer as large as they come: from the call until it is ACTIVE again. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Listing, OctaviaClient } from '@octavia/client';
import type { Bench } from './dataplane-bench.ts';
import { percentile } from './statistics.ts';

const LISTENERS = 200;
/** Half of the pools have some from the beginning, as many as one request may bring; one pool gets the others. */
const FEW = { pools: 100, members: 10 };
const MANY = 1_000;
const ROUNDS = 5;
/** Nobody answers there: no member has a health monitor. */
const ADDRESS = '192.0.2.10';

export interface LargeMeasured {
  memberSeconds: number;
  listenerSeconds: number;
}

/** One amphora. */
export async function measureLarge({ client, controlPlane, say }: Bench): Promise<LargeMeasured> {
  const { id } = await createLarge(client, controlPlane.endpoint, controlPlane.subnets.public.id);
  const timed = async (change: () => Promise<unknown>): Promise<number> => {
    const started = performance.now();
    await change();
    await client.loadBalancers.waitFor(id, 'ACTIVE', { intervalMs: 20 });
    return (performance.now() - started) / 1000;
  };
  const [pool, listener] = [await firstOf(client.pools, id), await firstOf(client.listeners, id)];
  const members: number[] = [];
  const listeners: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const those = client.members(pool);
    let memberId = '';
    const add = async () => {
      ({ id: memberId } = await those.create({ address: ADDRESS, protocol_port: 30_000 + round }));
    };
    members.push(await timed(add));
    members.push(await timed(() => those.update(memberId, { weight: 7 })));
    members.push(await timed(() => those.delete(memberId)));
    let listenerId = '';
    const open = async () => {
      const wanted = { loadbalancer_id: id, protocol: 'HTTP', protocol_port: 30_000 + round } as const;
      ({ id: listenerId } = await client.listeners.create(wanted));
    };
    listeners.push(await timed(open));
    listeners.push(await timed(() => client.listeners.update(listener, { connection_limit: 1_000 + round })));
    listeners.push(await timed(() => client.listeners.delete(listenerId)));
  }
  const seconds = (samples: number[]) => samples.map((value) => value.toFixed(2)).join(' ');
  say(`large: members ${seconds(members)} s, listeners ${seconds(listeners)} s`);
  return { memberSeconds: percentile(members, 0.95), listenerSeconds: percentile(listeners, 0.95) };
}

interface Listable {
  list(query: { loadbalancer_id: string; limit: number }): Listing<{ id: string }>;
}

async function firstOf(of: Listable, id: string): Promise<string> {
  const first = await of.list({ loadbalancer_id: id, limit: 1 }).first();
  if (!first) throw new Error('the large load balancer has nothing');
  return first.id;
}

async function createLarge(client: OctaviaClient, endpoint: string, subnetId: string): Promise<{ id: string }> {
  const listeners = Array.from({ length: LISTENERS }, (_, index) => ({
    protocol: 'HTTP',
    protocol_port: 1_000 + index,
    default_pool: {
      name: `pool ${index}`,
      protocol: 'HTTP',
      lb_algorithm: 'ROUND_ROBIN',
      members: Array.from({ length: index < FEW.pools ? FEW.members : 0 }, (_unused, member) => ({
        address: ADDRESS,
        protocol_port: 10_000 + member,
      })),
    },
  }));
  const send = async (method: string, path: string, body: object): Promise<string> => {
    const response = await fetch(`${endpoint}/v2/lbaas/${path}`, { method, body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return response.text();
  };
  const loadbalancer = { name: 'large', project_id: 'bench', vip_subnet_id: subnetId, listeners };
  const made = JSON.parse(await send('POST', 'loadbalancers', { loadbalancer })) as { loadbalancer: { id: string } };
  const { id } = made.loadbalancer;
  await client.loadBalancers.waitFor(id, 'ACTIVE', { intervalMs: 200 });
  const last = await client.pools.list({ loadbalancer_id: id, name: `pool ${LISTENERS - 1}` }).first();
  const members = Array.from({ length: MANY }, (_, index) => ({ address: ADDRESS, protocol_port: 10_000 + index }));
  await send('PUT', `pools/${last?.id}/members`, { members });
  await client.loadBalancers.waitFor(id, 'ACTIVE', { intervalMs: 200 });
  // The first heartbeat with all of it.
  await pause(5_000);
  return { id };
}
