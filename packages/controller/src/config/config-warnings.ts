/** Settings that are legal and yet probably not what the operator meant. */
import { OTHER_OPTIONS, OTHER_SECTIONS } from './other-releases.ts';
import { REGISTRY, type RegisteredOption, registeredOptions } from './registry.ts';
import { environmentName, type Setting, settingKey } from './sources.ts';

/** The known name that a misspelled one probably means. */

/** Number of inserted, deleted, replaced or swapped neighbouring characters between two texts. */
function distance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const replaced = last[column - 1]! + (a[row - 1] === b[column - 1] ? 0 : 1);
      let best = Math.min(replaced, last[column]! + 1, current[column - 1]! + 1);
      const swapped = a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      if (row > 1 && column > 1 && swapped) best = Math.min(best, beforeLast[column - 2]! + 1);
      current.push(best);
    }
    beforeLast = last;
    last = current;
  }
  return last[b.length]!;
}

/** Null when nothing is near: more than a third of the letters would have to change. */
function suggest(name: string, known: readonly string[]): string | null {
  const ranked = known
    .map((candidate) => ({ candidate, cost: distance(name.toLowerCase(), candidate.toLowerCase()) }))
    .sort((a, b) => a.cost - b.cost);
  const best = ranked[0];
  return best !== undefined && best.cost <= Math.max(1, Math.floor(name.length / 3)) ? best.candidate : null;
}

export interface ConfigWarnings {
  unknown: string[];
  /** `text` reads on from the name of the option. */
  deprecations: { setting: Setting; text: string }[];
}

const meant = (suggestion: string | null): string => (suggestion === null ? '' : `; did you mean ${suggestion}?`);

const noEffect = (reason: string): string => `has no effect here: ${reason}`;

function unknownText({ section, name, source }: Setting, fromFile: boolean): string {
  const known = Object.keys(REGISTRY).find((candidate) => settingKey(candidate, '') === settingKey(section, ''));
  if (known === undefined) {
    const other = OTHER_SECTIONS[section.toLowerCase()];
    if (other !== undefined) return `${source}: [${section}] ${noEffect(other)}`;
    const suggestion = suggest(section, Object.keys(REGISTRY));
    return `${source}: unknown section [${section}]${meant(suggestion === null ? null : `[${suggestion}]`)}`;
  }
  const names = Object.keys(REGISTRY[known as keyof typeof REGISTRY].options);
  const spelled = name.replaceAll('-', '_');
  const other = OTHER_OPTIONS[known]?.[spelled];
  if (other !== undefined) return `${source}: [${known}] ${name} ${noEffect(other)}`;
  const suggestion = suggest(spelled, names);
  const shown = suggestion === null || fromFile ? suggestion : environmentName(known, suggestion);
  return `${source}: unknown option ${name} in [${known}]${meant(shown)}`;
}

function renamedText({ section, name }: RegisteredOption, newNameSet: boolean): string {
  const start = `is the old name of [${section}] ${name}`;
  return newNameSet ? `${start}, which is set too and wins` : `${start}; use the new one`;
}

export function findConfigWarnings(fromFiles: readonly Setting[], fromEnvironment: readonly Setting[]): ConfigWarnings {
  const options = registeredOptions();
  const byKey = new Map(options.map((registered) => [settingKey(registered.section, registered.name), registered]));
  const byOldKey = Map.groupBy(
    options.flatMap((registered) => (registered.option.old ?? []).map((old) => ({ old, registered }))),
    ({ old }) => old,
  );
  const isSet = new Set([...fromFiles, ...fromEnvironment].map((setting) => setting.key));
  const warnings: ConfigWarnings = { unknown: [], deprecations: [] };
  const note = (setting: Setting, text: string): void => void warnings.deprecations.push({ setting, text });

  const byName = new Set(Object.keys(REGISTRY).map((name) => name.toLowerCase()));
  const reportedSections = new Set<string>();
  for (const [settings, fromFile] of [
    [fromEnvironment, false],
    [fromFiles, true],
  ] as const) {
    for (const setting of settings) {
      const option = byKey.get(setting.key)?.option;
      const renamed = fromFile ? (byOldKey.get(setting.key) ?? []) : [];
      for (const { registered } of renamed) {
        note(setting, renamedText(registered, isSet.has(settingKey(registered.section, registered.name))));
      }
      if (option?.forRemoval && renamed.length === 0) {
        note(setting, 'will be removed; drop it');
      } else if (option?.compatibility) {
        warnings.unknown.push(
          `${setting.source}: [${setting.section}] ${setting.name} ${noEffect(option.compatibility)}`,
        );
      } else if (option === undefined && renamed.length === 0) {
        const text = unknownText(setting, fromFile);
        const once = text.slice(setting.source.length);
        // A section is told once, whatever it holds; an option as often as it stands there.
        const isAgain = reportedSections.has(once) && !byName.has(setting.section.toLowerCase());
        reportedSections.add(once);
        if (!isAgain) warnings.unknown.push(text);
      }
    }
  }
  return warnings;
}
