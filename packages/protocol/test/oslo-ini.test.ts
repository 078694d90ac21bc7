import { IniSyntaxError, parseOsloIni } from '@octavia/protocol/oslo-ini';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const values = (text: string): Record<string, string> =>
  Object.fromEntries(parseOsloIni(text).map((option) => [`${option.section}.${option.name}`, option.value]));

describe('parseOsloIni', () => {
  it.each<[title: string, text: string, expected: Record<string, string>]>([
    ['reads = and :', '[a]\nb = 1\nc: 2\n', { 'a.b': '1', 'a.c': '2' }],
    [
      'splits at the first separator',
      '[a]\nurl = http://h:1/?x=y\ndict: k=v',
      { 'a.url': 'http://h:1/?x=y', 'a.dict': 'k=v' },
    ],
    ['puts options before any section into DEFAULT', 'debug = True\n[a]\nb=1', { 'DEFAULT.debug': 'True', 'a.b': '1' }],
    ['skips comments and blank lines', '# c\n; d\n\n[a]\n#b = 1\nb = 2', { 'a.b': '2' }],
    ['keeps # and ; inside a value', '[a]\nb = x # y ; z', { 'a.b': 'x # y ; z' }],
    ['joins continuation lines', '[a]\nb = x,\n    y,\n\tz\nc = 1', { 'a.b': 'x,\ny,\nz', 'a.c': '1' }],
    ['continues an empty value', '[a]\nb =\n  x\n', { 'a.b': '\nx' }],
    [
      'removes one pair of quotes',
      '[a]\nb = "x"\nc = \'y\'\nd = "\ne = "x\'',
      { 'a.b': 'x', 'a.c': 'y', 'a.d': '"', 'a.e': '"x\'' },
    ],
    ['reads CRLF and a byte order mark', '\uFEFF[a]\r\nb = 1\r\n  2\r\n', { 'a.b': '1\n2' }],
    ['allows an empty value', '[a]\nb =', { 'a.b': '' }],
    ['comes back to a section', '[a]\nb=1\n[c]\nd=2\n[a]\ne=3', { 'a.b': '1', 'c.d': '2', 'a.e': '3' }],
    ['reads an empty file', '', {}],
  ])('%s', (_title, text, expected) => {
    expect(values(text)).toEqual(expected);
  });

  it('keeps repeated keys in file order with their lines', () => {
    expect(parseOsloIni('[a]\nb = 1\n\nb = 2\n')).toEqual([
      { section: 'a', name: 'b', value: '1', line: 2 },
      { section: 'a', name: 'b', value: '2', line: 4 },
    ]);
  });

  it.each<[text: string, line: number, reason: string]>([
    ['[a]\nb', 2, 'no = or : found in "b"'],
    ['[a\nb = 1', 1, 'section "[a" must end with ]'],
    ['\n[a] # c', 2, 'section "[a] # c" must end with ]'],
    ['[]', 1, 'section name must not be empty'],
    ['[ ]', 1, 'section name must not be empty'],
    ['  b = 1', 1, 'continuation line (it starts with white space) has no option before it'],
    ['[a]\n  b = 1', 2, 'continuation line (it starts with white space) has no option before it'],
    ['[a]\nb = 1\n\n  2', 4, 'continuation line (it starts with white space) has no option before it'],
    ['[a]\nb = 1\n# c\n  2', 4, 'continuation line (it starts with white space) has no option before it'],
    ['= 1', 1, 'option name must not be empty'],
    ['x'.repeat(80), 1, `no = or : found in "${'x'.repeat(57)}..."`],
  ])('refuses %j', (text, line, reason) => {
    let thrown: unknown;
    try {
      parseOsloIni(text);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(IniSyntaxError);
    expect(thrown).toMatchObject({ line, reason, message: `line ${line}: ${reason}` });
  });

  it('gives back every option that is written as `name = value`', () => {
    const word = fc.stringMatching(/^[a-z][a-z0-9_-]{0,10}$/);
    const value = fc.stringMatching(/^[a-z0-9,:=#;$ {}/.-]{0,20}$/).map((text) => text.trim());
    fc.assert(
      fc.property(fc.array(fc.record({ section: word, name: word, value })), (options) => {
        const text = options.map((option) => `[${option.section}]\n${option.name} = ${option.value}\n`).join('\n');
        expect(parseOsloIni(text).map(({ line, ...option }) => option)).toEqual(options);
      }),
    );
  });

  it('either parses or throws IniSyntaxError, whatever the text', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('[', ']', '=', ':', ' ', '\n', '\t', '#', ';', 'a', '"', '\r') }),
        (text) => {
          try {
            for (const option of parseOsloIni(text)) expect(option.name).not.toBe('');
          } catch (error) {
            expect(error).toBeInstanceOf(IniSyntaxError);
          }
        },
      ),
    );
  });
});
