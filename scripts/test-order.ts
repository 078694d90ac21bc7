/**
 * The order of test files: unit tests first, then tests of the API and of the data plane in turn. Data plane tests mostly wait
 * (for timers of keepalived, for heartbeats that do not come), API tests mostly compute, so together they fill the processors.
 */
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Minutes instead of seconds: begun last, one of them alone would keep everybody waiting. */
const LONG = /crash\/enumeration|health\/simulation|test\/e2e\//;

export default class TestOrder extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const of = (kind: Kind): TestSpecification[] => {
      const own = sorted.filter((file) => kindOf(file) === kind);
      return [...own.filter(isLong), ...own.filter((file) => !isLong(file))];
    };
    return [...of('unit'), ...interleave(of('api'), of('dataplane'))];
  }
}

type Kind = 'unit' | 'api' | 'dataplane';

const kindOf = ({ moduleId }: TestSpecification): Kind =>
  moduleId.endsWith('.api.test.ts') ? 'api' : moduleId.endsWith('.dataplane.test.ts') ? 'dataplane' : 'unit';

const isLong = (file: TestSpecification): boolean => LONG.test(file.moduleId);

/** Both lists in their own order, mixed so that they end together. */
export function interleave<T>(one: readonly T[], other: readonly T[]): T[] {
  const place = (list: readonly T[]) => list.map((item, index) => ({ item, at: (index + 0.5) / list.length }));
  return [...place(one), ...place(other)].sort((a, b) => a.at - b.at).map(({ item }) => item);
}
