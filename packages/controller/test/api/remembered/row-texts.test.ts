import { expect, test } from 'vitest';
import { RowTexts } from '../../../src/api/remembered/row-texts.ts';

test('a text is what was written of that version, and of no other', () => {
  const texts = new RowTexts();
  texts.set('a', '1', 'first');
  expect([texts.get('a', '1'), texts.get('a', '2'), texts.get('b', '1')]).toEqual(['first', undefined, undefined]);
  texts.set('a', '2', 'second');
  expect([texts.get('a', '1'), texts.get('a', '2')]).toEqual([undefined, 'second']);
  texts.forget();
  expect(texts.get('a', '2')).toBeUndefined();
});

test('what nobody asks for is forgotten, what is asked for stays, and there is never more than two generations', () => {
  const texts = new RowTexts(1000);
  texts.set('asked', '1', 'x');
  texts.set('left', '1', 'x');
  for (let index = 0; index < 1000; index += 1) {
    texts.set(`${index}`, '1', 'y'.repeat(100));
    expect(texts.get('asked', '1')).toBe('x');
  }
  expect(texts.get('left', '1')).toBeUndefined();
  const kept = Array.from({ length: 1000 }, (_, index) => texts.get(`${index}`, '1')).filter(Boolean);
  expect(kept.length).toBeLessThanOrEqual(20);
});

test('an older version never takes the place of what is in an older generation', () => {
  const texts = new RowTexts(10);
  texts.set('a', '1', 'first text');
  expect(texts.get('a', '2')).toBeUndefined();
  texts.set('a', '2', 'then');
  expect([texts.get('a', '1'), texts.get('a', '2')]).toEqual([undefined, 'then']);
});
