import { defineConfig } from 'vitest/config';

/** What runs beside the machine, on the host. Emulated processors are some twenty times slower. */
export default defineConfig({
  test: {
    root: '.',
    include: ['test/vm/amphora/*.image.test.ts'],
    testTimeout: 1_800_000,
    hookTimeout: 1_800_000,
    fileParallelism: false,
    // One is the ground of the next.
    bail: 1,
    reporters: ['verbose'],
  },
});
