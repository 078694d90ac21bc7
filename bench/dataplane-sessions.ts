/** Sessions that HAProxy keeps in tables: how many of 200 move while their load balancer is changed and replaced. */
import { spawn } from 'node:child_process';
import type { Backend } from '../demo/backend.ts';
import { BACKEND_PORT } from '../demo/backend.ts';
import { CLIENT_ADDRESSES, SessionLoad } from '../demo/session-load.ts';
import { command } from '../demo/shell.ts';
import type { Bench } from './dataplane-bench.ts';

const CLIENTS = 200;
const RELOADS = 20;
/** Of the load balancer, of a single amphora, and of the load balancer again, each as soon as the one before is done. */
const FAILOVERS = 3;
const TOPOLOGIES = ['SINGLE', 'ACTIVE_STANDBY'] as const;

export interface Sessions {
  moved: number;
  requests: number;
}

interface Made {
  id: string;
  vip: string;
  listenerId: string;
}

export async function measureSessions(bench: Bench, backends: readonly Backend[]): Promise<Sessions> {
  await command('ip', 'route', 'replace', 'local', CLIENT_ADDRESSES, 'dev', 'lo');
  const total: Sessions = { moved: 0, requests: 0 };
  for (const topology of TOPOLOGIES) {
    const made = await makeBalancer(bench, topology, backends);
    const urls = { address: `http://${made.vip}/`, cookie: `http://${made.vip}:81/session` };
    const load = new SessionLoad(
      (program = '', ...words) => spawn(program, words, { stdio: ['ignore', 'pipe', 'inherit'] }),
      CLIENTS,
      urls,
    );
    bench.cleanup.add(`clients of ${topology}`, () => load.stop());
    await load.ready();
    for (let round = 0; round < RELOADS; round += 1) await reload(bench, made, round);
    for (let round = 0; round < FAILOVERS; round += 1) await failOver(bench, made, round);
    const { requests, failures, moved } = await load.end();
    bench.say(
      `${topology}: ${requests} requests, ${failures.length} failed, sessions moved: ${moved.join(', ') || 'none'}`,
    );
    total.moved += moved.length;
    total.requests += requests;
    await call(bench, 'DELETE', `/v2/lbaas/loadbalancers/${made.id}?cascade=true`);
  }
  return total;
}

async function call({ controlPlane }: Bench, method: string, path: string, body?: object): Promise<string> {
  const response = await fetch(`${controlPlane.endpoint}${path}`, {
    method,
    headers: { 'content-type': 'application/json', 'x-project-id': 'bench' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return text;
}

/** The first id in an answer: that of the object itself, of lists that of the first one. */
function idIn(answer: string, kind: string): string {
  const { [kind]: found } = JSON.parse(answer) as Record<string, { id: string } | { id: string }[]>;
  const one = Array.isArray(found) ? found[0] : found;
  if (one === undefined) throw new Error(`no ${kind} in ${answer}`);
  return one.id;
}

async function flavorOf(bench: Bench, topology: string): Promise<string> {
  const flavor_data = JSON.stringify({ loadbalancer_topology: topology });
  const flavorprofile = { name: topology, provider_name: 'amphora', flavor_data };
  const profile = idIn(await call(bench, 'POST', '/v2/lbaas/flavorprofiles', { flavorprofile }), 'flavorprofile');
  const flavor = { name: topology, flavor_profile_id: profile, enabled: true };
  return idIn(await call(bench, 'POST', '/v2/lbaas/flavors', { flavor }), 'flavor');
}

/** Port 80 knows clients by their address, port 81 by a cookie of the members. */
async function makeBalancer(bench: Bench, topology: string, backends: readonly Backend[]): Promise<Made> {
  const { subnets } = bench.controlPlane;
  const members = backends.map(({ name, address }) => ({
    name,
    address,
    protocol_port: BACKEND_PORT,
    subnet_id: subnets.private.id,
  }));
  const listener = (name: string, port: number, session_persistence: object) => ({
    name,
    protocol: 'HTTP',
    protocol_port: port,
    default_pool: { name, protocol: 'HTTP', lb_algorithm: 'ROUND_ROBIN', session_persistence, members },
  });
  const { id } = await bench.client.loadBalancers.create({
    name: `sessions-${topology}`,
    project_id: 'bench',
    vip_subnet_id: subnets.public.id,
    flavor_id: await flavorOf(bench, topology),
    listeners: [
      listener('by-address', 80, { type: 'SOURCE_IP' }),
      listener('by-cookie', 81, { type: 'APP_COOKIE', cookie_name: 'sid' }),
    ],
  } as Parameters<typeof bench.client.loadBalancers.create>[0]);
  const { vip_address: vip } = await bench.client.loadBalancers.waitFor(id, 'ACTIVE', { intervalMs: 50 });
  const listenerId = idIn(
    await call(bench, 'GET', `/v2/lbaas/listeners?loadbalancer_id=${id}&protocol_port=80`),
    'listeners',
  );
  return { id, vip, listenerId };
}

/** A limit, then a rule, then another listener: each change is a reload. */
async function reload(bench: Bench, { id, listenerId }: Made, round: number): Promise<void> {
  const changes = [
    () => call(bench, 'PUT', `/v2/lbaas/listeners/${listenerId}`, { listener: { connection_limit: 1_000 + round } }),
    () =>
      call(bench, 'POST', '/v2/lbaas/l7policies', {
        l7policy: {
          listener_id: listenerId,
          action: 'REJECT',
          rules: [{ type: 'PATH', compare_type: 'EQUAL_TO', value: `/refused-${round}` }],
        },
      }),
    () =>
      call(bench, 'POST', '/v2/lbaas/listeners', {
        listener: { loadbalancer_id: id, protocol: 'HTTP', protocol_port: 8_000 + round },
      }),
  ];
  await changes[round % changes.length]?.();
  await bench.client.loadBalancers.waitFor(id, 'ACTIVE', { intervalMs: 10 });
}

async function failOver(bench: Bench, { id }: Made, round: number): Promise<void> {
  const amphora = idIn(await call(bench, 'GET', `/v2/octavia/amphorae?loadbalancer_id=${id}`), 'amphorae');
  const path = round % 2 === 0 ? `/v2/lbaas/loadbalancers/${id}` : `/v2/octavia/amphorae/${amphora}`;
  await call(bench, 'PUT', `${path}/failover`);
  await bench.client.loadBalancers.waitFor(id, 'ACTIVE', { intervalMs: 20 });
}
