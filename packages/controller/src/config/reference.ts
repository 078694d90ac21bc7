/** The option reference, `docs/configuration.md`. */
import { REGISTRY, type RegisteredOption, registeredOptions } from './registry.ts';
import { defaultTexts, notes } from './sample.ts';

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');
const code = (text: string): string => (text === '' ? 'empty' : `\`${cell(text)}\``);

function row(registered: RegisteredOption): string {
  const { name, option } = registered;
  const type = option.secret ? `${option.type.name}, secret` : option.type.name;
  const meaning = [option.help, ...notes(registered)].join(' ');
  return `| \`${name}\` | ${type} | ${defaultTexts(option).map(code).join(', ')} | ${cell(meaning)} |`;
}

/** The tables, without an introduction. */
export function configReference(): string {
  const sections = [...Map.groupBy(registeredOptions(), ({ section }) => section)].map(([name, options]) => {
    const head = '| option | type | default | meaning |\n|---|---|---|---|';
    return `## [${name}]\n\n${REGISTRY[name].help}\n\n${head}\n${options.map(row).join('\n')}\n`;
  });
  return sections.join('\n');
}
