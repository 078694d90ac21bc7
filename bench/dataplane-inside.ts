/** Measurements of real amphorae, inside the network namespace of a control plane. */
import { readdirSync } from 'node:fs';
import { createConnection } from 'node:net';
import { basename, dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { OctaviaClient } from '@octavia/client';
import { BACKEND_PORT, type Backend, createBackends } from '../demo/backend.ts';
import { addMember, type Balancer, createBalancer } from '../demo/balancer.ts';
import type { Cleanup } from '../demo/cleanup.ts';
import type { ControlPlane } from '../demo/control-plane.ts';
import { get, waitForAnswer } from '../demo/traffic.ts';
import type { Bench } from './dataplane-bench.ts';
import { type LargeMeasured, measureLarge } from './dataplane-large.ts';
import { type AgentMemory, measureAgentMemory } from './dataplane-memory.ts';
import { measureSessions, type Sessions } from './dataplane-sessions.ts';
import { LOAD_CLIENTS, measureThroughput, type Throughput } from './dataplane-throughput.ts';
import { measure, request } from './load.ts';
import { percentile } from './statistics.ts';

/** Back ends that serve all the time, and addresses of members that come and go. */
const STEADY = 2;
const MOVING = 4;
const CHANGES = 600;
const ROUNDS = 20;
const MANY = 1_000;

export interface DataplaneMeasured {
  changes: number;
  changeSeconds: number;
  requestsDuringChanges: number;
  failedRequests: number;
  reloads: number;
  memberSeconds: number;
  batchSeconds: number;
  sessions: Sessions;
  throughput: Throughput;
  memory: AgentMemory;
  large: LargeMeasured;
}

interface MemberBody {
  address: string;
  protocol_port: number;
  weight: number;
  subnet_id: string;
}

export async function measureDataplane(
  controlPlane: ControlPlane,
  stateDir: string,
  cleanup: Cleanup,
  say: (line: string) => void,
): Promise<DataplaneMeasured> {
  const client = new OctaviaClient({ baseUrl: controlPlane.endpoint, projectId: 'bench' });
  const bench = { client, controlPlane, stateDir, cleanup, say };
  const backends = await createBackends(controlPlane.subnets.private, STEADY + MOVING);
  cleanup.add('back ends', () => Promise.all(backends.map((backend) => backend.remove())));
  const balancer = await createBalancer(client, controlPlane, 'bench');
  const [first, second, ...moving] = backends;
  if (!first || !second) throw new Error('Back ends are missing.');
  for (const backend of [first, second]) {
    await addMember(client, balancer, backend, controlPlane.subnets.private.id);
  }
  await waitForAnswer(balancer.vip, (answer) => answer.status === 200);
  const throughput = await measureThroughput(bench, balancer, [first, second]);
  const during = await measureChanges(bench, balancer, [first, second], moving);
  const memberSeconds = await measureMember(bench, balancer, [first, second], moving[0] as Backend);
  const batchSeconds = await measureBatch(bench, balancer, [first, second]);
  const memory = await measureAgentMemory(bench);
  // The figures above are of the only amphora there is.
  const sessions = await measureSessions(bench, backends.slice(0, STEADY + 2));
  const large = await measureLarge(bench);
  return { ...during, memberSeconds, batchSeconds, sessions, throughput, memory, large };
}

/** PUT of the whole list of a pool's members. */
async function putMembers({ controlPlane }: Bench, poolId: string, members: MemberBody[]): Promise<void> {
  for (;;) {
    const response = await fetch(`${controlPlane.endpoint}/v2/lbaas/pools/${poolId}/members`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json', 'x-project-id': 'bench' },
      body: JSON.stringify({ members }),
    });
    if (response.ok) return;
    if (response.status !== 409) throw new Error(`members: ${response.status} ${await response.text()}`);
    await pause(5);
  }
}

const bodyOf = ({ controlPlane }: Bench, address: string, weight = 1, port = BACKEND_PORT): MemberBody => ({
  address,
  protocol_port: port,
  weight,
  subnet_id: controlPlane.subnets.private.id,
});

/** 600 members added, removed and weighted anew, four in one call, under a constant load on the listener. */
async function measureChanges(
  bench: Bench,
  balancer: Balancer,
  steady: Backend[],
  moving: Backend[],
): Promise<
  Pick<DataplaneMeasured, 'changes' | 'changeSeconds' | 'requestsDuringChanges' | 'failedRequests' | 'reloads'>
> {
  const { client, say } = bench;
  let over = false;
  const text = request('GET', '/');
  const load = measure({ host: balancer.vip, port: 80, clients: LOAD_CLIENTS, next: () => (over ? null : text) });
  const reloadsBefore = await countReloads(bench);
  const started = performance.now();
  let changes = 0;
  for (let round = 0; changes < CHANGES; round += 1) {
    // Two of the moving ones come or go, both steady ones get another weight: four changes in one call.
    const present = moving.filter((_, index) => index % 2 === round % 2);
    await putMembers(bench, balancer.poolId, [
      ...steady.map(({ address }) => bodyOf(bench, address, 1 + (round % 5))),
      ...present.map(({ address }) => bodyOf(bench, address)),
    ]);
    await client.loadBalancers.waitFor(balancer.id, 'ACTIVE', { intervalMs: 5 });
    changes += steady.length + moving.length;
  }
  const changeSeconds = (performance.now() - started) / 1000;
  over = true;
  const { requests, errors } = await load;
  const reloads = (await countReloads(bench)) - reloadsBefore;
  say(
    `${changes} changes in ${changeSeconds.toFixed(1)} s, ${requests} requests, ${reloads} reloads ${errors.join(' ')}`,
  );
  return { changes, changeSeconds, requestsDuringChanges: requests, failedRequests: errors.length, reloads };
}

/** From the call that adds a member to its first answer. */
async function measureMember(bench: Bench, balancer: Balancer, steady: Backend[], one: Backend): Promise<number> {
  const { client, say } = bench;
  const without = steady.map(({ address }) => bodyOf(bench, address));
  const samples: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    await putMembers(bench, balancer.poolId, without);
    await client.loadBalancers.waitFor(balancer.id, 'ACTIVE', { intervalMs: 5 });
    const started = performance.now();
    await client.members(balancer.poolId).create({ ...bodyOf(bench, one.address, 256), name: one.name });
    while ((await get(balancer.vip)).text !== one.name);
    samples.push((performance.now() - started) / 1000);
    await client.loadBalancers.waitFor(balancer.id, 'ACTIVE', { intervalMs: 5 });
  }
  say(`members: ${samples.map((seconds) => seconds.toFixed(3)).join(' ')} s`);
  return percentile(samples, 0.95);
}

/** Until HAProxy knows all of them. */
async function measureBatch(bench: Bench, balancer: Balancer, steady: Backend[]): Promise<number> {
  const { say } = bench;
  const many = Array.from({ length: MANY }, (_, index) =>
    bodyOf(bench, (steady[0] as Backend).address, 1, 10_000 + index),
  );
  await bench.client.loadBalancers.waitFor(balancer.id, 'ACTIVE', { intervalMs: 5 });
  const started = performance.now();
  await putMembers(bench, balancer.poolId, many);
  const accepted = performance.now();
  while ((await countServers(bench, balancer)) < MANY) await pause(10);
  const seconds = (performance.now() - accepted) / 1000;
  say(`batch: accepted after ${((accepted - started) / 1000).toFixed(2)} s, in effect ${seconds.toFixed(2)} s later`);
  await bench.client.loadBalancers.waitFor(balancer.id, 'ACTIVE', { intervalMs: 20 });
  return seconds;
}

/** The directory of the only amphora, as the host sees it. */
function amphoraLib(stateDir: string): string {
  const [id = ''] = readdirSync(join(stateDir, 'amphorae'));
  return join(stateDir, 'amphorae', id, 'lib');
}

function askHaproxy(path: string, command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    // The kernel takes 107 characters of a path; from the folder itself the name is enough.
    process.chdir(dirname(path));
    const socket = createConnection(basename(path), () => socket.end(`${command}\n`));
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    socket.once('error', reject).once('close', () => resolve(text));
  });
}

async function countServers({ stateDir }: Bench, { id, poolId }: Balancer): Promise<number> {
  const answer = await askHaproxy(join(amphoraLib(stateDir), `${id}.sock`), 'show stat -1 4 -1').catch(() => '');
  return answer.split('\n').filter((line) => line.startsWith(`${poolId}:`)).length;
}

/** Of the master process, since it started. */
async function countReloads({ stateDir }: Bench): Promise<number> {
  const lib = amphoraLib(stateDir);
  const name = readdirSync(lib).find((entry) => entry.endsWith('.master.sock')) ?? '';
  const answer = await askHaproxy(join(lib, name), 'show proc');
  return Number(/^\d+\s+master\s+(\d+)/m.exec(answer)?.[1] ?? 0);
}
