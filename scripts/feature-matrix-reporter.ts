/** Reporter of Vitest: keeps how the tests ended whose titles name rows of the feature matrix. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import type { Reporter, TestModule } from 'vitest/node';
import { idsOf, type Proof } from './feature-matrix-page.ts';

const ROOT = join(import.meta.dirname, '..');

export default class FeatureMatrixReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    // Only a run of everything tells about every row; `scripts/test.ts` says so.
    const file = process.env.FEATURE_MATRIX_RESULTS;
    if (file === undefined || file === '') return;
    const proofs = modules.flatMap((module) =>
      [...module.children.allTests()]
        .map((test): Proof => {
          const { state } = test.result();
          const passed = state === 'passed' ? true : state === 'failed' ? false : null;
          const kind = module.moduleId.endsWith('.api.test.ts') ? 'api' : 'traffic';
          const group = test.parent.type === 'suite' ? test.parent.name : '';
          return { title: test.name, group, file: relative(ROOT, module.moduleId), kind, passed };
        })
        .filter((proof) => idsOf(proof).length > 0),
    );
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `${JSON.stringify(proofs, null, 1)}\n`);
  }
}
