import { expect, test } from 'vitest';
import { OPERATION_KINDS, type Operation } from '../../src/domain/operations.ts';
import { isParallel, type Step } from '../../src/flows/flow.ts';
import { FLOWS, hasFlow } from '../../src/flows/registry.ts';

const operation = {
  id: '6f1f0c4e-5a3b-4c8e-9d2a-0c41c7e9a001',
  loadBalancerId: '5b8f1f6e-76a4-4a4e-8d5a-0c41c7e9a001',
  resourceId: '7c2a1f6e-76a4-4a4e-8d5a-0c41c7e9a001',
} as Operation;

test('there is a flow for every kind of operation, and one only', () => {
  expect(OPERATION_KINDS.filter((kind) => !hasFlow(kind))).toEqual([]);
  expect(FLOWS.map(({ kind }) => kind).toSorted()).toEqual([...OPERATION_KINDS].toSorted());
});

test.each(['SINGLE', 'ACTIVE_STANDBY'] as const)(
  '%s: names of steps are unique in a flow, and always the same',
  (topology) => {
    for (const flow of FLOWS) {
      const steps = (): Step[] =>
        flow
          .steps({ ...operation, kind: flow.kind, input: { topology } })
          .flatMap((part) => (isParallel(part) ? part.parallel.flat() : [part]));
      const names = steps().map(({ name }) => name);
      expect(new Set(names).size, flow.kind).toBe(names.length);
      expect(steps().map(({ name }) => name)).toEqual(names);
    }
  },
);
