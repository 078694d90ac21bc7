import { defineConfig } from 'vitest/config';

/** Against the services of a cloud that others may use at the same time: one file after the other, with much patience. */
export default defineConfig({
  test: {
    root: '.',
    include: ['test/integration/openstack/*.openstack.ts'],
    testTimeout: 600_000,
    hookTimeout: 300_000,
    fileParallelism: false,
    reporters: ['verbose'],
    expect: { poll: { timeout: 120_000, interval: 500 } },
  },
});
