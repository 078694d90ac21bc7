import { defineConfig } from 'vitest/config';

/** A driver agent in Python takes ten seconds to start on a busy machine, a request of it a second or two, its database longer. */
export default defineConfig({
  test: {
    root: '.',
    include: ['test/integration/providers/*.providers.ts'],
    testTimeout: 600_000,
    hookTimeout: 600_000,
    fileParallelism: false,
    reporters: ['verbose'],
    expect: { poll: { timeout: 60_000 } },
  },
});
