import { expect, test } from 'vitest';
import { text } from '../../src/api/attributes/scalar-types.ts';

test.each([
  ['a\0b', /Value should match the pattern \^\[\^\\x00\]\*\$/],
  ['a\ud800b', /it has one half of a surrogate pair without the other/],
  ['\udc00\ud83d', /it has one half of a surrogate pair without the other/],
])('text that the database cannot hold is refused with what is wrong with it: %j', (value, reason) => {
  expect(() => text().parse(value, { name: 'name', path: 'pool.name' })).toThrow(reason);
});

test('a whole pair is a character', () => {
  expect(text({ max: 1 }).parse('\ud83d\ude00', { name: 'name', path: 'pool.name' })).toBe('\ud83d\ude00');
});
