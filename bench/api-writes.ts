/** Creates and batches through the provider `amphora`, the same for this service and for another that speaks the API. */
import { setTimeout as pause } from 'node:timers/promises';
import { full, hundredMembers, poolOf, simple } from './api-shapes.ts';
import { type Load, type Measured, measure, request } from './load.ts';
import { percentile } from './statistics.ts';

export const WRITES = [
  'create, one project',
  'create, many projects',
  'fully populated create',
  'batch of 100 members created',
  'batch of 100 members updated',
] as const;
export type Write = (typeof WRITES)[number];

export interface Rate {
  perSecond: number;
  /** Milliseconds of CPU a request, by process. */
  cpu: Record<string, number>;
}

export interface Target {
  readonly host: string;
  readonly port: number;
  /** Seconds of CPU so far, by process. */
  cpu(): Record<string, number>;
  /** Called after each run. */
  measured?(): void;
}

export interface Plan {
  /** Each on a pool of its own, so that no two requests meet the same lock. */
  batches: number;
  runs: number;
  runMs: number;
}

const CLIENTS = 8;
const BATCH_CLIENTS = 4;
/** Between looks at what is not settled yet: each look costs OpenStack Octavia as much as several changes. */
const POLL_MS = 500;
const LIST = '/v2/lbaas/loadbalancers';
const median = (values: readonly number[]): number => percentile(values, 0.5);

export class Writes {
  readonly #target: Target;
  readonly #plan: Plan;
  readonly #rates = new Map<Write, Rate[]>();
  #created = 0;

  constructor(target: Target, plan: Plan) {
    this.#target = target;
    this.#plan = plan;
  }

  async run(note: (write: Write, rate: Rate) => void): Promise<void> {
    const { batches, runs } = this.#plan;
    const create = (body: (index: number) => unknown) => () => {
      this.#created += 1;
      return request('POST', LIST, body(this.#created));
    };
    await this.#batches(
      note,
      await this.#pools(
        batches * runs,
        create((index) => simple(index, false, 'amphora')),
      ),
    );
    await this.#creates(
      note,
      'create, one project',
      create((index) => simple(index, true, 'amphora')),
    );
    await this.#creates(
      note,
      'create, many projects',
      create((index) => simple(index, false, 'amphora')),
    );
    await this.#creates(
      note,
      'fully populated create',
      create((index) => full(index, 'amphora')),
    );
    // Whoever is measured next has the machine for itself: what was accepted may take minutes of CPU to be carried out.
    await this.#settled(['loadbalancers']);
  }

  /**
   * So many pools, each of its own load balancer, ready for a change. Made one by one: pools of a fully populated create stay
   * PENDING_CREATE for good in OpenStack Octavia.
   */
  async #pools(count: number, next: () => Buffer): Promise<string[]> {
    let left = count;
    await this.#measure({ clients: CLIENTS, next: () => (left-- > 0 ? next() : null) });
    await this.#settled();
    const balancers = await this.#list('loadbalancers', `?provider=amphora&limit=${count}&fields=id`);
    const waiting = balancers.map(({ id }) => request('POST', '/v2/lbaas/pools', poolOf(id)));
    await this.#measure({ clients: CLIENTS, next: () => waiting.shift() ?? null });
    await this.#settled();
    return (await this.#list('pools', `?limit=${count}&name=batches&fields=id`)).map(({ id }) => id);
  }

  async #batches(note: (write: Write, rate: Rate) => void, pools: string[]): Promise<void> {
    const { batches, runs } = this.#plan;
    for (let run = 0; run < runs; run += 1) {
      const own = pools.slice(run * batches, (run + 1) * batches);
      for (const [write, weight] of [
        ['batch of 100 members created', 1],
        ['batch of 100 members updated', 7],
      ] as const) {
        const waiting = own.map((id) => request('PUT', `/v2/lbaas/pools/${id}/members`, hundredMembers(weight)));
        await this.#timed(write, { clients: BATCH_CLIENTS, next: () => waiting.shift() ?? null });
        await this.#settled();
      }
    }
    note('batch of 100 members created', this.#rate('batch of 100 members created'));
    note('batch of 100 members updated', this.#rate('batch of 100 members updated'));
  }

  /** Several runs after a short one that is not counted. What is accepted is carried out meanwhile. */
  async #creates(note: (write: Write, rate: Rate) => void, write: Write, next: () => Buffer): Promise<void> {
    const { runs, runMs } = this.#plan;
    await this.#measure({ clients: CLIENTS, next }, runMs / 3);
    for (let run = 0; run < runs; run += 1) await this.#timed(write, { clients: CLIENTS, next }, runMs);
    note(write, this.#rate(write));
  }

  async #timed(write: Write, load: Pick<Load, 'clients' | 'next'>, milliseconds?: number): Promise<void> {
    const before = this.#target.cpu();
    const { requests, perSecond } = await this.#measure(load, milliseconds);
    const used = Object.entries(this.#target.cpu()).map(([name, seconds]) => {
      return [name, ((seconds - (before[name] ?? 0)) / requests) * 1000];
    });
    const rates = this.#rates.get(write) ?? [];
    this.#rates.set(write, [...rates, { perSecond, cpu: Object.fromEntries(used) }]);
  }

  #rate(write: Write): Rate {
    const rates = this.#rates.get(write) ?? [];
    const names = Object.keys(rates[0]?.cpu ?? {});
    return {
      perSecond: median(rates.map(({ perSecond }) => perSecond)),
      cpu: Object.fromEntries(names.map((name) => [name, median(rates.map(({ cpu }) => cpu[name] ?? 0))])),
    };
  }

  async #measure(load: Pick<Load, 'clients' | 'next'>, milliseconds?: number): Promise<Measured> {
    const { host, port } = this.#target;
    const measured = await measure({ host, port, ...load }, milliseconds);
    this.#target.measured?.();
    if (measured.errors.length > 0) throw new Error(`refused: ${measured.errors[0]}`);
    return measured;
  }

  async #list(kind: 'loadbalancers' | 'pools', query: string): Promise<{ id: string }[]> {
    const response = await fetch(`http://${this.#target.host}:${this.#target.port}/v2/lbaas/${kind}${query}`);
    if (!response.ok) throw new Error(`${query}: ${response.status} ${await response.text()}`);
    return ((await response.json()) as Record<string, { id: string }[]>)[kind] ?? [];
  }

  /** Waits until nothing is PENDING. OpenStack Octavia has load balancers ACTIVE a moment before their pools. */
  async #settled(kinds: readonly ('loadbalancers' | 'pools')[] = ['loadbalancers', 'pools']): Promise<void> {
    for (const kind of kinds) {
      for (const status of ['PENDING_CREATE', 'PENDING_UPDATE']) {
        while ((await this.#list(kind, `?provisioning_status=${status}&limit=1&fields=id`)).length > 0)
          await pause(POLL_MS);
      }
    }
  }
}
