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
import { upgrade } from '../packages/controller/src/services/db-manage.ts';
import { startPostgres } from '../packages/controller/src/services/postgres/start.ts';
import { stopPostgres } from '../packages/controller/src/services/postgres/stop.ts';
import type { Figure, FigureModule } from './controller-figure.ts';
import { cloudState, fillCloud } from './heartbeat-cloud.ts';

const AMPHORAE = 50_000;
const INTERVAL_S = 10;
const PORT = 5555;
const KEY = 'bench';
const PROGRAM = join(import.meta.dirname, '../packages/controller/bin/octavia.ts');
const SENDER = join(import.meta.dirname, 'heartbeat-sender.ts');
/** Octavia 11.0.0 with 1.3 processors, and 0.4 for MariaDB; 885 MB. */
const REFERENCE = { rate: 200, megabytes: 885, health: 1.3 / 200, database: 0.4 / 200 };
const FAST_RATE = 6_500;
const FAST_SECONDS = 30;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

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

  constructor() {
    this.#child = spawn(process.execPath, [...process.execArgv, SENDER, String(AMPHORAE), String(PORT), KEY], {
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
}

async function measure(say: (line: string) => void): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'octavia-bench-heartbeats-'));
  const { url } = await startPostgres({ stateDir: folder, log: () => undefined });
  const postmaster = Number(readFileSync(join(folder, 'postgres/data/postmaster.pid'), 'utf8').split('\n')[0]);
  let manager: ChildProcess | null = null;
  let sender: Sender | null = null;
  try {
    await upgrade(url);
    await fillCloud(url, AMPHORAE);
    say(`${AMPHORAE} amphorae are known`);
    manager = spawn(process.execPath, [...process.execArgv, PROGRAM, 'health-manager'], {
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, ...settings(url) },
    });
    sender = new Sender();
    await Promise.all([sender.ready(), pause(3_000)]);
    const { pid = 0 } = manager;
    let sent = 0;
    const run = async (name: string, rate: number, seconds: number): Promise<Run> => {
      const before = await cloudState(url);
      const [ours, theirs] = [processorSeconds(pid), databaseSeconds(postmaster)];
      const started = performance.now();
      sent += (await sender?.run(rate, seconds)) ?? 0;
      let state = await cloudState(url);
      const cpu = [processorSeconds(pid) - ours, databaseSeconds(postmaster) - theirs] as const;
      const elapsed = (performance.now() - started) / 1000;
      const applied = state.applied - before.applied;
      for (let tries = 0; state.applied < sent && tries < 20; tries += 1) {
        await pause(250);
        state = await cloudState(url);
      }
      const result = {
        rate: applied / elapsed,
        dropped: sent - state.applied,
        health: cpu[0] / applied,
        database: cpu[1] / applied,
      };
      say(
        `${name}: ${result.rate.toFixed(0)}/s, ${result.dropped} lost (kernel ${kernelDrops()}), per heartbeat ${micro(result.health)} µs here and ${micro(result.database)} µs in PostgreSQL, ${peakMegabytes(pid).toFixed(0)} MB, ${state.alive} heard, ${state.well} well`,
      );
      return result;
    };
    await run('warming up', AMPHORAE / INTERVAL_S, INTERVAL_S * 2);
    const steady = await run('one interval of 10 s each', AMPHORAE / INTERVAL_S, INTERVAL_S * 6);
    const { alive, well } = await cloudState(url);
    const fast = await run('faster', FAST_RATE, FAST_SECONDS);
    const megabytes = peakMegabytes(pid);
    return figures(steady, fast, Math.min(alive, well), megabytes);
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

const micro = (seconds: number): string => (seconds * 1e6).toFixed(0);

function figures(steady: Run, fast: Run, heard: number, megabytes: number): Figure[] {
  const figure = (
    name: string,
    value: number,
    unit: string,
    reference: number | null,
    bar: number | null,
    wanted: Figure['wanted'],
  ): Figure => ({ figure: name, value, unit, reference, bar, wanted });
  return [
    figure('heartbeats applied, one process', fast.rate, '/s', REFERENCE.rate, 5_000, 'at least'),
    figure('of them lost', steady.dropped + fast.dropped, '', null, 0, 'at most'),
    figure('memory of the health manager, peak', megabytes, 'MB', REFERENCE.megabytes, 250, 'at most'),
    figure('amphorae on one health manager, 10 s interval', heard, '', null, AMPHORAE, 'at least'),
    figure(
      'processor per heartbeat, health manager',
      steady.health * 1e6,
      'µs',
      REFERENCE.health * 1e6,
      null,
      'at most',
    ),
    figure('processor per heartbeat, database', steady.database * 1e6, 'µs', REFERENCE.database * 1e6, null, 'at most'),
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
