import { afterEach, expect, test, vi } from 'vitest';
import { say } from '../../src/operator/cli/values.ts';

afterEach(() => vi.restoreAllMocks());

test('what tenants named does not steer the terminal of an operator, and JSON stays JSON', () => {
  let text = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((more) => {
    text += String(more);
    return true;
  });
  const name = 'a\x1b[31m\x9b1m\u202Eb\r\x07é ロ';
  say(`one\ttwo\nthree ${name}`);
  expect(text).toBe('one\ttwo\nthree a\\u001b[31m\\u009b1m\\u202eb\\u000d\\u0007é ロ\n');
  text = '';
  say(JSON.stringify({ name }, null, 2));
  expect(JSON.parse(text)).toEqual({ name });
  expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\u202e]/u);
});
