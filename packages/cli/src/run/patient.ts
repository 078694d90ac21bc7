/** At a terminal: that an answer takes its time, once it does. */
import type { Send } from '@octavia/client';
import { StatusLine } from '../output/screen.ts';
import type { Context } from './context.ts';

/** Answers come within a second; who sees nothing for longer than this wonders whether anything happens. */
const SILENT_MS = 5_000;
const TICK_MS = 1_000;

export const patient =
  (screen: Context['errScreen']) =>
  (send: Send): Send =>
  async (request) => {
    const line = new StatusLine(screen);
    const started = performance.now();
    const tick = setInterval(() => {
      const elapsed = performance.now() - started;
      if (elapsed < SILENT_MS) return;
      line.show(`Waiting for ${new URL(request.url).origin}, ${Math.round(elapsed / 1000)} s; Ctrl-C ends it.`);
    }, TICK_MS);
    try {
      return await send(request);
    } finally {
      clearInterval(tick);
      line.clear();
    }
  };
