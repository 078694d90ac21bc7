/** The real HAProxy reads words as the reader does, and as the writer means them. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { value } from '../src/tree.ts';
import { wordsOf } from '../src/words.ts';
import { argumentText } from '../src/writer.ts';
import { anyLine } from './support/any-config.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'haproxy-words-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** HAProxy gives up after some errors. */
const LINES_PER_RUN = 20;
/** Keeps a word from being a keyword. */
const MARK = 'zz';

/** The first word of each line as HAProxy repeats it, for it does not know it; undefined where it refused to read the line. */
function firstWords(lines: readonly string[]): (string | undefined)[] {
  if (lines.length > LINES_PER_RUN) {
    return [...firstWords(lines.slice(0, LINES_PER_RUN)), ...firstWords(lines.slice(LINES_PER_RUN))];
  }
  const file = join(folder, 'words.cfg');
  writeFileSync(file, `global\n${lines.map((line) => `${line}\n`).join('')}`);
  const { stderr } = spawnSync('haproxy', ['-c', '-f', file], { encoding: 'utf8', env: { PATH: process.env.PATH } });
  const seen: (string | undefined)[] = lines.map(() => undefined);
  for (const said of stderr.split(/\n(?=\[(?:NOTICE|WARNING|ALERT)\])/)) {
    const match = /words\.cfg:(\d+)\] : unknown keyword '(.*)' in 'global' section/s.exec(said);
    if (match !== null) seen[Number(match[1]) - 2] = match[2];
  }
  return seen;
}

it('of any printable text that is written as a value', () => {
  const printable = fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 30 });
  const texts = fc.sample(printable, { numRuns: 300, seed: 7 }).map((text) => `${MARK}${text}`);
  expect(firstWords(texts.map((text) => argumentText(value(text), 'option')))).toEqual(texts);
});

it('of any line', () => {
  // HAProxy reads no line that has a NUL, and half a surrogate pair cannot be in a file.
  const readable = anyLine.filter((text) => !text.includes('\0') && text.isWellFormed());
  const lines = fc.sample(readable, { numRuns: 1500, seed: 7 }).map((text) => `${MARK}${text}`);
  const seen = firstWords(lines);
  const read = lines.map((text) => wordsOf(text).map((word) => word.text));
  const known = lines.flatMap((line, index) => (read[index]!.includes(null) ? [] : [{ line, word: read[index]![0] }]));
  // What HAProxy refuses to read has a word that the reader does not claim to know.
  expect(known).toEqual(known.map(({ line }) => ({ line, word: seen[lines.indexOf(line)] })));
  expect(known.length).toBeGreaterThan(lines.length / 3);
  expect(seen.filter((word) => word === undefined).length).toBeGreaterThan(10);
});
