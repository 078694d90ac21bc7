/** Wraps text where Python's textwrap does, since tables must break at the same places. */

const SPACE = '[\\t\\n\\v\\f\\r ]';
const SOLID = '[^\\t\\n\\v\\f\\r ]';
const WORD = '[\\p{L}\\p{N}_]';
const LETTER = '(?:(?!\\p{Nd})[\\p{L}\\p{N}_])';
const JOINED = '[\\p{L}\\p{N}_!"\'&.,?]';

/** Runs of blanks, dashes between words, words, and words up to a hyphen that letters surround. */
const PIECE = new RegExp(
  [
    `${SPACE}+`,
    `(?<=${JOINED})-{2,}(?=${WORD})`,
    `${SOLID}+?(?:-(?:(?<=${LETTER}{2}-)|(?<=${LETTER}-${LETTER}-))(?=${LETTER}-?${LETTER})|(?=${SPACE}|$)|(?<=${JOINED})(?=-{2,}${WORD}))`,
  ].join('|'),
  'gu',
);

const isBlank = (piece: string | undefined): boolean => piece !== undefined && piece.trim() === '';
const length = (text: string): number => [...text].length;

/** Where a word that fits on no line is cut: behind its last hyphen, or where the line ends. */
function cut(word: string[], room: number): number {
  if (word.length <= room) return room;
  const hyphen = word.lastIndexOf('-', room - 1);
  return hyphen > 0 && word.slice(0, hyphen).some((char) => char !== '-') ? hyphen + 1 : room;
}

/**
 * @param width at least 1, in characters
 * @returns the lines; none for an empty text
 */
export function wrap(text: string, width: number): string[] {
  const pieces = (
    expandTabs(text)
      .replace(/[\t\n\v\f\r]/g, ' ')
      .match(PIECE) ?? []
  ).reverse();
  const lines: string[] = [];
  while (pieces.length > 0) {
    const line: string[] = [];
    let used = 0;
    if (lines.length > 0 && isBlank(pieces.at(-1))) pieces.pop();
    for (let next = pieces.at(-1); next !== undefined && used + length(next) <= width; next = pieces.at(-1)) {
      line.push(next);
      used += length(next);
      pieces.pop();
    }
    const long = pieces.at(-1);
    if (long !== undefined && length(long) > width) {
      const chars = [...long];
      // A line that is full already is closed first.
      const end = width - used > 0 ? cut(chars, width - used) : 0;
      line.push(chars.slice(0, end).join(''));
      pieces[pieces.length - 1] = chars.slice(end).join('');
    }
    if (isBlank(line.at(-1))) line.pop();
    if (line.length > 0) lines.push(line.join(''));
  }
  return lines;
}

/** Tabs reach to the next column that eight divides. */
function expandTabs(text: string): string {
  if (!text.includes('\t')) return text;
  let column = 0;
  return [...text]
    .map((char) => {
      const add = char === '\t' ? ' '.repeat(8 - (column % 8)) : char;
      column = char === '\n' || char === '\r' ? 0 : column + add.length;
      return add;
    })
    .join('');
}
