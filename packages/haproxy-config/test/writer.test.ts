import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SourceLine } from '../src/reader.ts';
import { fetchOf, type Line, line, logFormat, value } from '../src/tree.ts';
import { UnsafeValueError, writeConfig } from '../src/writer.ts';

const write = (...lines: Line[]): string => writeConfig({ sections: [{ kind: 'global', name: null, lines }] });

function isRefused(make: () => string): boolean {
  try {
    make();
    return false;
  } catch (error) {
    if (error instanceof UnsafeValueError) return true;
    throw error;
  }
}

describe('one word', () => {
  it.each([
    ['/health', '/health'],
    ['a b', '"a b"'],
    ['a"b', '"a\\"b"'],
    ["a'b", '"a\'b"'],
    ['a\\b', '"a\\\\b"'],
    ['a#b', '"a#b"'],
    ['$HOME', '"\\$HOME"'],
    ['100%', '100%'],
    ['é', '"é"'],
  ])('%s is written as %s', (text, written) => {
    expect(write(line('option', value(text)))).toBe(`global\n    option ${written}\n`);
  });

  it('doubles the percent sign where HAProxy reads a log format', () => {
    expect(write(line('option', logFormat('%[env(HOME)] 5%')))).toBe('global\n    option "%%[env(HOME)] 5%%"\n');
  });

  it('quotes the argument of a sample fetch twice', () => {
    expect(write(line('stick', fetchOf('req.cook', 'a),b"')))).toBe(
      'global\n    stick "req.cook(\\"a),b\\\\\\"\\")"\n',
    );
  });
});

describe('what the file cannot hold is refused', () => {
  it('a tab, except as plain data', () => {
    expect(write(line('option', value('a\tb')))).toContain('"a\tb"');
    expect(isRefused(() => write(line('option', logFormat('a\tb'))))).toBe(true);
    expect(isRefused(() => write(line('option', fetchOf('f', 'a\tb'))))).toBe(true);
  });

  it.each(['', '\n', 'a\r', '\0', '\x7f', '\x85', '\ud800'])('%j as a value', (text) => {
    expect(isRefused(() => write(line('option', value(text))))).toBe(true);
    expect(isRefused(() => write(line('option', logFormat(text))))).toBe(true);
    expect(isRefused(() => write(line('option', fetchOf('f', text))))).toBe(true);
  });

  it.each(['', 'a b', 'a"b', '#', '$x', 'a\nb', '%', '%[env(HOME)]'])('%j as a plain word', (text) => {
    expect(isRefused(() => write(line('option', text)))).toBe(true);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, 1.5])('%d as a number', (number) => {
    expect(isRefused(() => write(line('maxconn', number)))).toBe(true);
  });

  it('a section name that is no identifier', () => {
    const config = { sections: [{ kind: 'backend' as const, name: 'a b', lines: [] }] };
    expect(isRefused(() => writeConfig(config))).toBe(true);
  });

  it('more words than HAProxy takes in a line', () => {
    expect(isRefused(() => write(line('option', ...Array<string>(63).fill('x'))))).toBe(false);
    expect(isRefused(() => write(line('option', ...Array<string>(64).fill('x'))))).toBe(true);
  });

  it('names the keyword of the line', () => {
    expect(() => write(line('server', value('\n')))).toThrow('A value for server has a character');
  });
});

describe('any text', () => {
  it('is one word to a reader, or refused', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (text) => {
        const make = (): string => write(line('option', value(text), 'end'));
        if (isRefused(make)) return;
        const lines = make().split('\n');
        expect(lines).toHaveLength(3);
        expect(new SourceLine(lines[1]!).words).toEqual([text, 'end']);
      }),
      { numRuns: 500 },
    );
  });

  it('is refused only for control characters, half surrogates and emptiness', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (text) => {
        expect(isRefused(() => write(line('option', value(text))))).toBe(/\p{Cc}/u.test(text));
      }),
    );
  });
});
