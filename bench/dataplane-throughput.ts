/**
 * Requests through the VIP against requests through a HAProxy with the least a file can say, in the same namespace behind the
 * same interface. In short rounds, in turns: whatever else the machine does meets both.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BACKEND_PORT, type Backend } from '../demo/backend.ts';
import type { Balancer } from '../demo/balancer.ts';
import { waitForAnswer } from '../demo/traffic.ts';
import type { Bench } from './dataplane-bench.ts';
import { measure, request } from './load.ts';
import { percentile } from './statistics.ts';

export const LOAD_CLIENTS = 8;
const ROUNDS = 40;
const ROUND_MS = 400;

export interface Throughput {
  /** Requests a second through the VIP, of those through the plain HAProxy: medians. */
  rateShare: number;
  /** Processor time that HAProxy takes for a request, of what the plain one takes: medians. */
  processorShare: number;
}

interface Side {
  address: string;
  /** HAProxy's processes. */
  pids: number[];
  rates: number[];
  /** Microseconds of processor time for a request. */
  costs: number[];
}

const median = (samples: readonly number[]): number => percentile(samples, 0.5);

export async function measureThroughput(bench: Bench, balancer: Balancer, backends: Backend[]): Promise<Throughput> {
  const { say, cleanup } = bench;
  const plain = await startPlainHaproxy(bench, balancer, backends);
  cleanup.add('plain HAProxy', () => void plain.process.kill('SIGKILL'));
  const ours: Side = { address: balancer.vip, pids: haproxyPids(balancer.id), rates: [], costs: [] };
  const theirs: Side = { address: plain.address, pids: [plain.process.pid ?? 0], rates: [], costs: [] };
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const side of round % 2 === 0 ? [ours, theirs] : [theirs, ours]) await measureRound(side);
  }
  plain.process.kill('SIGKILL');
  for (const [name, { rates, costs }] of Object.entries({ 'the VIP': ours, 'a plain HAProxy': theirs })) {
    const [low, middle, high] = [0.1, 0.5, 0.9].map((share) => percentile(rates, share).toFixed(0));
    say(
      `throughput through ${name}: ${middle}/s (${low} to ${high}), ${median(costs).toFixed(1)} µs of HAProxy's a request`,
    );
  }
  return {
    rateShare: median(ours.rates) / median(theirs.rates),
    processorShare: median(ours.costs) / median(theirs.costs),
  };
}

async function measureRound({ address, pids, rates, costs }: Side): Promise<void> {
  const text = request('GET', '/');
  const before = processorSeconds(pids);
  const { requests, perSecond } = await measure(
    { host: address, port: 80, clients: LOAD_CLIENTS, next: () => text },
    ROUND_MS,
  );
  rates.push(perSecond);
  costs.push((1e6 * (processorSeconds(pids) - before)) / requests);
}

async function startPlainHaproxy(
  { stateDir, controlPlane }: Bench,
  balancer: Balancer,
  backends: Backend[],
): Promise<{ process: ChildProcess; address: string }> {
  const response = await fetch(`${controlPlane.endpoint}/v2/octavia/amphorae?loadbalancer_id=${balancer.id}`);
  const { amphorae } = (await response.json()) as { amphorae: { vrrp_ip: string }[] };
  // The port filter lets the listener's port in, whatever address of the amphora it is for.
  const address = amphorae[0]?.vrrp_ip ?? '';
  const file = join(stateDir, 'plain-haproxy.cfg');
  const servers = backends.map((one, index) => `  server s${index} ${one.address}:${BACKEND_PORT}\n`).join('');
  writeFileSync(
    file,
    `defaults\n  mode http\n  timeout client 50s\n  timeout server 50s\n  timeout connect 5s\nfrontend f\n  bind ${address}:80\n  default_backend b\nbackend b\n${servers}`,
  );
  const [pid] = haproxyPids(balancer.id);
  const child = spawn('nsenter', [`--net=/proc/${pid}/ns/net`, 'haproxy', '-db', '-f', file], {
    stdio: ['ignore', 'ignore', 'inherit'],
    // The kernel shares the processors out by sessions: as the amphora, it gets one of its own.
    detached: true,
  });
  child.once('exit', () => rmSync(file, { force: true }));
  await waitForAnswer(address, (answer) => answer.status === 200);
  return { process: child, address };
}

/** As the host counts. */
function haproxyPids(loadBalancerId: string): number[] {
  const pids = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((entry) => {
      try {
        const line = readFileSync(`/proc/${entry}/cmdline`, 'utf8');
        return /(^|\/)haproxy\0/.test(line) && line.includes(loadBalancerId) ? [Number(entry)] : [];
      } catch {
        // It has ended meanwhile.
        return [];
      }
    });
  if (pids.length === 0) throw new Error(`No HAProxy of load balancer ${loadBalancerId} runs.`);
  return pids;
}

/** Processor time of all threads; the kernel counts it in nanoseconds. */
function processorSeconds(pids: readonly number[]): number {
  const threads = pids.flatMap((pid) => readdirSync(`/proc/${pid}/task`).map((thread) => `${pid}/task/${thread}`));
  const ran = threads.map((thread) => Number(readFileSync(`/proc/${thread}/schedstat`, 'utf8').split(' ')[0]));
  return ran.reduce((sum, nanoseconds) => sum + nanoseconds, 0) / 1e9;
}
