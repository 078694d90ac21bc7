/**
 * Heartbeats: one health manager, its PostgreSQL and a sender that plays all amphorae share the cores. Each amphora has 2
 * listeners with 6 members each. Alone: `npm run bench:controller heartbeats`.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { startPostgres } from '../packages/controller/src/local/postgres/start.ts';
import { stopPostgres } from '../packages/controller/src/local/postgres/stop.ts';
import { upgrade } from '../packages/controller/src/operator/db-manage.ts';
import type { Figure, FigureModule } from './controller-figure.ts';
import { type CloudState, cloudState, fillCloud } from './heartbeat-cloud.ts';

/** As many as one health manager should carry, at the interval that amphorae have by default. */
const WIDE = { amphorae: 50_000, intervalSeconds: 10, seconds: 60 };
/** As fast as it should go for good; a little more than the bar is offered. */
const DENSE = { amphorae: 5_000, rate: 5_250, seconds: 40 };
const WARM_UP_SECONDS = 20;
/** As `npm run octavia health-manager` starts it. */
const FLAGS = process.execArgv.filter((flag) => !flag.startsWith('--heap-growing-percent'));
const PORT = 5555;
const KEY = 'bench';
const PROGRAM = join(import.meta.dirname, '../packages/controller/bin/octavia.ts');
const SENDER = join(import.meta.dirname, 'heartbeat-sender.ts');
/** Octavia 11.0.0 with 1.3 processors, and 0.4 for MariaDB; 885 MB. */
const REFERENCE = { rate: 200, megabytes: 885, health: 1.3 / 200, database: 0.4 / 200 };

/** Ticks of a hundredth of a second: own user and system time, and those of children that have ended. */
function ticks(pid: number): { own: number; ended: number } {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    const at = (index: number) => fields[index] ?? 0;
    return { own: at(11) + at(12), ended: at(13) + at(14) };
  } catch {
    return { own: 0, ended: 0 };
  }
}

const processorSeconds = (pid: number): number => ticks(pid).own / 100;

/** Of PostgreSQL: connections come and go. */
function databaseSeconds(postmaster: number): number {
  const { own, ended } = ticks(postmaster);
  return childrenOf(postmaster).reduce((sum, pid) => sum + ticks(pid).own, own + ended) / 100;
}

function childrenOf(parent: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
        return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === parent;
      } catch {
        return false;
      }
    });
}

const peakMegabytes = (pid: number): number =>
  (Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024) / 1_000_000;

/** Datagrams the kernel threw away because the socket's buffer was full. */
function kernelDrops(): number {
  const port = `:${PORT.toString(16).toUpperCase().padStart(4, '0')} `;
  const line = readFileSync('/proc/net/udp', 'utf8')
    .split('\n')
    .find((text) => text.includes(port));
  return Number(line?.trim().split(/\s+/).at(-1) ?? 0);
}

class Sender {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  constructor(amphorae: number) {
    this.#child = spawn(process.execPath, [...process.execArgv, SENDER, String(amphorae), String(PORT), KEY], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const { stdout } = this.#child;
    if (!stdout) throw new Error('the sender has no output');
    this.#lines = createInterface({ input: stdout })[Symbol.asyncIterator]();
  }

  async ready(): Promise<void> {
    await this.#lines.next();
  }

  /** @returns messages sent */
  async run(rate: number, seconds: number): Promise<number> {
    this.#child.stdin?.write(`${rate} ${seconds}\n`);
    return Number((await this.#lines.next()).value);
  }

  close(): void {
    this.#child.kill('SIGTERM');
  }
}

interface Run {
  rate: number;
  dropped: number;
  /** Processor seconds per heartbeat. */
  health: number;
  database: number;
  /** Amphorae that were heard and whose load balancers are well at the end. */
  heard: number;
  /** Of the health manager, since its start. */
  megabytes: number;
}

type Say = (line: string) => void;

/** A health manager of its own with its database, and a sender for all its amphorae; first warm, then measured. */
async function measureRate(name: string, amphorae: number, rate: number, seconds: number, say: Say): Promise<Run> {
  const folder = mkdtempSync(join(tmpdir(), 'octavia-bench-heartbeats-'));
  const { url } = await startPostgres({ stateDir: folder, log: () => undefined });
  const postmaster = Number(readFileSync(join(folder, 'postgres/data/postmaster.pid'), 'utf8').split('\n')[0]);
  let manager: ChildProcess | null = null;
  let sender: Sender | null = null;
  try {
    await upgrade(url);
    await fillCloud(url, amphorae);
    say(`${amphorae} amphorae are known`);
    manager = spawn(process.execPath, [...FLAGS, PROGRAM, 'health-manager'], {
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, ...settings(url) },
    });
    sender = new Sender(amphorae);
    await Promise.all([sender.ready(), pause(3_000)]);
    const { pid = 0 } = manager;
    let sent = await sender.run(amphorae / 10, WARM_UP_SECONDS);
    const before = await arrived(url, sent);
    const lost = sent - before.applied;
    const [ours, theirs] = [processorSeconds(pid), databaseSeconds(postmaster)];
    const started = performance.now();
    sent += await sender.run(rate, seconds);
    const atEnd = await cloudState(url);
    const elapsed = (performance.now() - started) / 1000;
    const cpu = [processorSeconds(pid) - ours, databaseSeconds(postmaster) - theirs] as const;
    const after = await arrived(url, sent);
    const applied = atEnd.applied - before.applied;
    const result: Run = {
      rate: applied / elapsed,
      dropped: sent - after.applied,
      health: cpu[0] / applied,
      database: cpu[1] / applied,
      heard: Math.min(after.alive, after.well),
      megabytes: peakMegabytes(pid),
    };
    say(
      `${name}: ${result.rate.toFixed(0)}/s, ${result.dropped} lost (${lost} while warming up, kernel ${kernelDrops()}), per heartbeat ${micro(result.health)} µs here and ${micro(result.database)} µs in PostgreSQL, ${result.megabytes.toFixed(0)} MB, ${after.alive} heard, ${after.well} well`,
    );
    return result;
  } finally {
    sender?.close();
    if (manager && manager.exitCode === null) {
      const ended = once(manager, 'exit');
      manager.kill('SIGTERM');
      await ended;
    }
    await stopPostgres(folder);
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The state once everything that was sent has been applied, or will not be any more. */
async function arrived(url: string, sent: number): Promise<CloudState> {
  let state = await cloudState(url);
  for (let tries = 0; state.applied < sent && tries < 20; tries += 1) {
    await pause(250);
    state = await cloudState(url);
  }
  return state;
}

async function measure(say: Say): Promise<Figure[]> {
  const dense = await measureRate('all day', DENSE.amphorae, DENSE.rate, DENSE.seconds, say);
  const rate = WIDE.amphorae / WIDE.intervalSeconds;
  return figures(dense, await measureRate('many amphorae', WIDE.amphorae, rate, WIDE.seconds, say));
}

const micro = (seconds: number): string => (seconds * 1e6).toFixed(0);

function figures(dense: Run, wide: Run): Figure[] {
  const figure = (
    name: string,
    value: number,
    unit: string,
    reference: number | null,
    bar: number | null,
    wanted: Figure['wanted'],
  ): Figure => ({ figure: name, value, unit, reference, bar, wanted });
  return [
    figure('heartbeats applied, one process', dense.rate, '/s', REFERENCE.rate, 5_000, 'at least'),
    figure('of them lost', dense.dropped, '', null, 0, 'at most'),
    figure('memory of the health manager, peak', dense.megabytes, 'MB', REFERENCE.megabytes, 250, 'at most'),
    figure('amphorae on one health manager, 10 s interval', wide.heard, '', null, WIDE.amphorae, 'at least'),
    figure('heartbeats of these lost', wide.dropped, '', null, 0, 'at most'),
    figure('memory of the health manager with these, peak', wide.megabytes, 'MB', null, null, 'at most'),
    figure(
      'processor per heartbeat, health manager',
      dense.health * 1e6,
      'µs',
      REFERENCE.health * 1e6,
      null,
      'at most',
    ),
    figure('processor per heartbeat, database', dense.database * 1e6, 'µs', REFERENCE.database * 1e6, null, 'at most'),
  ];
}

/** Everything else stays as shipped. */
const settings = (url: string): Record<string, string> => ({
  OS_DATABASE__CONNECTION: url,
  OS_CONTROLLER_WORKER__NETWORK_DRIVER: 'network_noop_driver',
  OS_CONTROLLER_WORKER__COMPUTE_DRIVER: 'compute_noop_driver',
  OS_CONTROLLER_WORKER__AMPHORA_DRIVER: 'amphora_noop_driver',
  OS_HEALTH_MANAGER__BIND_IP: '127.0.0.1',
  OS_HEALTH_MANAGER__BIND_PORT: String(PORT),
  OS_HEALTH_MANAGER__HEARTBEAT_KEY: KEY,
  OS_HEALTH_MANAGER__SOCK_RLIMIT: '4194304',
});

export const heartbeats: FigureModule = { name: 'heartbeats', measure };

if (process.argv[1] === import.meta.filename) {
  for (const { figure, value, unit } of await measure((line) => void process.stderr.write(`${line}\n`))) {
    process.stdout.write(`${figure}: ${value.toPrecision(4)} ${unit}\n`);
  }
}
