/** Arguments that many commands share, so that each table says only what is its own. */
import type { Argument, Conversion, Finder } from '../command.ts';

type More = Partial<Argument>;

/** `--vip-port-id` is `vip_port_id`. */
const destOf = (flag: string): string => flag.replace(/^--/, '').replaceAll('-', '_');

/** An option with a text. It sets the field of its name unless `more` says otherwise. */
export function option(flag: string, metavar: string, help: string, more: More = {}): Argument {
  const dest = destOf(flag);
  return { flags: [flag], dest, metavar, help, field: dest, ...more };
}

/** An option with a whole number. */
export const number = (flag: string, metavar: string, help: string, more: More = {}): Argument =>
  option(flag, metavar, help, { type: 'int', ...more });

/** An option whose value is one of some words, in any case. */
export const choice = (flag: string, choices: readonly string[], help: string, more: More = {}): Argument =>
  option(flag, `{${choices.join(',')}}`, help, { type: 'upper', choices, ...more });

/** An option with the name or id of something. */
export const named = (flag: string, metavar: string, find: Finder, help: string, more: More = {}): Argument =>
  option(flag, metavar, help, { find, ...more });

/** An option without a value. It is not sent unless `more` names a field. */
export function flag(name: string, help: string, more: More = {}): Argument {
  return { flags: [name], dest: destOf(name), takes: 0, help, ...more };
}

/** An option of `unset`: the field becomes null. */
export const clears = (name: string, help: string, more: More = {}): Argument =>
  flag(name, help, { field: destOf(name), sends: null, ...more });

/** Options of `unset` after which the service decides again. */
export const backToDefault = (names: readonly string[], more: More = {}): Argument[] =>
  names.map((name) => clears(name, 'Back to the default.', more));

/** An option that is repeated, or has several words, for a field with a list. */
export const several = (
  name: string,
  metavar: string,
  help: string,
  field: string,
  aliases: readonly string[] = [],
): Argument => ({
  flags: [name],
  dest: field,
  metavar,
  takes: '?',
  action: 'append',
  help: `${help}; repeat it for several.`,
  field,
  aliases,
});

const label = (name: string, description: string): Argument[] => [
  option('--name', '<name>', name),
  option('--description', '<description>', description),
];
export const labelOfCreate = (noun: string): Argument[] => label(`Name of the ${noun}.`, 'Text for people.');
export const labelOfSet = (): Argument[] => label('New name.', 'New text for people.');
export const labelOfUnset = (): Argument[] => [
  clears('--name', 'Clear the name.'),
  clears('--description', 'Clear the description.'),
];

/** Filters of lists. */
export const ofLoadBalancer = (): Argument =>
  named('--loadbalancer', '<loadbalancer>', 'loadbalancers', 'Only those of this load balancer (name or id).', {
    field: 'loadbalancer_id',
  });
export const ofProject = (metavar: string): Argument =>
  named('--project', metavar, 'projects', 'Only those of this project (name or id).', { field: 'project_id' });

/** How TLS is spoken, of listeners and pools. */
export const tlsTerms = (version: string, protocol: string): Argument[] => [
  option('--tls-ciphers', '<tls_ciphers>', 'TLS ciphers, as OpenSSL writes them.'),
  several('--tls-version', '<tls_versions>', version, 'tls_versions', ['--tls-versions']),
  several('--alpn-protocol', '<alpn_protocols>', protocol, 'alpn_protocols'),
];

/** The object that the command is about. */
export const object = (dest: string, metavar: string, help: string, more: More = {}): Argument => ({
  flags: [],
  dest,
  metavar,
  help,
  ...more,
});

/** `--enable` and `--disable`; one of them may be what happens anyway. */
export function enabling(
  noun: string,
  { words = ['Enable', 'Disable'], isDefault = false, field = 'admin_state_up' } = {},
): Argument[] {
  const [enable = '', disable = ''] = words;
  const asDefault = isDefault ? { default: true } : {};
  return [
    flag('--enable', `${enable} ${noun}${isDefault ? ' (default)' : ''}.`, {
      group: 'admin',
      field,
      sends: true,
      ...asDefault,
    }),
    flag('--disable', `${disable} ${noun}.`, { group: 'admin', field, sends: false }),
  ];
}

export const wait = (): Argument => flag('--wait', 'Wait until it is done.');

const tag = (help: string, more: More = {}): Argument => ({
  flags: ['--tag'],
  dest: 'tags',
  metavar: '<tag>',
  action: 'append',
  help,
  field: 'tags',
  ...more,
});

export const tagsOfCreate = (noun: string): Argument[] => [
  tag(`Tag of the ${noun}; repeat it for several.`, { group: 'tags', aliases: ['--tags'] }),
  flag('--no-tag', `No tags for the ${noun}.`, { group: 'tags' }),
];

export const tagsOfSet = (noun: string): Argument[] => [
  tag(`Tag to add to those of the ${noun}; repeat it for several.`, { aliases: ['--tags'] }),
  flag('--no-tag', `Remove the tags of the ${noun}. With --tag: replace them.`),
];

export const tagsOfUnset = (noun: string): Argument[] => [
  tag(`Tag to remove from the ${noun}; repeat it for several.`, { group: 'tags' }),
  flag('--all-tag', `Remove all tags of the ${noun}.`, { group: 'tags' }),
];

const tagList = (name: string, field: string, help: string): Argument =>
  option(name, '<tag>[,<tag>,...]', help, { action: 'commas', field });

export const tagFilters = (nouns: string): Argument[] => [
  tagList('--tags', 'tags', `Only ${nouns} that have all of these tags.`),
  tagList('--any-tags', 'tags-any', `Only ${nouns} that have one of these tags.`),
  tagList('--not-tags', 'not-tags', `No ${nouns} that have all of these tags.`),
  tagList('--not-any-tags', 'not-tags-any', `No ${nouns} that have one of these tags.`),
];

/** Text for the word that clears a reference. */
export const NULLABLE: { as: Conversion } = { as: 'nullable' };
