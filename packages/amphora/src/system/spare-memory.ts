/**
 * Gives memory back to the system. V8 collects when its heap is full: an agent that has handled one large configuration would
 * keep the room it took, and one host may have hundreds of agents.
 */
import { getHeapStatistics } from 'node:v8';

const LOOK_INTERVAL_MS = 5_000;
/** Bytes above what the last collection left. Less is not worth the next one, which takes 10 ms to 20 ms. */
const WORTH = 800_000;

/** There when Node was started with `--expose-gc`. */
const collect = (globalThis as { gc?: () => void }).gc;

function heldBytes(): number {
  const { total_physical_size: heap, external_memory: buffers } = getHeapStatistics();
  return heap + buffers;
}

/** Looks from now on whether there is something to give back. Does not keep the process alive. */
export function giveBackSpareMemory(): void {
  if (collect === undefined) return;
  let least = 0;
  const look = (): void => {
    const held = heldBytes();
    // Some of what a collection finds goes a moment later.
    least = Math.min(least, held);
    if (held < least + WORTH) return;
    collect();
    least = heldBytes();
  };
  setInterval(look, LOOK_INTERVAL_MS).unref();
}
