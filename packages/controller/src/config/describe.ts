/** Every option with its value in words, for `log_options` and for support. Secrets are covered. */
import type { Config } from './load.ts';
import { registeredOptions, type SectionName } from './registry.ts';
/** What may be shown of a secret: of a URL everything but the password, of anything else nothing. */
export function redact(text: string): string {
  if (text === '') return '';
  const url = /^([a-z][a-z0-9+.-]*:\/\/)(?:([^:@/?#]*)(:.*)?@)?([^@?]*)(\?.*)?$/i.exec(text);
  if (url === null) return '***';
  const [, scheme = '', user, password, rest = '', query] = url;
  const login = user === undefined ? '' : `${user}${password === undefined ? '' : ':***'}@`;
  return `${scheme}${login}${rest}${query === undefined ? '' : '?***'}`;
}

export interface DescribedOption {
  section: SectionName;
  name: string;
  /** `<None>` when unset. */
  value: string;
}

export function describeConfig(config: Config): DescribedOption[] {
  return registeredOptions().map(({ section, name, option }) => {
    const value = (config[section] as Record<string, unknown>)[name];
    const text = value === null ? '<None>' : option.type.format(value);
    return { section, name, value: option.secret && value !== null ? redact(text) : text };
  });
}
