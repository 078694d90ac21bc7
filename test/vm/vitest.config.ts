import { defineConfig } from 'vitest/config';

/** What runs inside the machine. Emulated processors are some twenty times slower. */
export default defineConfig({
  test: {
    root: '.',
    include: ['test/vm/*.vm.test.ts'],
    testTimeout: 600_000,
    hookTimeout: 600_000,
    fileParallelism: false,
    // Each test takes long enough to wonder whether it goes on.
    reporters: ['verbose'],
  },
});
