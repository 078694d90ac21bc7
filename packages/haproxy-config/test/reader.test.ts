import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readSections, SourceLine, type SourceSection, textOf } from '../src/reader.ts';
import { type HaproxyConfig, line, value } from '../src/tree.ts';
import { wordsOf as placesOf } from '../src/words.ts';
import { UnsafeValueError, writeConfig, writeLine } from '../src/writer.ts';
import { anyConfig, anyLine } from './support/any-config.ts';
import { meantSections, readMeaning } from './support/meaning.ts';

const wordsOf = (text: string): (string | null)[] => {
  const read = new SourceLine(text);
  return read.isEmpty ? [] : [read.keyword, ...read.words];
};

describe('words', () => {
  it.each<[string, ...(string | null)[]]>([
    ['server a 1.1.1.1:80', 'server', 'a', '1.1.1.1:80'],
    ['\t server  a\t', 'server', 'a'],
    ['server a # note', 'server', 'a'],
    ['server a#note', 'server', 'a'],
    ['# server'],
    [''],
    ['  \t'],
    // Quotes may begin and end within a word.
    ['a "b c"d\'e f\'', 'a', 'b cde f'],
    ['a "#\'"', 'a', "#'"],
    ["a '#\"\\$'", 'a', '#"\\$'],
    ['"a" b', 'a', 'b'],
    ['a "" b', 'a', '', 'b'],
    // A first word without a character hides the line.
    ['"" a'],
    // Escapes are those of the manual; before anything else a backslash stands for itself.
    ['a b\\ c\\#d\\\\e\\"f\\\'g', 'a', 'b c#d\\e"f\'g'],
    ['a \\x41\\t\\n\\r', 'a', 'A\t\n\r'],
    ['a \\1\\.\\$', 'a', '\\1\\.\\$'],
    ['a "\\1\\$HOME"', 'a', '\\1$HOME'],
    ["a '\\x41'", 'a', '\\x41'],
    ['\\x61 b', 'a', 'b'],
    ['a\\', 'a\\'],
    // The environment counts between double quotes alone.
    ["a $HOME '$HOME'", 'a', '$HOME', '$HOME'],
    ['a "$HOME" b', 'a', null, 'b'],
    ['a "x\u0024{HOME}y"z b', 'a', null, 'b'],
    ['a "\u0024{HOME-"b c"}" d', 'a', null, 'd'],
    ['a "\u0024{HOME[*]}" b', 'a', null, 'b'],
    // HAProxy refuses these.
    ['a "b', 'a', null],
    ['a \\x4 b', 'a', null, 'b'],
    ['a b\\x00c', 'a', null],
    // A carriage return ends the line, but for one among blanks.
    ['a b\r', 'a', 'b'],
    ['a b\rc', 'a', 'b'],
    ['a \r b', 'a', 'b'],
    ['a b\0c', 'a', 'b'],
    // These are no blanks.
    ['a\u00a0b\u2003c', 'a\u00a0b\u2003c'],
  ])('%j', (text, ...words) => {
    expect(wordsOf(text)).toEqual(words);
  });

  it('are the same whether the line is looked at as a whole or for its places', () => {
    fc.assert(
      fc.property(anyLine, (text) => {
        const [first, ...others] = placesOf(text).map((word) => word.text);
        if (first !== undefined && first !== null && first !== '') expect(wordsOf(text)).toEqual([first, ...others]);
        else expect(wordsOf(text).slice(1)).toEqual(first === null ? others : []);
      }),
    );
  });

  it('are those of the environment when the keyword is', () => {
    expect(new SourceLine('"$A" b')).toMatchObject({ keyword: '"$A"', words: ['b'], isEmpty: false });
  });
});

describe('a line', () => {
  const bind = new SourceLine("  bind :443  ssl crt-list '/a b'\t# note\r");

  it('is changed in one word, and stays otherwise as it stands', () => {
    expect(bind.words).toEqual([':443', 'ssl', 'crt-list', '/a b']);
    expect(bind.replace(3, value('/c d')).source).toBe('  bind :443  ssl crt-list "/c d"\t# note\r');
    expect(bind.replace(0, ':444').source).toBe("  bind :444  ssl crt-list '/a b'\t# note\r");
    expect(bind.replace(4, 'x')).toBe(bind);
  });

  it('takes new words between others and behind the last', () => {
    expect(bind.insert(1, 'alpn', value('h2')).source).toBe("  bind :443  alpn h2 ssl crt-list '/a b'\t# note\r");
    expect(bind.insert(4, 'mode', 600).source).toBe("  bind :443  ssl crt-list '/a b' mode 600\t# note\r");
    expect(() => bind.insert(4, value('\n'))).toThrow(UnsafeValueError);
  });

  it('keeps a backslash at its end out of what is put behind it', () => {
    expect(new SourceLine('option a\\').insert(1, 'b').words).toEqual(['a\\', 'b']);
    expect(new SourceLine('option a\\\\\t# x').insert(1, 'b').words).toEqual(['a\\', 'b']);
  });

  it('knows the word behind a word', () => {
    expect(['crt-list', '/a b', 'crt'].map((word) => bind.wordAfter(word))).toEqual(['/a b', null, null]);
  });

  it.each<[string, string, boolean]>([
    ['server a b', '  server  "a" b # c', true],
    ['server a b', 'server a', false],
    ['server a b', 'servers a b', false],
    ['server "$A"', 'server "$A"', true],
    // Two spellings of what the environment says are not known to be the same.
    ['server "$A"', 'server "\u0024{A}"', false],
    ['# a', '', true],
  ])('%j says the same as %j: %s', (one, other, same) => {
    expect(new SourceLine(one).equals(new SourceLine(other))).toBe(same);
    expect(new SourceLine(other).equals(new SourceLine(one))).toBe(same);
  });
});

describe('sections', () => {
  const outline = (text: string) =>
    readSections(text).map(({ kind, name, lines }) => [kind, name, lines.map(({ keyword }) => keyword).join()]);

  it('begin with their word, wherever and however it stands', () => {
    const text =
      '# top\n.notice x\nglobal\n  a\n\n   backend "b" from d\nc\n\\x66ront"end" f\r\n\td\nunknown e\nbackend\n';
    expect(outline(text)).toEqual([
      [null, null, ',.notice'],
      ['global', null, 'a,'],
      ['backend', 'b', 'c'],
      ['frontend', 'f', 'd,unknown'],
      ['backend', null, ''],
    ]);
  });

  it('of no text are one without lines', () => {
    expect(outline('')).toEqual([[null, null, '']]);
  });
});

describe('any text', () => {
  const anyText = fc
    .array(fc.oneof(anyLine, fc.constantFrom('global', ' backend b', 'x\r')), { maxLength: 12 })
    .map((lines) => lines.join('\n'));

  it('is the same to the last byte when nothing was changed', () => {
    fc.assert(fc.property(anyText, (text) => textOf(readSections(text)) === text));
  });

  it('means the same when the writer writes what was read', () => {
    fc.assert(
      fc.property(anyLine, (text) => {
        const read = new SourceLine(`option ${text}`);
        let written: string;
        try {
          written = writeLine(read);
        } catch (error) {
          if (error instanceof UnsafeValueError) return;
          throw error;
        }
        const again = new SourceLine(written);
        // What HAProxy refuses it may refuse for another reason.
        if (!read.words.includes(null)) expect(again.equals(read)).toBe(true);
      }),
      { numRuns: 3000 },
    );
  });

  it('says what it said, and one word more, when the word is put behind it', () => {
    fc.assert(
      fc.property(anyLine, (text) => {
        const read = new SourceLine(`option ${text}`);
        if (read.words.includes(null)) return;
        expect(read.insert(read.words.length, value('a b')).words).toEqual([...read.words, 'a b']);
      }),
      { numRuns: 3000 },
    );
  });
});

/** What was read, as a tree of its own: the writer is not helped by the text. */
const treeOf = (sections: readonly SourceSection[]): HaproxyConfig => ({
  sections: sections
    .filter(({ kind }) => kind !== null)
    .map(({ kind, name, lines }) => ({ kind: kind!, name, lines: lines.filter(({ isEmpty }) => !isEmpty) })),
});

describe('what the writer wrote', () => {
  it('is read as the tree it was made of, whatever the tree', () => {
    let held = 0;
    fc.assert(
      fc.property(anyConfig, (config) => {
        let text: string;
        try {
          text = writeConfig(config);
        } catch (error) {
          if (error instanceof UnsafeValueError) return;
          throw error;
        }
        held += 1;
        expect(readMeaning(text, config)).toEqual(meantSections(config));
        expect(writeConfig(treeOf(readSections(text)))).toBe(text);
      }),
      { numRuns: 2000 },
    );
    expect(held).toBeGreaterThan(500);
  });

  const golden = new URL('../../controller/test/dataplane/testdata/', import.meta.url);
  it.each(readdirSync(golden).filter((name) => name.endsWith('.cfg')))('is written again from its tree: %s', (name) => {
    const text = readFileSync(new URL(name, golden), 'utf8');
    expect(writeConfig(treeOf(readSections(text)))).toBe(text);
  });

  it('is a tree of plain values', () => {
    const config = { sections: [{ kind: 'backend' as const, name: 'b', lines: [line('server', value('a b'), 7)] }] };
    const [, backend] = readSections(writeConfig(config));
    expect(backend).toMatchObject({ kind: 'backend', name: 'b', lines: [{ keyword: 'server' }, {}] });
    expect(backend?.lines[0]?.arguments).toEqual([value('a b'), value('7')]);
  });
});
