/** Rates of network and processor, from samples taken every 30 seconds. */
import { readFile } from 'node:fs/promises';
import type { AgentDetails } from '@octavia/protocol/agent-api';
import type { TrafficNamespace } from '../network/namespace.ts';

interface Sample {
  /** Milliseconds. */
  at: number;
  bytes: Map<string, { rx: number; tx: number }>;
  cpu: CpuTicks;
}

interface CpuTicks {
  user: number;
  system: number;
  softIrq: number;
  idle: number;
}

const SAMPLE_INTERVAL_MS = 30_000;

/** @param stat content of /proc/stat */
function parseCpu(stat: string): CpuTicks {
  const ticks = /^cpu\s+(.*)$/m.exec(stat)?.[1]?.split(/\s+/).map(Number) ?? [];
  const [user = 0, nice = 0, system = 0, idle = 0, wait = 0, irq = 0, softIrq = 0] = ticks;
  return { user: user + nice, system: system + irq, softIrq, idle: idle + wait };
}

export class Activity {
  readonly #namespace: TrafficNamespace;
  /** Oldest first; two are enough for a rate over 30 to 60 seconds. */
  #samples: Sample[] = [];
  #timer: NodeJS.Timeout | null = null;

  constructor(namespace: TrafficNamespace) {
    this.#namespace = namespace;
  }

  start(): void {
    const take = async (): Promise<void> => {
      // A sample that fails leaves a longer period, nothing worse.
      const sample = await this.#sample().catch(() => null);
      if (sample !== null) this.#samples = [...this.#samples.slice(-1), sample];
    };
    void take();
    this.#timer = setInterval(take, SAMPLE_INTERVAL_MS);
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
  }

  async rates(): Promise<Pick<AgentDetails, 'networks' | 'cpu'>> {
    const now = await this.#sample();
    const before = this.#samples.find((sample) => sample.at < now.at) ?? now;
    const seconds = Math.max((now.at - before.at) / 1_000, 0.001);
    const networks = [...now.bytes].map(([name, { rx, tx }]) => {
      const start = before.bytes.get(name) ?? { rx, tx };
      const rate = (bytes: number): number => Math.max(0, Math.round(bytes / seconds));
      return [name, { network_tx: rate(tx - start.tx), network_rx: rate(rx - start.rx) }] as const;
    });
    return { networks: Object.fromEntries(networks), cpu: fractions(before.cpu, now.cpu) };
  }

  async #sample(): Promise<Sample> {
    const bytes = await this.#namespace.byteCounters();
    return { at: performance.now(), bytes, cpu: parseCpu(await readFile('/proc/stat', 'utf8')) };
  }
}

function fractions(before: CpuTicks, now: CpuTicks): AgentDetails['cpu'] {
  const user = now.user - before.user;
  const system = now.system - before.system;
  const softIrq = now.softIrq - before.softIrq;
  const all = user + system + softIrq + now.idle - before.idle;
  const part = (ticks: number): number => (all > 0 ? Math.round((ticks / all) * 1_000) / 1_000 : 0);
  return { total: part(user + system + softIrq), user: part(user), system: part(system), soft_irq: part(softIrq) };
}
