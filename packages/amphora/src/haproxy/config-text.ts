/** Reads what the agent must know from a configuration it did not write. */
import { isUtf8 } from 'node:buffer';
import { readSections, type SourceLine, type SourceSection, textOf } from '@octavia/haproxy-config/reader';
import type { AgentListener } from '@octavia/protocol/agent-api';
import { isUuid } from './paths.ts';

const encodingOf = (bytes: Buffer): 'utf8' | 'latin1' => (isUtf8(bytes) ? 'utf8' : 'latin1');

/** HAProxy takes any byte between quotes; what is no UTF-8 is read as a character for each byte, so that none is lost. */
export const decode = (bytes: Buffer): string => bytes.toString(encodingOf(bytes));

/** @param original from which the text was made */
export const encode = (text: string, original: Buffer): Buffer => Buffer.from(text, encodingOf(original));

/** What of the text counts is then known to HAProxy alone. */
export const hasConditions = (sections: readonly SourceSection[]): boolean =>
  sections.some(({ lines }) => lines.some(({ keyword }) => keyword === '.if'));

const ownMode = ({ lines }: SourceSection): string | undefined =>
  lines.findLast(({ keyword }) => keyword === 'mode')?.words[0] ?? undefined;

/** Tells the mode of a section, its own or that of the defaults it takes. */
export function modesOf(sections: readonly SourceSection[]): (section: SourceSection) => string {
  const taken = new Map<SourceSection, string>();
  const named = new Map<string, string>();
  let latest = 'tcp';
  for (const section of sections) {
    const [name, from, base] = section.head?.words ?? [];
    const isDefaults = section.kind === 'defaults';
    const inherited = from === 'from' ? named.get(base ?? '') : isDefaults ? undefined : latest;
    taken.set(section, inherited ?? 'tcp');
    if (!isDefaults) continue;
    latest = ownMode(section) ?? inherited ?? 'tcp';
    if (name) named.set(name, latest);
  }
  return (section) => ownMode(section) ?? taken.get(section) ?? 'tcp';
}

/** Frontends whose name is a listener id, in file order. */
export function listenersOf(text: string): { id: string; type: AgentListener['type'] }[] {
  const sections = readSections(text);
  const modeOf = modesOf(sections);
  const isTls = (line: SourceLine): boolean => line.keyword === 'bind' && line.words.includes('ssl');
  return sections.flatMap((section) => {
    const { kind, name, lines } = section;
    if (kind !== 'frontend' || name === null || !isUuid(name)) return [];
    const type = lines.some(isTls) ? 'TERMINATED_HTTPS' : modeOf(section) === 'http' ? 'HTTP' : 'TCP';
    return [{ id: name, type }];
  });
}

/** The configuration without one listener's frontend and the backends made for it (`<pool>:<listener>`). */
export function withoutListener(text: string, listenerId: string): string {
  const kept = readSections(text).filter(
    ({ kind, name }) =>
      !(kind === 'frontend' && name === listenerId) && !(kind === 'backend' && name?.endsWith(`:${listenerId}`)),
  );
  return textOf(kept);
}
