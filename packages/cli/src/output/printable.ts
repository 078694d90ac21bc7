/** Names are other people's: what would steer the terminal, or turn the direction of what follows, is shown as what it is. */

const STEERING = /[\p{Cc}\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;

export const isPrintable = (text: string): boolean => text.search(STEERING) < 0;

const shown = (character: string): string => {
  const code = character.charCodeAt(0).toString(16);
  return code.length > 2 ? `\\u${code.padStart(4, '0')}` : `\\x${code.padStart(2, '0')}`;
};

/** On one line. */
export const printable = (text: string): string => text.replaceAll(STEERING, shown);

/** On as many lines as it has. */
export const printableLines = (text: string): string =>
  text.replaceAll(STEERING, (character) => (character === '\n' ? character : shown(character)));
