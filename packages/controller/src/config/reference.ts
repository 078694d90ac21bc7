/** The option reference, `docs/configuration.md`. */
import type { Option } from './option.ts';
import { REGISTRY } from './registry.ts';
import { defaultTexts, notes } from './sample.ts';

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');
const code = (text: string): string => (text === '' ? 'empty' : `\`${cell(text)}\``);

function row(name: string, option: Option<unknown>): string {
  const type = option.secret ? `${option.type.name}, secret` : option.type.name;
  const meaning = [option.help, ...notes(option)].join(' ');
  return `| \`${name}\` | ${type} | ${defaultTexts(option).map(code).join(', ')} | ${cell(meaning)} |`;
}

/** The tables, without an introduction. */
export function configReference(): string {
  const sections = Object.entries(REGISTRY).map(([name, section]) => {
    const rows = Object.entries<Option<unknown>>(section.options).map(([key, option]) => row(key, option));
    const head = '| option | type | default | meaning |\n|---|---|---|---|';
    return `## [${name}]\n\n${section.help}\n\n${head}\n${rows.join('\n')}\n`;
  });
  return sections.join('\n');
}
