/** Loads the configuration: who wins, what is wrong, what looks wrong. */
import { OctaviaError } from '../errors.ts';
import { findConfigWarnings } from './config-warnings.ts';
import {
  type ConfigOverrides,
  type ConfigValues,
  REGISTRY,
  type RegisteredOption,
  registeredOptions,
  type SectionName,
} from './registry.ts';
import { readEnvironmentSettings, readFileSettings, type Setting, settingKey } from './sources.ts';
import { InvalidValue } from './value-types.ts';

/** `$` references in option texts: `$name`, `${name}`, `$group.name`, `${group.name}`; `$$` and `\$` are a dollar sign. */
const NAME = '[A-Za-z_][A-Za-z0-9_-]*(?:\\.[A-Za-z_][A-Za-z0-9_-]*)?';
const BARE = '[A-Za-z_][A-Za-z0-9_]*(?:\\.[A-Za-z_][A-Za-z0-9_]*)?';
const REFERENCE = new RegExp(`\\$\\$|\\\\\\$|\\$\\{(${NAME})\\}|\\$(${BARE})`, 'g');

/**
 * @param lookUp text of the referenced option, empty text when it is unset, undefined when there is no such option
 * @throws InvalidValue for a reference to an option that does not exist
 */
function substitute(text: string, lookUp: (reference: string) => string | undefined): string {
  return text.replace(REFERENCE, (match, braced: string | undefined, bare: string | undefined) => {
    const reference = braced ?? bare;
    if (reference === undefined) return '$';
    const value = lookUp(reference);
    if (value === undefined) throw new InvalidValue(`${match} names no option; write $$ for a dollar sign`);
    return value;
  });
}

export type Config = ConfigValues & {
  /** What is not wrong but probably not meant: unknown options, old names, options that will go. */
  readonly warnings: readonly string[];
  /** The files that were read, in order. */
  readonly files: readonly string[];
};

export interface ConfigSources {
  /** INI files in reading order: a later file wins, and in a file a later line. */
  files?: readonly string[];
  env?: NodeJS.ProcessEnv;
  /** Values that win over everything, such as flags of the command line. */
  overrides?: ConfigOverrides;
  /** Values in place of the registry's defaults; everything wins over them. */
  defaults?: ConfigOverrides;
}

/** Where one value comes from, before it is parsed. */
type Origin = { settings: readonly Setting[] } | { value: unknown; source: string } | { fallback: true };

const UNSET = '<None>';

class Loader {
  private readonly sources: ConfigSources;
  private readonly inFiles: Map<string, Setting[]>;
  private readonly inEnvironment: Map<string, Setting[]>;
  private readonly options = new Map<string, RegisteredOption>();
  private readonly values = new Map<string, unknown>();
  /** Options whose value is being found: a second visit is a circle of `$` references. */
  private readonly open = new Set<string>();

  constructor(sources: ConfigSources, fileSettings: readonly Setting[], environmentSettings: readonly Setting[]) {
    this.sources = sources;
    this.inFiles = Map.groupBy(fileSettings, (setting) => setting.key);
    this.inEnvironment = Map.groupBy(environmentSettings, (setting) => setting.key);
    for (const registered of registeredOptions()) this.options.set(keyOf(registered), registered);
  }

  private origin({ section, name, option }: RegisteredOption): Origin {
    const given = (values: ConfigOverrides | undefined): unknown =>
      (values?.[section] as Record<string, unknown> | undefined)?.[name];
    const override = given(this.sources.overrides);
    if (override !== undefined) return { value: override, source: 'command line' };
    const key = settingKey(section, name);
    for (const candidate of [
      this.inEnvironment.get(key),
      ...[key, ...(option.old ?? [])].map((k) => this.inFiles.get(k)),
    ]) {
      if (candidate !== undefined) return { settings: candidate };
    }
    const text = option.fallbackEnv === undefined ? undefined : this.sources.env?.[option.fallbackEnv];
    if (text !== undefined && option.fallbackEnv !== undefined) {
      return { settings: [{ key, section, name, text, source: option.fallbackEnv }] };
    }
    const programDefault = given(this.sources.defaults);
    return programDefault === undefined ? { fallback: true } : { value: programDefault, source: 'program default' };
  }

  /** The text a `$` reference stands for; options of the same section win over those of DEFAULT. */
  private reference(reference: string, section: string): string | undefined {
    const dot = reference.indexOf('.');
    const keys =
      dot < 0
        ? [settingKey(section, reference), settingKey('DEFAULT', reference)]
        : [settingKey(reference.slice(0, dot), reference.slice(dot + 1))];
    const registered = keys.map((key) => this.options.get(key)).find((option) => option !== undefined);
    if (registered === undefined) return undefined;
    const value = this.value(registered);
    return value === null ? '' : registered.option.type.format(value);
  }

  private parse(registered: RegisteredOption, settings: readonly Setting[]): unknown {
    const { section, option } = registered;
    const read = ({ text, source }: Setting): unknown =>
      this.guard(registered, source, text, () => {
        const substituted = substitute(text, (reference) => this.reference(reference, section));
        const unset = substituted === UNSET || (substituted.trim() === '' && !isFreeText(option));
        return unset && option.default === null ? null : option.type.parse(substituted);
      });
    if (option.type.repeatable) return settings.flatMap((setting) => read(setting) as readonly string[]);
    const last = settings.at(-1);
    return last === undefined ? option.default : read(last);
  }

  private guard<T>({ section, name, option }: RegisteredOption, file: string, value: string, action: () => T): T {
    try {
      return action();
    } catch (error) {
      if (!(error instanceof InvalidValue)) throw error;
      const shown = option.secret ? (error.shown ?? '***') : value;
      throw new OctaviaError('BAD_OPTION', { file, section, option: name, value: shown, reason: error.message });
    }
  }

  value(registered: RegisteredOption): unknown {
    const key = keyOf(registered);
    if (this.values.has(key)) return this.values.get(key);
    if (this.open.has(key)) throw new InvalidValue(`$ references run in a circle through ${key}`);
    this.open.add(key);
    const value = this.find(registered);
    this.open.delete(key);
    this.values.set(key, value);
    return value;
  }

  private find(registered: RegisteredOption): unknown {
    const { option } = registered;
    const origin = this.origin(registered);
    if ('settings' in origin) return this.parse(registered, origin.settings);
    if ('fallback' in origin) return option.default;
    if (origin.value !== null) {
      this.guard(registered, origin.source, String(origin.value), () => option.type.check(origin.value));
    }
    return origin.value;
  }
}

/** Only for these an empty text is a value of its own. */
function isFreeText(option: RegisteredOption['option']): boolean {
  return option.type.name === 'string' && option.type.constraint === null;
}

function keyOf({ section, name }: RegisteredOption): string {
  return settingKey(section, name);
}

/**
 * Who wins, first to last: `overrides`, environment `OS_<SECTION>__<OPTION>`, files, the option's own fallback variable
 * (such as OCTAVIA_STATE_DIR), `defaults`, the registry's default.
 *
 * @throws OctaviaError BAD_OPTION, BAD_CONFIG_FILE, CONFIG_FILE_UNREADABLE
 */
export function loadConfig(sources: ConfigSources = {}): Config {
  const fileSettings = (sources.files ?? []).flatMap(readFileSettings);
  const environmentSettings = readEnvironmentSettings(sources.env ?? {}, Object.keys(REGISTRY));
  const loader = new Loader(sources, fileSettings, environmentSettings);
  const sections: Partial<Record<SectionName, Record<string, unknown>>> = {};
  for (const registered of registeredOptions()) {
    const values = sections[registered.section] ?? {};
    values[registered.name] = loader.value(registered);
    sections[registered.section] = values;
  }
  for (const values of Object.values(sections)) Object.freeze(values);
  const values = sections as ConfigValues;
  const found = findConfigWarnings(fileSettings, environmentSettings);
  if (values.DEFAULT.fatal_deprecations) refuseDeprecations(found.deprecations);
  checkRules(values);
  const warnings = [...found.unknown, ...found.deprecations.map(noticeText), ...defaultWarnings(values)];
  const files = Object.freeze([...(sources.files ?? [])]);
  return Object.freeze({ ...values, warnings: Object.freeze(warnings), files });
}

const given = (values: ConfigValues, { section, name }: RegisteredOption): unknown =>
  (values[section] as Readonly<Record<string, unknown>>)[name];

/** Rules that span several options. @throws OctaviaError BAD_OPTION */
function checkRules(values: ConfigValues): void {
  for (const registered of registeredOptions()) {
    const { section, name, option, rule } = registered;
    const value = given(values, registered);
    const reason = rule?.refuse(value, values[section]) ?? null;
    if (reason === null) continue;
    const shown = option.secret ? '***' : option.type.format(value);
    throw new OctaviaError('BAD_OPTION', { file: 'configuration', section, option: name, value: shown, reason });
  }
}

function defaultWarnings(values: ConfigValues): string[] {
  return registeredOptions().flatMap((registered) => {
    const { section, name, option } = registered;
    const warned = option.defaultWarning !== undefined && given(values, registered) === option.default;
    return warned ? [`[${section}] ${name} ${option.defaultWarning}`] : [];
  });
}

function noticeText({ setting, text }: { setting: Setting; text: string }): string {
  return `${setting.source}: [${setting.section}] ${setting.name} ${text}`;
}

function refuseDeprecations(notices: readonly { setting: Setting; text: string }[]): void {
  const first = notices[0];
  if (first === undefined) return;
  const { source, section, name } = first.setting;
  throw new OctaviaError('BAD_OPTION', {
    file: source,
    section,
    option: name,
    value: '…',
    reason: `${first.text} ([DEFAULT] fatal_deprecations is on)`,
  });
}
