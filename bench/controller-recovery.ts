/**
 * How long operations of a worker that died by SIGKILL wait for another one: from its death until all it was working on is
 * ACTIVE. Half of the workers die where the survivor can see their process, half on a "host" of their own (a process
 * namespace), where only the silence tells.
 */
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { ControlPlane } from './control-plane.ts';
import type { FigureModule } from './controller-figure.ts';
import { percentile } from './statistics.ts';

const TRIALS = 10;
const POLL_MS = 50;
/** Exit code of a shell whose command was killed. */
const KILLED = 137;
const POINT = 'create_load_balancer/boot amphora #1/after-effect';

export const recovery: FigureModule = {
  name: 'recovery',
  measure: (say) =>
    ControlPlane.warm(POLL_MS, async (plane) => {
      const seconds: number[] = [];
      const trial = async (wrapper: string[]) => {
        const victim = plane.spawn('worker', { OCTAVIA_FAULT_POINT: POINT }, wrapper);
        const died = once(victim, 'exit').then(([code, signal]) => {
          if (signal !== 'SIGKILL' && code !== KILLED) throw new Error(`the worker ended with ${code ?? signal}`);
          return performance.now();
        });
        const waiting = new Map<string, number>();
        let death: number | null = null;
        let broken: unknown = null;
        died.then(
          (at) => {
            death = at;
          },
          (error: unknown) => {
            broken = error;
          },
        );
        // Some go to the survivor; sooner or later the victim takes one.
        while (death === null) {
          if (broken) throw broken;
          for (let index = 0; index < 4; index++) waiting.set(await plane.create('recovery'), 0);
          await pause(300);
        }
        for (const id of waiting.keys()) {
          while ((await plane.status(id)) !== 'ACTIVE') await pause(POLL_MS);
        }
        seconds.push((performance.now() - death) / 1000);
      };
      for (let count = 0; count < TRIALS; count++) await trial([]);
      say(`recovery, process seen to be gone: ${seconds.map((value) => value.toFixed(1)).join(' ')} s`);
      const seen = seconds.length;
      // They wait at the same time: the silence of each lasts as long.
      // The shell is process 1 there, which could not kill itself.
      const away = ['unshare', '--pid', '--fork', '--mount-proc', 'sh', '-c', '"$@"; exit $?', 'sh'];
      for (let wave = 0; wave < 2; wave++) await Promise.all(Array.from({ length: TRIALS / 2 }, () => trial(away)));
      say(
        `recovery, silent: ${seconds
          .slice(seen)
          .map((value) => value.toFixed(1))
          .join(' ')} s`,
      );
      return [
        {
          figure: `recovery after SIGKILL of a worker, p99 of ${seconds.length}`,
          value: percentile(seconds, 0.99),
          unit: 's',
          reference: null,
          bar: 30,
          wanted: 'at most',
        },
      ];
    }),
};
