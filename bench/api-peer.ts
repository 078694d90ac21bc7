/**
 * Another service that speaks the API, for figures of one run: `--peer http://127.0.0.1:9876`, its database empty, its provider
 * `amphora` on no-op drivers and its worker running. `--peer-pids api=FILE,worker=FILE,database=FILE` names its files with
 * process ids, for the CPU per request.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type Plan, type Rate, type Write, Writes } from './api-writes.ts';
import { cpuSeconds } from './cpu.ts';

/** Handed to the process in the network namespace, from which the other service cannot be reached. */
const MEASURED = 'OCTAVIA_BENCH_PEER';
/** Some ten requests a second, and its worker needs seconds of CPU for each batch: enough to tell, and settled in minutes. */
const PLAN: Plan = { batches: 12, runs: 2, runMs: 6000 };

export type PeerRates = Partial<Record<Write, Rate>>;

function options(): { peer: string | undefined; pids: [name: string, pid: number][] } {
  const { values } = parseArgs({
    options: { peer: { type: 'string' }, 'peer-pids': { type: 'string' }, json: { type: 'boolean' } },
  });
  const pids = (values['peer-pids']?.split(',') ?? []).map((entry): [string, number] => {
    const [name = '', file = ''] = entry.split('=');
    return [name, Number(readFileSync(file, 'utf8'))];
  });
  return { peer: values.peer, pids };
}

/** Measures the other service, when one is named, before this one is started. */
export async function measurePeer(say: (line: string) => void): Promise<void> {
  const { peer, pids } = options();
  if (peer === undefined || process.env[MEASURED] !== undefined) return;
  const { hostname: host, port } = new URL(peer);
  const cpu = () => Object.fromEntries(pids.map(([name, pid]) => [name, cpuSeconds(pid)]));
  const rates: PeerRates = {};
  await new Writes({ host, port: Number(port), cpu }, PLAN).run((write, rate) => {
    rates[write] = rate;
    say(`peer: ${write} ${rate.perSecond.toFixed(2)} req/s${cpuText(rate.cpu)}`);
  });
  process.env[MEASURED] = JSON.stringify(rates);
}

export const peerRates = (): PeerRates => JSON.parse(process.env[MEASURED] ?? '{}') as PeerRates;

/** e.g. ` (CPU a request: api 1.20, worker 3.40 ms)` */
export function cpuText(cpu: Record<string, number>): string {
  const parts = Object.entries(cpu).map(([name, milliseconds]) => `${name} ${milliseconds.toFixed(2)}`);
  return parts.length === 0 ? '' : `   (CPU a request: ${parts.join(', ')} ms)`;
}
