/**
 * The only place where HAProxy configuration text is read. Whoever wrote the text, and for which HAProxy: lines and
 * sections that mean nothing here are kept as they stand, and what is put together again without a change is the same
 * text to the last byte. Nothing is refused; `haproxy -c` does that.
 */
import { type Argument, type Line, SECTION_KINDS, type SectionKind, value } from './tree.ts';
import { type Word, wordsOf } from './words.ts';
import { argumentText, canBeValue, writeLine } from './writer.ts';

/** The first word, and whether there is more to it than meets the eye. */
const FIRST_WORD = /^[ \t\v\f\r]*([^ \t\v\f\r\0"'\\#]*)(["'\\]?)/;
/** Lines that may begin a section: the others need not be read to know that they do not. */
const HEAD = new RegExp(`^[ \\t\\v\\f\\r]*(?:${SECTION_KINDS.join('|')}|[^ \\t\\v\\f\\r\\0"'\\\\#]*["'\\\\])`);
/** Lines without these, which are nearly all, are words and blanks. To find every place takes four times as long. */
const SPECIAL = /["'\\#\r\0]/;
const ORDINARY_WORDS = /[^ \t\v\f]+/g;

/** A backslash that stands for itself at the end of a word would make the space behind it a part of the word. */
const closed = (word: string): string => (/(?<!\\)(?:\\\\)*\\$/.test(word) ? `${word}\\` : word);

export class SourceLine implements Line {
  /** As it stands, without its line feed. */
  readonly source: string;
  #keyword: string | null = null;
  #words: (string | null)[] | null = null;
  #places: Word[] | null = null;

  constructor(source: string) {
    this.source = source;
  }

  /** A new line as the writer writes it. @throws UnsafeValueError */
  static of(line: Line): SourceLine {
    return new SourceLine(writeLine(line));
  }

  /** Empty for a line in which HAProxy sees nothing; as it stands when it depends on the environment. */
  get keyword(): string {
    if (this.#keyword === null) {
      const [, first = '', more] = FIRST_WORD.exec(this.source) ?? [];
      this.#keyword = more === '' ? first : this.#readKeyword();
    }
    return this.#keyword;
  }

  /** Blank, or a comment. */
  get isEmpty(): boolean {
    return this.keyword === '';
  }

  /** What the words behind the keyword say; null for those that HAProxy alone knows, by its environment. */
  get words(): readonly (string | null)[] {
    this.#words ??= SPECIAL.test(this.source)
      ? this.#behindKeyword().map(({ text }) => text)
      : (this.source.match(ORDINARY_WORDS) ?? []).slice(1);
    return this.#words;
  }

  get arguments(): Argument[] {
    return this.#behindKeyword().map((word) => {
      if (word.text !== null && canBeValue(word.text)) return value(word.text);
      return { kind: 'verbatim', source: closed(this.source.slice(word.start, word.end)) };
    });
  }

  /** The word behind another one; null when there is none. */
  wordAfter(word: string): string | null {
    const { words } = this;
    const at = words.indexOf(word);
    return at < 0 ? null : (words[at + 1] ?? null);
  }

  /** Whether HAProxy takes both for the same. */
  equals(other: SourceLine): boolean {
    if (this.source === other.source) return true;
    const [own, others] = [this.words, other.words];
    return (
      this.keyword === other.keyword &&
      own.length === others.length &&
      own.every((text, index) => text !== null && text === others[index])
    );
  }

  /** With another argument in the place of one; everything else stays as it stands. @throws UnsafeValueError */
  replace(index: number, argument: Argument): SourceLine {
    const word = this.#behindKeyword()[index];
    return word === undefined ? this : this.#with(word.start, argumentText(argument, this.keyword), word.end);
  }

  /** @param index of the argument before which the new ones stand; beyond the last: behind it. @throws UnsafeValueError */
  insert(index: number, ...added: Argument[]): SourceLine {
    const words = added.map((argument) => argumentText(argument, this.keyword)).join(' ');
    const next = this.#behindKeyword()[index];
    if (next !== undefined) return this.#with(next.start, `${words} `, next.start);
    const end = this.#all().at(-1)?.end ?? 0;
    return new SourceLine(`${closed(this.source.slice(0, end))} ${words}${this.source.slice(end)}`);
  }

  #with(start: number, text: string, end: number): SourceLine {
    return new SourceLine(`${this.source.slice(0, start)}${text}${this.source.slice(end)}`);
  }

  #all(): Word[] {
    this.#places ??= wordsOf(this.source);
    return this.#places;
  }

  #behindKeyword(): Word[] {
    return this.isEmpty ? [] : this.#all().slice(1);
  }

  #readKeyword(): string {
    const first = this.#all()[0];
    return first === undefined ? '' : (first.text ?? this.source.slice(first.start, first.end));
  }
}

export interface SourceSection {
  /** Null of what stands before any section. */
  readonly kind: SectionKind | null;
  readonly name: string | null;
  /** The line that begins the section. */
  readonly head: SourceLine | null;
  /** Those behind the head, blank ones and comments too. */
  lines: SourceLine[];
}

const isSectionKind = (word: string): word is SectionKind => (SECTION_KINDS as readonly string[]).includes(word);

/** At least one section: the first holds what stands before any head. Heads may be indented, as HAProxy takes them. */
export function readSections(text: string): SourceSection[] {
  const sections: SourceSection[] = [{ kind: null, name: null, head: null, lines: [] }];
  for (const source of text.split('\n')) {
    const line = new SourceLine(source);
    const keyword = HEAD.test(source) ? line.keyword : '';
    if (isSectionKind(keyword)) sections.push({ kind: keyword, name: line.words[0] ?? null, head: line, lines: [] });
    else sections.at(-1)!.lines.push(line);
  }
  return sections;
}

/** The text again, with what was changed in it. */
export function textOf(sections: readonly SourceSection[]): string {
  return sections
    .flatMap(({ head, lines }) => (head === null ? lines : [head, ...lines]))
    .map(({ source }) => source)
    .join('\n');
}
