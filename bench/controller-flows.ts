/** How long a create takes alone, and how many a worker carries out at once. */
import { setTimeout as pause } from 'node:timers/promises';
import { ControlPlane } from './control-plane.ts';
import type { FigureModule } from './controller-figure.ts';
import { percentile } from './statistics.ts';

const ALONE = 20;
const AT_ONCE = 40;
const RUNS = 3;
const POLL_MS = 5;

export const flows: FigureModule = {
  name: 'flows',
  measure: (say) =>
    ControlPlane.warm(POLL_MS, async (plane) => {
      const alone: number[] = [];
      for (let round = 0; round < ALONE; round++) {
        const started = performance.now();
        const id = await plane.create('alone');
        while ((await plane.status(id)) !== 'ACTIVE') await pause(POLL_MS);
        alone.push((performance.now() - started) / 1000);
      }
      say(`alone: ${alone.map((seconds) => seconds.toFixed(3)).join(' ')} s`);
      const rates: number[] = [];
      for (let run = 0; run < RUNS; run++) {
        const started = performance.now();
        await Promise.all(Array.from({ length: AT_ONCE }, (_, index) => plane.create(`project-${index}`)));
        await plane.settled(POLL_MS);
        rates.push(AT_ONCE / ((performance.now() - started) / 1000));
      }
      say(`at once: ${rates.map((rate) => rate.toFixed(1)).join(' ')} /s`);
      return [
        {
          figure: 'create → ACTIVE alone, p50',
          value: percentile(alone, 0.5),
          unit: 's',
          reference: 0.75,
          bar: 0.3,
          wanted: 'at most',
        },
        {
          figure: `${AT_ONCE} creates at once`,
          value: percentile(rates, 0.5),
          unit: '/s',
          reference: 2.6,
          bar: 15,
          wanted: 'at least',
        },
      ];
    }),
};
