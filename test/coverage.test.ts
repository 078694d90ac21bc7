import { expect, it } from 'vitest';
import { leastCovered } from '../scripts/coverage.ts';

const lines = (covered: number, total: number) => ({ lines: { covered, total } });

it('names the files with the smallest share first, of equal ones that with more to do; files without code never', () => {
  const summary = {
    total: lines(65, 100),
    'a.ts': lines(10, 10),
    'b.ts': lines(0, 5),
    'c.ts': lines(0, 20),
    'd.ts': lines(5, 10),
    'e.ts': lines(50, 55),
    'types.ts': lines(0, 0),
  };
  expect(leastCovered(summary, 4)).toEqual([
    '  0 %  0 of 20 lines  c.ts',
    '  0 %  0 of 5 lines  b.ts',
    ' 50 %  5 of 10 lines  d.ts',
    ' 91 %  50 of 55 lines  e.ts',
  ]);
});
