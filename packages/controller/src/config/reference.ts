/** The option reference, `docs/configuration.md`. */
import { OTHER_OPTIONS, OTHER_SECTIONS } from './other-releases.ts';
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

function otherReleases(): string {
  const options = Object.entries(OTHER_OPTIONS).flatMap(([section, names]) =>
    Object.entries(names).map(([name, reason]) => [`[${section}] ${name}`, reason] as const),
  );
  const all = [...options, ...Object.entries(OTHER_SECTIONS).map(([name, reason]) => [`[${name}]`, reason] as const)];
  const rows = all.map(([name, reason]) => `| \`${name}\` | ${cell(reason)} |`);
  return `## Options of other releases

Older and newer releases of OpenStack Octavia and the tools that deploy it write these options and sections, too. They are not
read, and each is told in a line of the log at start.

| option or section | why it is not read |
|---|---|
${rows.join('\n')}
`;
}

/** The tables, without an introduction. */
export function configReference(): string {
  const sections = [...Map.groupBy(registeredOptions(), ({ section }) => section)].map(([name, options]) => {
    const head = '| option | type | default | meaning |\n|---|---|---|---|';
    return `## [${name}]\n\n${REGISTRY[name].help}\n\n${head}\n${options.map(row).join('\n')}\n`;
  });
  return [...sections, otherReleases()].join('\n');
}
