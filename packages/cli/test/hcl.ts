/** A strict reader of the part of HCL that exports are written in: blocks, attributes, strings, numbers, lists, maps, references. */

type Hcl = string | number | boolean | { reference: string } | Hcl[] | { [key: string]: Hcl };

export interface Block {
  type: string;
  labels: string[];
  attributes: Record<string, Hcl>;
  blocks: Block[];
}

const TOKEN =
  /(?<blank>[ \n]+)|(?<text>"(?:[^"\\]|\\.)*")|(?<number>-?\d+(?:\.\d+)?)|(?<name>[A-Za-z_][\w.-]*)|(?<sign>[{}[\],=])/uy;
const ESCAPE = /\\(?:([nrt"\\])|u([0-9a-f]{4})|U([0-9a-f]{8}))|\\(.?)/giu;
const SHORT: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', '"': '"', '\\': '\\' };

/** @throws Error where the text is no such HCL */
export function readHcl(text: string): Block[] {
  const tokens: { kind: string; text: string }[] = [];
  const token = new RegExp(TOKEN);
  while (token.lastIndex < text.length) {
    const at = token.lastIndex;
    const groups = token.exec(text)?.groups;
    if (groups === undefined) throw new Error(`Not HCL: ${text.slice(at, at + 40)}`);
    const [kind = '', found = ''] = Object.entries(groups).find(([, value]) => value !== undefined) ?? [];
    if (kind !== 'blank') tokens.push({ kind, text: found });
  }
  return new Reader(tokens).blocks();
}

class Reader {
  readonly #tokens: { kind: string; text: string }[];

  constructor(tokens: { kind: string; text: string }[]) {
    this.#tokens = tokens;
  }

  #is(text: string): boolean {
    return this.#tokens[0]?.text === text;
  }

  #take(wanted: string): string {
    const { kind, text } = this.#tokens.shift() ?? { kind: 'end', text: '' };
    if (kind !== wanted && text !== wanted) throw new Error(`${wanted} was expected, not ${text}`);
    return text;
  }

  blocks(): Block[] {
    const found: Block[] = [];
    while (this.#tokens.length > 0) found.push(this.#block(this.#take('name')));
    return found;
  }

  #block(type: string): Block {
    const block: Block = { type, labels: [], attributes: {}, blocks: [] };
    while (!this.#is('{')) block.labels.push(plain(this.#take('text')));
    this.#take('{');
    while (!this.#is('}')) {
      const name = this.#take('name');
      if (!this.#is('=')) block.blocks.push(this.#block(name));
      else {
        this.#take('=');
        if (name in block.attributes) throw new Error(`${name} is there twice`);
        block.attributes[name] = this.#value();
      }
    }
    this.#take('}');
    return block;
  }

  #value(): Hcl {
    const { kind = '', text = '' } = this.#tokens.shift() ?? {};
    if (kind === 'text') return plain(text);
    if (kind === 'number') return Number(text);
    if (kind === 'name') return text === 'true' || text === 'false' ? text === 'true' : { reference: text };
    if (text === '[') {
      const list: Hcl[] = [];
      while (!this.#is(']')) {
        list.push(this.#value());
        if (!this.#is(']')) this.#take(',');
      }
      this.#take(']');
      return list;
    }
    if (text !== '{') throw new Error(`A value was expected, not ${text}`);
    const map: Record<string, Hcl> = {};
    while (!this.#is('}')) {
      const key = plain(this.#take('text'));
      this.#take('=');
      map[key] = this.#value();
    }
    this.#take('}');
    return map;
  }
}

/** What a string means. A template in it would be carried out. */
function plain(quoted: string): string {
  const inner = quoted.slice(1, -1);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not stand there
  if (/[\x00-\x1f]/.test(inner)) throw new Error(`A control character in ${quoted}`);
  const escaped = inner.replaceAll(/([$%])\1\{|[$%]\{/g, (found, sign: string | undefined) => {
    if (sign === undefined) throw new Error(`A template in ${quoted}`);
    return `${found.slice(1)}`;
  });
  return escaped.replaceAll(ESCAPE, (_, short, four, eight, wrong) => {
    if (wrong !== undefined) throw new Error(`HCL has no \\${wrong}`);
    return SHORT[short] ?? String.fromCodePoint(Number.parseInt(four ?? eight, 16));
  });
}

/** @returns lines that `terraform fmt` would write otherwise: `=` of attributes that follow each other stand below each other */
export function unaligned(text: string): string[] {
  const lines = text.split('\n');
  const column = (line: string | undefined): number => {
    const [start] = /^ +(?:"[^"]*"|[\w-]+) *= (?!.*\{$)/.exec(line ?? '') ?? [];
    return start === undefined ? -1 : start.length;
  };
  const wide = lines.filter((line, index) => {
    const own = column(line);
    const before = column(lines[index - 1]);
    return own >= 0 && before >= 0 && own !== before;
  });
  const loose = lines.filter((line, index) => {
    // In each group one name has a single blank behind it.
    if (column(line) < 0 || column(lines[index - 1]) >= 0) return false;
    const group = [line];
    for (let next = index + 1; column(lines[next]) >= 0; next += 1) group.push(lines[next] ?? '');
    return !group.some((each) => /^ +(?:"[^"]*"|[\w-]+) = /.test(each));
  });
  return [...wide, ...loose];
}
