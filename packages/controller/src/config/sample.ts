/** The sample configuration file: every option, its meaning and bounds, commented out at its default. */
import type { Option } from './option.ts';
import { REGISTRY, type RegisteredOption, registeredOptions } from './registry.ts';

const WIDTH = 100;

function wrapped(text: string): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const line = lines.at(-1);
    if (line === undefined || line.length + word.length + 1 > WIDTH) lines.push(`# ${word}`);
    else lines[lines.length - 1] = `${line} ${word}`;
  }
  return lines;
}

/** Quotes keep white space at the ends of a value. */
function quoted(text: string): string {
  return text !== text.trim() || /^(["']).*\1$/.test(text) ? `"${text}"` : text;
}

/** The default as text, one entry for each line of a multi-valued option. */
export function defaultTexts(option: Option<unknown>): string[] {
  if (option.sample !== undefined) return [option.sample];
  if (option.default === null) return ['<None>'];
  if (option.type.repeatable) {
    const values = option.default as readonly string[];
    return values.length === 0 ? [''] : [...values];
  }
  return [option.type.format(option.default)];
}

/** Facts about an option that are neither its type, its default nor its meaning. */
export function notes({ option, rule }: RegisteredOption): string[] {
  const facts: string[] = [];
  const { constraint } = option.type;
  if (constraint !== null) facts.push(`${constraint[0]!.toUpperCase()}${constraint.slice(1)}.`);
  if (rule) facts.push(rule.text);
  if (option.mutable) facts.push('Mutable.');
  if (option.fallbackEnv !== undefined)
    facts.push(`When unset, the environment variable ${option.fallbackEnv} is read.`);
  if (option.old !== undefined)
    facts.push(`Old names: ${option.old.map((name) => name.replace(/(.*)\./, '[$1] ')).join(', ')}.`);
  if (option.forRemoval) facts.push('Will be removed.');
  if (option.compatibility) facts.push(`Without effect: ${option.compatibility}.`);
  return facts;
}

function sampleOption(registered: RegisteredOption): string {
  const { name, option } = registered;
  const comments = wrapped(`${option.help} (${option.type.name})`).concat(notes(registered).flatMap(wrapped));
  const lines = defaultTexts(option).map((text) => `#${name} = ${quoted(text)}`.trimEnd());
  return [...comments, ...lines].join('\n');
}

export function sampleConfig(): string {
  const sections = Map.groupBy(registeredOptions(), ({ section }) => section);
  const texts = [...sections].map(([name, options]) =>
    [`[${name}]`, wrapped(REGISTRY[name].help).join('\n'), ...options.map(sampleOption)].join('\n\n'),
  );
  return `${texts.join('\n\n\n')}\n`;
}
