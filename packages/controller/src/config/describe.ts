/** Every option with its value in words, for `log_options` and for support. Secrets are covered. */
import type { Config } from './load.ts';
import { redact } from './redact.ts';
import { registeredOptions, type SectionName } from './registry.ts';

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
