import { defineConfig } from 'vitest/config';

/** The three kinds of tests and their file names. Kinds run one after the other, quickest first. */
const files = (suffix: string): string[] => [`packages/*/test/**/*${suffix}`, `test/**/*${suffix}`];

export default defineConfig({
  test: {
    reporters: process.env.CI ? ['default'] : [['default', { summary: false }]],
    projects: [
      {
        // No network, no database, no processes.
        test: {
          name: 'unit',
          include: files('.test.ts'),
          exclude: [
            '**/node_modules/**',
            ...files('.api.test.ts'),
            ...files('.dataplane.test.ts'),
            ...files('.vm.test.ts'),
          ],
          sequence: { groupOrder: 1 },
        },
      },
      {
        // The HTTP API on loopback, with a real PostgreSQL.
        test: {
          name: 'api',
          include: files('.api.test.ts'),
          testTimeout: 30_000,
          hookTimeout: 60_000,
          // They wait for PostgreSQL about half of the time.
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
        },
      },
      {
        // Real amphorae in network namespaces: one file at a time, because they share the host's kernel tables.
        test: {
          name: 'dataplane',
          include: files('.dataplane.test.ts'),
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
});
