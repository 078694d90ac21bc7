/** Puts sections that an amphora has in force in place of those it refuses: a listener goes on with what it had. */
import { readSections, textOf } from '@octavia/haproxy-config/reader';
import type { HaproxyConfig } from '@octavia/haproxy-config/tree';
import { writeSection } from './writer.ts';

/** `<listener>` of a frontend, `<pool>:<listener>` of a backend. */
const NAME = /^(?:[0-9a-f-]{36}:)?([0-9a-f-]{36})$/;

/** Whose section it is; null for one that serves all of them. */
function listenerOf({ kind, name }: { kind: string | null; name: string | null }): string | null {
  if (kind !== 'frontend' && kind !== 'backend') return null;
  return NAME.exec(name ?? '')?.[1] ?? null;
}

/** Everything of a listener in the configuration of an amphora, as it stands; null when it is not in it. */
export function formerSections(text: string, listenerId: string): string | null {
  const own = readSections(text).filter((section) => listenerOf(section) === listenerId);
  const texts = own.map((section) => textOf([{ ...section, lines: section.lines.filter(({ isEmpty }) => !isEmpty) }]));
  return texts.length === 0 ? null : texts.map((section) => `${section}\n`).join('\n');
}

/** Lines of a configuration that belong to one listener. */
export interface ListenerLines {
  listenerId: string;
  /** The first one; 1 is the first of the file. */
  from: number;
  /** The first one behind them. */
  to: number;
}

export interface WrittenConfig {
  text: string;
  /** In order; a listener may have several. */
  listeners: ListenerLines[];
}

/** @param former by id of the listener */
export function writeWithFormer(config: HaproxyConfig, former: ReadonlyMap<string, string>): WrittenConfig {
  const parts = [
    ...config.sections
      .map((section) => ({ listenerId: listenerOf(section), section }))
      .filter(({ listenerId }) => listenerId === null || !former.has(listenerId))
      .map(({ listenerId, section }) => ({ listenerId, text: writeSection(section) })),
    ...[...former].map(([listenerId, text]) => ({ listenerId, text })),
  ];
  const listeners: ListenerLines[] = [];
  let line = 1;
  for (const { listenerId, text } of parts) {
    const next = line + text.split('\n').length;
    // The last one is the blank line between two parts.
    if (listenerId !== null) listeners.push({ listenerId, from: line, to: next - 1 });
    line = next;
  }
  return { text: parts.map(({ text }) => text).join('\n'), listeners };
}
