import { defineConfig } from 'vitest/config';

/** Agents of others start slowly, and there is one machine for all files. */
export default defineConfig({
  test: {
    root: '.',
    include: ['test/integration/agents/*.agents.ts'],
    testTimeout: 180_000,
    hookTimeout: 300_000,
    fileParallelism: false,
    reporters: ['verbose'],
  },
});
