import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import TestOrder from './scripts/test-order.ts';

/** The three kinds of tests and their file names. */
const files = (suffix: string): string[] => [`packages/*/test/**/*${suffix}`, `test/**/*${suffix}`];

/** They wait half of the time: for PostgreSQL, for timers, for each other's processes. */
const SYSTEM_TEST_WORKERS = Math.max(2, Math.ceil(availableParallelism() * 1.5));

/** What comes at once on a quiet machine may take seconds beside the others. */
const PATIENT = { poll: { timeout: 15_000 } };

export default defineConfig({
  test: {
    sequence: { sequencer: TestOrder },
    reporters: [process.env.CI ? 'default' : ['default', { summary: false }], './scripts/feature-matrix-reporter.ts'],
    projects: [
      {
        // No network, no database, no processes.
        test: {
          name: 'unit',
          testTimeout: 30_000,
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
          globalSetup: 'packages/controller/test/support/template-database.ts',
          setupFiles: 'packages/controller/test/support/openapi/every-answer.ts',
          testTimeout: 60_000,
          hookTimeout: 120_000,
          maxWorkers: SYSTEM_TEST_WORKERS,
          expect: PATIENT,
          sequence: { groupOrder: 2 },
        },
      },
      {
        // Real amphorae. Each file works in network namespaces of its own.
        test: {
          name: 'dataplane',
          include: files('.dataplane.test.ts'),
          testTimeout: 180_000,
          hookTimeout: 180_000,
          maxWorkers: SYSTEM_TEST_WORKERS,
          expect: PATIENT,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
