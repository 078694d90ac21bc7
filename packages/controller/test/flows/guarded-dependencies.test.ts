import { expect, it } from 'vitest';
import type { FlowDependencies } from '../../src/flows/flow.ts';
import { guarded } from '../../src/flows/guarded-dependencies.ts';

const GUARDED = ['store', 'compute', 'images', 'volumes', 'network', 'certificates', 'dataplane'] as const;

it.each(GUARDED)('a run that is not in charge any more reaches nothing of %s', (part) => {
  let asked = 0;
  const world = Object.fromEntries(GUARDED.map((name) => [name, { call: () => ++asked }]));
  const dependencies = { ...world, sleep: async () => undefined } as unknown as FlowDependencies;
  const mayAct = () => {
    throw new Error('fenced');
  };
  const { call } = guarded(dependencies, mayAct)[part] as unknown as { call(): number };
  expect(() => call()).toThrow('fenced');
  expect(asked).toBe(0);
});
