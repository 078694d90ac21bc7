/** Where option texts come from: configuration files and the environment. */
import { readFileSync } from 'node:fs';
import { IniSyntaxError, parseOsloIni } from '@octavia/protocol/oslo-ini';
import { OctaviaError } from '../errors.ts';

/** One occurrence of an option, as text. */
export interface Setting {
  /** `section.name`, spelled as the registry does. */
  key: string;
  section: string;
  name: string;
  text: string;
  /** What messages call the place: `file:line`, or the name of the environment variable. */
  source: string;
}

/** Sections are the same in any letter case (except DEFAULT), names with dashes or underscores. */
export function settingKey(section: string, name: string): string {
  return `${section === 'DEFAULT' ? section : section.toLowerCase()}.${name.replaceAll('-', '_')}`;
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new OctaviaError('CONFIG_FILE_UNREADABLE', { file, reason }, { cause: error });
  }
}

/** @throws OctaviaError CONFIG_FILE_UNREADABLE, BAD_CONFIG_FILE */
export function readFileSettings(file: string): Setting[] {
  const text = readText(file);
  try {
    return parseOsloIni(text).map(({ section, name, value, line }) => ({
      key: settingKey(section, name),
      section,
      name,
      text: value,
      source: `${file}:${line}`,
    }));
  } catch (error) {
    if (!(error instanceof IniSyntaxError)) throw error;
    throw new OctaviaError('BAD_CONFIG_FILE', { file, line: error.line, reason: error.reason }, { cause: error });
  }
}

export function environmentName(section: string, name: string): string {
  return `OS_${section}__${name}`.toUpperCase();
}

/** Variables of the form `OS_<SECTION>__<OPTION>` for the sections given; other variables are somebody else's. */
export function readEnvironmentSettings(env: NodeJS.ProcessEnv, sections: readonly string[]): Setting[] {
  const sectionByPrefix = new Map(sections.map((section) => [environmentName(section, ''), section]));
  const settings: Setting[] = [];
  for (const [variable, text] of Object.entries(env)) {
    const end = variable.indexOf('__', 3) + 2;
    const section = sectionByPrefix.get(variable.slice(0, end));
    if (section === undefined || text === undefined) continue;
    const name = variable.slice(end).toLowerCase();
    settings.push({ key: settingKey(section, name), section, name, text, source: variable });
  }
  return settings;
}
