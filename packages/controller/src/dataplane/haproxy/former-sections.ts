/** Puts sections that an amphora has in force in place of those it refuses: a listener goes on with what it had. */
import type { HaproxyConfig } from './config.ts';
import { sectionsOfListeners } from './refusals.ts';
import { writeConfig } from './writer.ts';

/** Everything of a listener in a configuration that the writer made; null when it is not in it. */
export function formerSections(text: string, listenerId: string): string | null {
  const own = sectionsOfListeners(text).filter((section) => section.listenerId === listenerId);
  return own.length === 0 ? null : own.map(({ lines }) => `${lines.join('\n')}\n`).join('\n');
}

/** @param former by id of the listener */
export function writeWithFormer(config: HaproxyConfig, former: ReadonlyMap<string, string>): string {
  const replaced = ({ name }: HaproxyConfig['sections'][number]): boolean =>
    name !== null && former.has(name.split(':').at(-1)!);
  const text = writeConfig({ ...config, sections: config.sections.filter((section) => !replaced(section)) });
  return [text, ...former.values()].join('\n');
}
