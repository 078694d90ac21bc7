/** What the driver agent, a process of its own, takes from drivers of other providers, and what it needs for that. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { frame } from '@octavia/provider-lib';
import { startPostgres } from '../../packages/controller/src/local/postgres/start.ts';
import { stopPostgres } from '../../packages/controller/src/local/postgres/stop.ts';
import { upgrade } from '../../packages/controller/src/operator/db-manage.ts';
import { Store } from '../../packages/controller/src/store/core/database.ts';
import { insertTree } from '../../packages/controller/src/store/resources/new-trees.ts';
import { aListener, aLoadBalancer, aMember, aPool } from '../../packages/controller/test/support/resources.ts';
import type { FigureModule } from '../controller-figure.ts';
import { cpuSeconds } from '../cpu.ts';
import { residentMegabytes } from '../memory.ts';
import { percentile } from '../statistics.ts';

const PROGRAM = join(import.meta.dirname, '../../packages/controller/bin/octavia.ts');
const CACHE = join(import.meta.dirname, '../../node_modules/.cache/octavia');
const CLIENTS = 50;
const TREES = 200;
/** With load balancer, listener and pool: ten objects. */
const MEMBERS = 7;
const ROUND_MS = 10_000;
const IDLE_MS = 5000;

interface Message {
  /** One of the two that alternate, so that every one changes something. */
  bytes: [Uint8Array, Uint8Array];
}

/** A load balancer with ten objects, and what its driver says of them. */
async function plant(store: Store): Promise<Message> {
  const loadBalancer = aLoadBalancer({ provider: 'bench', projectId: 'bench' });
  const pool = aPool(loadBalancer.id);
  const listener = aListener(loadBalancer.id, { defaultPoolId: pool.id });
  const members = Array.from({ length: MEMBERS }, (_, n) => aMember(pool.id, { address: `192.0.2.${n + 1}` }));
  const below = { listeners: [listener], pools: [pool], members, healthMonitors: [], l7policies: [], l7rules: [] };
  await store.transaction((tx) => insertTree(tx, { loadBalancer, ...below, operation: null }));
  const say = (operating_status: string) => {
    const of = ({ id }: { id: string }) => ({ id, provisioning_status: 'ACTIVE', operating_status });
    return frame({
      members: members.map(of),
      pools: [of(pool)],
      listeners: [of(listener)],
      loadbalancers: [of(loadBalancer)],
    });
  };
  return { bytes: [say('ONLINE'), say('DEGRADED')] };
}

/** As a driver does it: a connection for each message. */
function send(path: string, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ path }, () => socket.write(bytes));
    let answer = '';
    socket.setEncoding('latin1').on('data', (text: string) => {
      answer += text;
    });
    socket.once('error', reject);
    socket.once('close', () => {
      if (answer === '20\n{"status_code": 200}') resolve();
      else reject(new Error(`The driver agent answered ${JSON.stringify(answer)}`));
    });
  });
}

/** All clients at once, each with its next message as soon as the last one is answered. @returns milliseconds of each message */
async function load(path: string, messages: readonly Message[], durationMs: number): Promise<number[]> {
  const end = performance.now() + durationMs;
  const samples: number[] = [];
  const client = async (first: number) => {
    for (let turn = 0; performance.now() < end; turn += 1) {
      const message = messages[(first + turn * CLIENTS) % messages.length] as Message;
      const began = performance.now();
      await send(path, message.bytes[Math.floor(turn / (messages.length / CLIENTS)) % 2 === 0 ? 0 : 1]);
      samples.push(performance.now() - began);
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, (_, index) => client(index)));
  return samples;
}

/** Waits until it answers. */
async function ready(child: ChildProcess, path: string): Promise<ChildProcess> {
  const answers = () =>
    send(path, frame({})).then(
      () => true,
      () => false,
    );
  while (!(await answers())) {
    if (child.exitCode !== null) throw new Error('The driver agent has ended');
    await pause(50);
  }
  return child;
}

async function stop(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
}

export const driverAgent: FigureModule = {
  name: 'driver-agent',
  async measure(say) {
    const folder = mkdtempSync(join(tmpdir(), 'octavia-bench-'));
    const { url } = await startPostgres({ stateDir: folder, log: () => undefined });
    await upgrade(url);
    const path = (name: string) => join(folder, `${name}.sock`);
    // As `npm run octavia` starts it.
    const flags = ['--disable-warning=ExperimentalWarning', '--max-semi-space-size=8', '--heap-growing-percent=40'];
    const start = () =>
      spawn(process.execPath, [...flags, PROGRAM, 'driver-agent'], { env, stdio: ['ignore', 'ignore', 'inherit'] });
    const env = {
      ...process.env,
      NODE_COMPILE_CACHE: CACHE,
      OS_DATABASE__CONNECTION: url,
      OS_CONTROLLER_WORKER__NETWORK_DRIVER: 'network_noop_driver',
      OS_DRIVER_AGENT__STATUS_SOCKET_PATH: path('status'),
      OS_DRIVER_AGENT__STATS_SOCKET_PATH: path('stats'),
      OS_DRIVER_AGENT__GET_SOCKET_PATH: path('get'),
      // Of so many clients none waits for a place, and no warning is written.
      OS_DRIVER_AGENT__STATUS_MAX_PROCESSES: String(2 * CLIENTS),
    };
    // As all starts but the first after an upgrade: what Node compiles is in its cache.
    await stop(await ready(start(), path('status')));
    const child = await ready(start(), path('status'));
    try {
      const store = new Store({ url, maxConnections: 4 });
      const messages: Message[] = [];
      for (let n = 0; n < TREES; n += 1) messages.push(await plant(store));
      await store.close();
      await pause(IDLE_MS);
      const memory = residentMegabytes(child.pid ?? 0);
      say('warming up ...');
      await load(path('status'), messages, 3000);
      say(`${CLIENTS} clients report ten objects each ...`);
      const used = cpuSeconds(child.pid ?? 0);
      const began = performance.now();
      const samples = await load(path('status'), messages, ROUND_MS);
      const rate = (samples.length / (performance.now() - began)) * 1000;
      const micros = (seconds: number) => ((seconds * 1e6) / samples.length).toFixed(0);
      const afterwards = residentMegabytes(child.pid ?? 0);
      say(
        `median ${percentile(samples, 0.5).toFixed(1)} ms; CPU of the agent ${micros(cpuSeconds(child.pid ?? 0) - used)} µs a message; ${afterwards.toFixed(1)} MB under load`,
      );
      return [
        {
          figure: `status message of 10 objects, ${CLIENTS} clients at once, p95`,
          value: percentile(samples, 0.95),
          unit: 'ms',
          reference: null,
          bar: 25,
          wanted: 'at most',
        },
        {
          figure: 'status messages of 10 objects',
          value: rate,
          unit: '/s',
          reference: null,
          bar: 1500,
          wanted: 'at least',
        },
        {
          figure: 'driver agent alone, at rest, RSS',
          value: memory,
          unit: 'MB',
          reference: null,
          bar: 90,
          wanted: 'at most',
        },
      ];
    } finally {
      await stop(child);
      await stopPostgres(folder);
      rmSync(folder, { recursive: true, force: true });
    }
  },
};
