/** The line that controller and agent log. */
import { expect, it } from 'vitest';
import { formatLine, type LogLine } from '../src/log.ts';

const line = (given: Partial<LogLine>): string =>
  formatLine({
    time: Date.UTC(2026, 11, 1, 4, 12, 33, 123),
    level: 'info',
    component: 'worker',
    message: 'Done',
    fields: {},
    ...given,
  });

it.each<[what: string, given: Partial<LogLine>, expected: string]>([
  ['the least', {}, '2026-12-01T04:12:33.123Z INFO  worker: Done'],
  ['a longer level', { level: 'error' }, '2026-12-01T04:12:33.123Z ERROR worker: Done'],
  [
    'fields in their order',
    { fields: { port: 9876, host: '::1', on: true, ids: ['a', 'b'] } },
    '2026-12-01T04:12:33.123Z INFO  worker: Done port=9876 host=::1 on=true ids=["a","b"]',
  ],
  [
    'texts that would be ambiguous are quoted, what is not set is left out',
    { fields: { a: 'x y', b: 'x=y', c: '', d: 'say "x"', e: undefined, f: null } },
    String.raw`2026-12-01T04:12:33.123Z INFO  worker: Done a="x y" b="x=y" c="" d="say \"x\"" f=null`,
  ],
  [
    'an error that explains itself',
    { level: 'warn', fields: { id: 'x' }, error: { message: 'no such file' } },
    '2026-12-01T04:12:33.123Z WARN  worker: Done id=x error="no such file"',
  ],
  [
    'an error with a stack',
    { error: { message: 'oops', stack: 'Error: oops\n    at here' } },
    '2026-12-01T04:12:33.123Z INFO  worker: Done\nError: oops\n    at here',
  ],
  [
    'a text of several lines stays one line',
    { message: 'one\ntwo\r', fields: { text: 'a\nb' } },
    String.raw`2026-12-01T04:12:33.123Z INFO  worker: one\ntwo\r text="a\nb"`,
  ],
])('%s', (_, given, expected) => expect(line(given)).toBe(`${expected}\n`));
