/** Where a source file can be made wrong in a small way, found in its syntax tree. */
import { parseSync } from 'oxc-parser';

export interface Mutation {
  /** From 1. */
  line: number;
  start: number;
  end: number;
  /** What stands there instead. */
  text: string;
  /** For example `a === b → a !== b`, of the changed words alone. */
  what: string;
}

type Node = { type: string; start: number; end: number } & Record<string, unknown>;

const BINARY: Readonly<Record<string, string>> = {
  '===': '!==',
  '!==': '===',
  '<': '<=',
  '<=': '<',
  '>': '>=',
  '>=': '>',
  '+': '-',
  '-': '+',
  '&&': '||',
  '||': '&&',
};
const METHODS = new Map([
  ['some', 'every'],
  ['every', 'some'],
  ['startsWith', 'endsWith'],
]);

/** Words of SQL, which rules of statuses are written in. */
const SQL: readonly (readonly [RegExp, string])[] = [
  [/\bis not null\b/g, 'is null'],
  [/\bis null\b/g, 'is not null'],
  [/\bnot exists\b/g, 'exists'],
  [/\band\b/g, 'or'],
  [/\bor\b/g, 'and'],
  [/ = /g, ' <> '],
  [/ <> /g, ' = '],
  [/'[A-Z_]{4,}'/g, "'OTHER'"],
];

/** Expressions inside types, and names of modules, mean nothing when the program runs. */
const SILENT = /^(Import|ExportAll|TS(?!AsExpression|SatisfiesExpression|NonNullExpression))/;

const isNode = (value: unknown): value is Node => typeof Object(value).type === 'string';

/** All of them, in the order of the file. */
export function mutationsOf(source: string, name: string): Mutation[] {
  const { program, errors } = parseSync(name, source);
  if (errors[0] !== undefined) throw new Error(`${name}: ${errors[0].message}`);
  const found: Mutation[] = [];
  const lineOf = (at: number): number => source.slice(0, at).split('\n').length;
  const add = (start: number, end: number, text: string, before = source.slice(start, end)): void => {
    const short = (words: string): string => words.replace(/\s+/g, ' ').slice(0, 40);
    const line = source.slice(source.lastIndexOf('\n', start) + 1).split('\n')[0] ?? '';
    found.push({
      line: lineOf(start),
      start,
      end,
      text,
      what: `${short(before)} → ${short(text)} in ${line.trim().slice(0, 70)}`,
    });
  };

  const visit = (node: Node): void => {
    if (SILENT.test(node.type)) return;
    if (node.type === 'ExpressionStatement' && node.directive) return;
    mutate(node, source, add);
    for (const [key, value] of Object.entries(node)) {
      if (key === 'typeAnnotation' || key === 'typeArguments' || key === 'typeParameters' || key === 'returnType')
        continue;
      for (const child of [value].flat()) if (isNode(child)) visit(child);
    }
  };
  visit(program as unknown as Node);
  return found.sort((a, b) => a.start - b.start);
}

function mutate(node: Node, source: string, add: (start: number, end: number, text: string) => void): void {
  const { type, start, end } = node;
  if (type === 'BinaryExpression' || type === 'LogicalExpression') {
    const other = BINARY[String(node.operator)];
    const left = node.left as Node;
    const at = source.indexOf(String(node.operator), left.end);
    if (other !== undefined) add(at, at + String(node.operator).length, other);
  }
  if (type === 'UnaryExpression' && node.operator === '!') add(start, start + 1, '');
  if (type === 'Literal' && typeof node.value === 'boolean') add(start, end, String(!node.value));
  if (type === 'Literal' && typeof node.value === 'number') add(start, end, String(node.value + 1));
  if (type === 'IfStatement' || type === 'ConditionalExpression') {
    const test = node.test as Node;
    add(test.start, test.end, `!(${source.slice(test.start, test.end)})`);
  }
  if (type === 'MemberExpression') {
    const property = node.property as Node;
    const other = METHODS.get(String(property.name));
    if (other !== undefined) add(property.start, property.end, other);
  }
  if (type === 'ArrayExpression' && (node.elements as Node[]).length > 1) {
    const [first, second] = node.elements as Node[];
    if (first && second) add(first.start, second.start, '');
  }
  if (type === 'TaggedTemplateExpression' && (node.tag as Node).name === 'sql') {
    for (const text of (node.quasi as Node).quasis as Node[]) {
      const words = source.slice(text.start, text.end);
      for (const [pattern, other] of SQL)
        for (const match of words.matchAll(pattern))
          add(text.start + match.index, text.start + match.index + match[0].length, other);
    }
  }
}
