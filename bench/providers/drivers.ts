/** What a driver of others costs a create: one in the API's process, one in Python behind the bridge, one that never answers. */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { benchServer } from '../api-server.ts';
import type { FigureModule } from '../controller-figure.ts';
import { percentile } from '../statistics.ts';

const LIST = '/v2/lbaas/loadbalancers';
const ROUNDS = 400;
const WARM_UP = 60;
const DEADLINE_SECONDS = 2;
const STALLED = 5;

const PROVIDERS = ['noop_driver', 'bench', 'bench_python'] as const;
type Provider = (typeof PROVIDERS)[number];

export const drivers: FigureModule = {
  name: 'drivers',
  async measure(say) {
    const server = await benchServer({
      OS_API_SETTINGS__ENABLED_PROVIDER_DRIVERS:
        'amphora: Amphorae., noop_driver: The no-op driver., bench: In this process., bench_python: In Python.',
      OS_API_SETTINGS__PROVIDER_PACKAGES: dirname(fileURLToPath(import.meta.resolve('./typescript/driver.ts'))),
      OS_API_SETTINGS__PROVIDER_DRIVER_TIMEOUT: String(DEADLINE_SECONDS),
      // Nothing is reported: how a driver's word comes back is measured elsewhere.
      OS_DRIVER_AGENT__STATUS_SOCKET_PATH: '/nonexistent/status.sock',
      PYTHONPATH: join(import.meta.dirname, 'python'),
      PYTHONDONTWRITEBYTECODE: '1',
    });
    const create = async (
      provider: Provider,
      name = '',
      project = 'bench',
    ): Promise<{ status: number; text: string; ms: number }> => {
      const began = performance.now();
      const answer = await fetch(`http://${server.host}:${server.port}${LIST}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          loadbalancer: { provider, name, project_id: project, vip_subnet_id: '11111111-1111-1111-1111-111111111111' },
        }),
      });
      const text = await answer.text();
      return { status: answer.status, text, ms: performance.now() - began };
    };
    const accepted = async (provider: Provider): Promise<number> => {
      const { status, text, ms } = await create(provider);
      if (status !== 201) throw new Error(`A create with ${provider} was answered with ${status} ${text}`);
      return ms;
    };
    try {
      await server.start();
      say('warming up ...');
      // The bridge loads its driver meanwhile.
      for (let n = 0; n < WARM_UP; n += 1) for (const provider of PROVIDERS) await create(provider);
      say(`${ROUNDS} creates with each of ${PROVIDERS.join(', ')}, in turns ...`);
      const samples: Record<Provider, number[]> = { noop_driver: [], bench: [], bench_python: [] };
      for (let n = 0; n < ROUNDS; n += 1) {
        for (const provider of PROVIDERS) samples[provider].push(await accepted(provider));
      }
      for (const provider of PROVIDERS) {
        const [median, p95] = [0.5, 0.95].map((share) => percentile(samples[provider], share).toFixed(1));
        say(`${provider}: median ${median} ms, p95 ${p95} ms`);
      }
      const alone = samples.noop_driver;
      say(`${STALLED} creates that the driver never answers, and others beside them ...`);
      // Each of a project of its own: creates of one project wait for each other's count in the quota, whoever the provider is.
      const stalled = Array.from({ length: STALLED }, (_, n) => create('bench', 'stall', `stalled ${n}`));
      let isOver = false;
      const ends = Promise.all(stalled).finally(() => {
        isOver = true;
      });
      const beside: number[] = [];
      while (!isOver) beside.push(await accepted('noop_driver'));
      const late: number[] = [];
      for (const { status, text, ms } of await ends) {
        if (status !== 500 || !text.includes("Provider 'bench'"))
          throw new Error(`A stalled create: ${status} ${text}`);
        late.push(ms / 1000 - DEADLINE_SECONDS);
      }
      const added = (samples: readonly number[], to: readonly number[], share: number) =>
        percentile(samples, share) - percentile(to, share);
      const common = { reference: null, wanted: 'at most' } as const;
      return [
        {
          figure: 'driver in the API’s process: added to a create of no-op',
          value: (added(samples.bench, alone, 0.5) / percentile(alone, 0.5)) * 100,
          ...{ unit: '%', bar: 10, ...common },
        },
        {
          figure: 'driver behind the Python bridge: added to a create, p95',
          value: added(samples.bench_python, samples.bench, 0.95),
          ...{ unit: 'ms', bar: 15, ...common },
        },
        {
          figure: `stalled driver: 500 with its name, after the deadline`,
          value: Math.max(...late),
          ...{ unit: 's', bar: 1, ...common },
        },
        {
          figure: `beside ${STALLED} stalled calls: added to a create, p95`,
          value: added(beside, alone, 0.95),
          ...{ unit: 'ms', bar: 5, ...common },
        },
      ];
    } finally {
      await server.close();
    }
  },
};
