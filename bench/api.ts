/**
 * `npm run bench:api`: the API under load, against the figures of OpenStack Octavia. `--json` for machines.
 *
 * The reference, Octavia 11.0.0 from Debian 12 (uwsgi with 2 processes of 32 threads, MariaDB 10.11, 8 clients; 4 for batches),
 * was measured on a machine with 2 cores that API, database and load generator shared. Creates and batches are those of the
 * provider `amphora` on no-op drivers, with a worker that carries them out beside it; the rest was filled with `noop_driver`.
 * Compare only figures of one machine: the ratios here are exact on one like that. `--peer` measures creates and batches
 * of OpenStack Octavia first, for ratios of one run (see `api-peer.ts`).
 */
import { cpuText, measurePeer, peerRates } from './api-peer.ts';
import { type BenchServer, benchServer } from './api-server.ts';
import { full, simple, wide } from './api-shapes.ts';
import { type Plan, type Write, Writes } from './api-writes.ts';
import { type Measured, measure, request } from './load.ts';
import { inOwnNetwork } from './own-network.ts';
import { percentile } from './statistics.ts';

/** Requests per second of the reference. */
const REFERENCE = {
  listOf100: 12.59,
  listOf1000: 1.37,
  show: 25.12,
  statusTree: 28.21,
};

/**
 * Stands in where there is no `--peer`: the upper end of 8 to 11 simple creates that were seen; a full create from the 1.1 s of
 * CPU that it took on a busy machine with two cores; batches through `noop_driver`, without a worker. Ratios to these are
 * a hint. Only a run with `--peer` measures both sides alike.
 */
const WRITE_REFERENCE: Record<Write, number> = {
  'create, one project': 11,
  'create, many projects': 11,
  'fully populated create': 1.8,
  'batch of 100 members created': 2.65,
  'batch of 100 members updated': 6.23,
};
const WRITE_BARS: Record<Write, number> = {
  'create, one project': 12,
  'create, many projects': 12,
  'fully populated create': 30,
  'batch of 100 members created': 30,
  'batch of 100 members updated': 30,
};
const WRITE_PLAN: Plan = { batches: 100, runs: 3, runMs: 3000 };

interface Figure {
  figure: string;
  value: number;
  unit: 'req/s' | 'ms' | 's' | 'MB';
  /** Times the reference, when it was measured there. */
  times?: number;
  /** `≥` for rates (times the reference), `≤` for the rest. */
  bar: number | null;
  ok: boolean;
  /** Milliseconds of CPU a request, by process. */
  cpu?: Record<string, number>;
}

const CLIENTS = 8;
const RUNS = 3;
const RUN_MS = 3000;
const LIST = '/v2/lbaas/loadbalancers';
const json = process.argv.includes('--json');
/** Progress is not part of the result. */
const say = (line: string): void => void process.stderr.write(`${line}\n`);

const median = (values: readonly number[]): number => percentile(values, 0.5);
const round = (value: number): number => Number(value.toPrecision(4));

function rate(figure: string, value: number, reference: number, bar: number | null): Figure {
  const times = round(value / reference);
  return { figure, value: round(value), unit: 'req/s', times, bar, ok: bar === null || times >= bar };
}

const amount = (figure: string, value: number, unit: Figure['unit'], bar: number): Figure => ({
  figure,
  value: round(value),
  unit,
  bar,
  ok: value <= bar,
});

class Bench {
  readonly #server: BenchServer;
  readonly figures: Figure[] = [];
  #created = 0;
  #peakMegabytes = 0;

  constructor(server: BenchServer) {
    this.#server = server;
  }

  async run(): Promise<void> {
    await this.#starts();
    await this.#fill(100);
    await this.#rate('list of 100', REFERENCE.listOf100, 60, () => request('GET', LIST));
    await this.#fill(1000);
    await this.#rate('list of 1,000', REFERENCE.listOf1000, null, () => request('GET', LIST));
    const balancers = await this.#list();
    const one = balancers[500]?.id;
    await this.#rate('show one of 1,000', REFERENCE.show, 60, () => request('GET', `${LIST}/${one}`));
    await this.#rate('status tree of one of 1,000', REFERENCE.statusTree, 60, () =>
      request('GET', `${LIST}/${one}/status`),
    );
    await this.#writes();
    await this.#wide();
    await this.#pageOfTenThousand();
    this.#note(amount('memory of the API under load (RSS), peak', this.#peakMegabytes, 'MB', 250));
  }

  #note(figure: Figure): void {
    this.figures.push(figure);
    say(line(figure));
  }

  #create(body: unknown): Buffer {
    this.#created += 1;
    return request('POST', LIST, body);
  }

  async #starts(): Promise<void> {
    const seconds: number[] = [];
    for (let run = 0; run < RUNS; run += 1) {
      await this.#server.stopApi();
      seconds.push(await this.#server.start());
    }
    this.#note(amount('start to first answer, database present', median(seconds), 's', 1));
  }

  async #measure(clients: number, next: () => Buffer | null, milliseconds?: number): Promise<Measured> {
    const { host, port } = this.#server;
    const measured = await measure({ host, port, clients, next }, milliseconds);
    this.#look();
    if (measured.errors.length > 0) throw new Error(`refused: ${measured.errors[0]}`);
    return measured;
  }

  /** Median of several runs after a short one that is not counted. */
  async #rate(figure: string, reference: number, bar: number | null, next: () => Buffer): Promise<void> {
    await this.#measure(CLIENTS, next, RUN_MS / 3);
    const rates: number[] = [];
    for (let run = 0; run < RUNS; run += 1) rates.push((await this.#measure(CLIENTS, next, RUN_MS)).perSecond);
    this.#note(rate(figure, median(rates), reference, bar));
  }

  async #writes(): Promise<void> {
    const { host, port } = this.#server;
    this.#server.startWorker();
    const target = { host, port, cpu: () => this.#server.cpu(), measured: () => this.#look() };
    const peer = peerRates();
    await new Writes(target, WRITE_PLAN).run((write, { perSecond, cpu }) => {
      const reference = peer[write]?.perSecond ?? WRITE_REFERENCE[write];
      this.#note({ ...rate(write, perSecond, reference, WRITE_BARS[write]), cpu });
    });
  }

  #look(): void {
    this.#peakMegabytes = Math.max(this.#peakMegabytes, this.#server.residentMegabytes());
  }

  async #fill(count: number): Promise<void> {
    await this.#measure(CLIENTS, () =>
      this.#created < count ? this.#create(full(this.#created, 'noop_driver')) : null,
    );
    await this.#settled();
  }

  async #json(path: string, method = 'GET', body?: unknown) {
    const response = await fetch(`http://${this.#server.host}:${this.#server.port}${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return response.json();
  }

  async #list(query = ''): Promise<{ id: string; pools: { id: string }[] }[]> {
    const { loadbalancers } = (await this.#json(`${LIST}${query}`)) as Record<string, never>;
    return loadbalancers as unknown as { id: string; pools: { id: string }[] }[];
  }

  /** Waits until nothing is PENDING. */
  async #settled(): Promise<void> {
    for (const status of ['PENDING_CREATE', 'PENDING_UPDATE']) {
      while ((await this.#list(`?provisioning_status=${status}&limit=1&fields=id`)).length > 0) {
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  }

  async #wide(): Promise<void> {
    const { loadbalancer } = (await this.#json(LIST, 'POST', wide())) as { loadbalancer: { id: string } };
    await this.#settled();
    const show = request('GET', `${LIST}/${loadbalancer.id}`);
    const { latencies } = await this.#measure(1, () => show, RUN_MS);
    this.#note(amount('show of a load balancer with 50 pools, p50', median(latencies), 'ms', 5));
  }

  async #pageOfTenThousand(): Promise<void> {
    await this.#measure(CLIENTS, () =>
      this.#created < 10_000 ? this.#create(simple(this.#created, false, 'noop_driver')) : null,
    );
    await this.#settled();
    const page = request('GET', `${LIST}?limit=50`);
    const { latencies } = await this.#measure(CLIENTS, () => page, RUN_MS);
    this.#note(amount('list 50 of 10,000, p95', percentile(latencies, 0.95), 'ms', 50));
  }
}

function line({ figure, value, unit, times, bar, ok, cpu }: Figure): string {
  const shown = `${value.toLocaleString('en-US')} ${unit}`.padStart(14);
  const compared = times === undefined ? '' : `${times.toFixed(1)} ×`;
  const wanted = bar === null ? '' : `   (bar: ${times === undefined ? `≤ ${bar} ${unit}` : `≥ ${bar} ×`})`;
  return `${ok ? 'ok  ' : 'MISS'}  ${figure.padEnd(46)} ${shown} ${compared.padStart(9)}${wanted}${cpuText(cpu ?? {})}`;
}

async function inside(): Promise<void> {
  const server = await benchServer();
  const end = () => void server.close().then(() => process.exit(130));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, end);
  try {
    const bench = new Bench(server);
    await bench.run();
    if (json) process.stdout.write(`${JSON.stringify(bench.figures, null, 2)}\n`);
    else for (const figure of bench.figures) process.stdout.write(`${line(figure)}\n`);
    if (bench.figures.some(({ ok }) => !ok)) process.exitCode = 1;
  } finally {
    await server.close();
  }
}

await measurePeer(say);
await inOwnNetwork(import.meta.filename, inside);
