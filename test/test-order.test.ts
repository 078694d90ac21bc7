import { expect, test } from 'vitest';
import { interleave } from '../scripts/test-order.ts';

test('two lists are mixed so that they end together, each in its own order', () => {
  expect(interleave<number | string>([1, 2, 3, 4, 5, 6], ['a', 'b']).join('')).toBe('12a345b6');
  expect(interleave([], ['a', 'b'])).toEqual(['a', 'b']);
});
