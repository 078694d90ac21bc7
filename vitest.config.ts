import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import TestOrder from './scripts/test-order.ts';

/** The kinds of tests and their file names. */
const files = (suffix: string): string[] => [`packages/*/test/**/*${suffix}`, `test/**/*${suffix}`];

/** Tests of the system wait half of the time: for PostgreSQL, for timers, for each other's processes. */
const WORKERS = Math.max(2, Math.ceil(availableParallelism() * 1.5));

/** What comes at once on a quiet machine may take seconds beside the others. */
const PATIENT = { poll: { timeout: 15_000 } };

/**
 * A worker process keeps the modules it loaded for its next file: loading them anew for each took four times as long as all unit
 * tests, and half of the time of tests of the API. So no test may leave something behind in a module or in the process.
 */
const SHARED = { isolate: false, maxWorkers: WORKERS };

export default defineConfig({
  test: {
    sequence: { sequencer: TestOrder },
    reporters: [process.env.CI ? 'default' : ['default', { summary: false }], './scripts/feature-matrix-reporter.ts'],
    projects: [
      {
        // No network, no database, no processes.
        test: {
          ...SHARED,
          name: 'unit',
          testTimeout: 30_000,
          include: files('.test.ts'),
          exclude: [
            '**/node_modules/**',
            ...files('.api.test.ts'),
            ...files('.dataplane.test.ts'),
            ...files('.vm.test.ts'),
            // Run by test:vm, with a configuration of their own.
            ...files('.image.test.ts'),
          ],
        },
      },
      {
        // The HTTP API on loopback, with a real PostgreSQL; and real amphorae, each file in network namespaces of its own. One
        // project, for worker processes are kept within a project alone.
        test: {
          ...SHARED,
          name: 'system',
          include: [...files('.api.test.ts'), ...files('.dataplane.test.ts')],
          globalSetup: 'packages/controller/test/support/template-database.ts',
          setupFiles: 'packages/controller/test/support/openapi/every-answer.ts',
          testTimeout: 180_000,
          hookTimeout: 180_000,
          expect: PATIENT,
        },
      },
    ],
  },
});
