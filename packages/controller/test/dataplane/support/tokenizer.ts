/**
 * Reads HAProxy configuration text the way HAProxy 2.6 does: the test's own reading of the manual (2.2), independent of
 * the writer. `haproxy.dataplane.test.ts` holds it against the real program.
 */

const ESCAPES: Record<string, string> = { n: '\n', r: '\r', t: '\t' };

/** The words of one line; what stands behind an unquoted `#` is gone. */
export function tokenizeLine(text: string): string[] {
  const words: string[] = [];
  let word: string | null = null;
  let quote: '"' | "'" | null = null;
  for (let i = 0; i < text.length; i++) {
    const character = text[i]!;
    if (quote === "'") {
      if (character === "'") quote = null;
      else word += character;
    } else if (character === '\\') {
      const next = text[++i];
      if (next === undefined) throw new Error(`backslash at the end of ${text}`);
      if (next === 'x') {
        word = (word ?? '') + String.fromCharCode(Number.parseInt(text.slice(i + 1, i + 3), 16));
        i += 2;
      } else {
        word = (word ?? '') + (ESCAPES[next] ?? next);
      }
    } else if (character === '"' || (character === "'" && quote === null)) {
      word ??= '';
      quote = quote === '"' ? null : character;
    } else if (quote === '"' && character === '$') {
      throw new Error(`environment variable in ${text}`);
    } else if (quote === null && character === '#') {
      break;
    } else if (quote === null && (character === ' ' || character === '\t')) {
      if (word !== null) words.push(word);
      word = null;
    } else {
      word = (word ?? '') + character;
    }
  }
  if (quote !== null) throw new Error(`open quote in ${text}`);
  if (word !== null) words.push(word);
  return words;
}

const SECTIONS = ['global', 'defaults', 'frontend', 'backend', 'listen', 'peers'];

export interface ReadSection {
  head: string[];
  lines: string[][];
}

/** HAProxy ends a line at LF and takes CR away; lines without words do not count. */
export function readSections(text: string): ReadSection[] {
  const sections: ReadSection[] = [];
  for (const raw of text.split('\n')) {
    const words = tokenizeLine(raw.replace(/\r$/, ''));
    if (words.length === 0) continue;
    if (SECTIONS.includes(words[0]!)) sections.push({ head: words, lines: [] });
    else sections.at(-1)!.lines.push(words);
  }
  return sections;
}

/** What a log format says: `%%` is a percent sign; what HAProxy fills in stands between two U+0001. */
export function readLogFormat(format: string): string {
  return format.replace(/%(\[[A-Za-z0-9_.,()]+\]|.?)/gs, (_, next: string) => {
    if (next === '%') return '%';
    if (next.startsWith('[')) return `\u0001${next.slice(1, -1)}\u0001`;
    throw new Error(`variable in log format ${format}`);
  });
}

/** `name(argument,…),converter,…` with the second level of quotes taken off. */
export function readFetch(expression: string): { name: string; arguments: string[] }[] {
  const name = /^[a-z0-9_.]+/.exec(expression)?.[0] ?? '';
  if (name === expression) return [{ name, arguments: [] }];
  if (expression[name.length] === ',') {
    return [{ name, arguments: [] }, ...readFetch(expression.slice(name.length + 1))];
  }
  if (expression[name.length] !== '(') throw new Error(`no arguments behind the name of ${expression}`);
  const args: string[] = [''];
  let quote: string | null = null;
  for (let i = name.length + 1; i < expression.length; i++) {
    const character = expression[i]!;
    if (quote === null && character === ')') {
      const call = { name, arguments: args };
      if (i === expression.length - 1) return [call];
      if (expression[i + 1] !== ',') throw new Error(`text behind the arguments of ${expression}`);
      return [call, ...readFetch(expression.slice(i + 2))];
    }
    if (quote === null && character === ',') args.push('');
    else if (character === quote) quote = null;
    else if (quote === null && (character === '"' || character === "'")) quote = character;
    else if (character === '\\' && quote !== "'") args[args.length - 1] += expression[++i] ?? '';
    else args[args.length - 1] += character;
  }
  throw new Error(`arguments do not end in ${expression}`);
}
