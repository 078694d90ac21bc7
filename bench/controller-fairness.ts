/**
 * What one project's burst costs the others, with machines that take half a minute to boot: a small change of project B while
 * project A creates 200, and the memory of a worker that waits for 2,000 machines at once.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { ControlPlane } from './control-plane.ts';
import type { FigureModule } from './controller-figure.ts';
import { residentMegabytes } from './memory.ts';
import { percentile } from './statistics.ts';

const BOOT_SECONDS = 30;
const BURST = 200;
const CHANGES = 40;
/** Longer than it takes to accept them all (and than OpenStack waits): at one time all of them wait. */
const LONG_BOOT_SECONDS = 600;
const WAITING = 2_000;
const POLL_MS = 10;
/** Requests of project A on their way at once. */
const CLIENTS = 10;

/** Creates so many load balancers of project A. */
async function burst(plane: ControlPlane, count: number): Promise<void> {
  let left = count;
  const client = async () => {
    while (left-- > 0) await plane.create('project-a');
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
}

export const fairness: FigureModule = {
  name: 'fairness',
  async measure(say) {
    const changes = await ControlPlane.warm(POLL_MS, async (plane) => {
      const id = await plane.create('project-b');
      await plane.settled(POLL_MS);
      plane.spawnInstead('worker', { OS_COMPUTE__NOOP_BOOT_TIME: String(BOOT_SECONDS) });
      await plane.rename(id, 'the worker is there');
      while ((await plane.status(id)) !== 'ACTIVE') await pause(POLL_MS);
      const creating = burst(plane, BURST);
      const seconds: number[] = [];
      for (let index = 0; index < CHANGES; index++) {
        const started = performance.now();
        await plane.rename(id, `change ${index}`);
        while ((await plane.status(id)) !== 'ACTIVE') await pause(POLL_MS);
        seconds.push((performance.now() - started) / 1000);
        // Spread over the whole burst, boots and what follows them included.
        await pause(1_000);
      }
      await creating;
      await plane.settled(POLL_MS);
      say(`small changes beside it: ${seconds.map((value) => value.toFixed(2)).join(' ')} s`);
      return seconds;
    });
    const megabytes = await ControlPlane.warm(POLL_MS, async (plane) => {
      const worker = plane.spawnInstead('worker', { OS_COMPUTE__NOOP_BOOT_TIME: String(LONG_BOOT_SECONDS) });
      await burst(plane, WAITING);
      while ((await plane.operationsAt('wait for instance')) < WAITING) await pause(500);
      // Garbage of the way there is not what waiting costs; looks for instances and rounds of the reconciler are.
      await pause(20_000);
      return residentMegabytes(worker.pid ?? 0);
    });
    return [
      {
        figure: `small change of project B, p95, while project A creates ${BURST} with a boot of ${BOOT_SECONDS} s`,
        value: percentile(changes, 0.95),
        unit: 's',
        reference: null,
        bar: 1,
        wanted: 'at most',
      },
      {
        figure: `RSS with ${WAITING.toLocaleString('en-US')} operations waiting for a boot`,
        value: megabytes,
        unit: 'MB',
        reference: null,
        bar: 250,
        wanted: 'at most',
      },
    ];
  },
};
