/** Reads what the agent must know from a configuration it did not write: which listeners it has and their types. */
import type { AgentListener } from '@octavia/protocol/agent-api';
import { isUuid } from './paths.ts';

interface Section {
  keyword: string;
  name: string;
  lines: string[];
}

const KEYWORDS = new Set([
  'global',
  'defaults',
  'frontend',
  'backend',
  'listen',
  'peers',
  'resolvers',
  'mailers',
  'userlist',
  'cache',
  'program',
  'ring',
  'http-errors',
  'log-forward',
  'fcgi-app',
]);

const INDENTED = /^(?:\s|$)/;

/** The first section holds what stands before any keyword. */
export function sections(text: string): Section[] {
  const found: Section[] = [{ keyword: '', name: '', lines: [] }];
  for (const line of text.split('\n')) {
    // Nearly every line is indented: of a thousand members none is taken apart here.
    const [keyword = '', name = ''] = INDENTED.test(line) ? [] : line.split(/\s+/);
    if (KEYWORDS.has(keyword)) found.push({ keyword, name, lines: [line] });
    else found.at(-1)?.lines.push(line);
  }
  return found;
}

function modeOf(section: Section): string | undefined {
  for (const line of section.lines) {
    const match = /^\s*mode\s+(\S+)/.exec(line);
    if (match !== null) return match[1];
  }
  return undefined;
}

function typeOf(section: Section, defaultMode: string): AgentListener['type'] {
  if (section.lines.some((line) => /^\s*bind\s.*\sssl(\s|$)/.test(line))) return 'TERMINATED_HTTPS';
  return (modeOf(section) ?? defaultMode) === 'http' ? 'HTTP' : 'TCP';
}

/** Frontends whose name is a listener id, in file order. */
export function listenersOf(text: string): { id: string; type: AgentListener['type'] }[] {
  let defaultMode = 'tcp';
  const listeners: { id: string; type: AgentListener['type'] }[] = [];
  for (const section of sections(text)) {
    if (section.keyword === 'defaults') defaultMode = modeOf(section) ?? 'tcp';
    if (section.keyword === 'frontend' && isUuid(section.name)) {
      listeners.push({ id: section.name, type: typeOf(section, defaultMode) });
    }
  }
  return listeners;
}

/** The configuration without one listener's frontend and the backends made for it (`<pool>:<listener>`). */
export function withoutListener(text: string, listenerId: string): string {
  const kept = sections(text).filter(
    ({ keyword, name }) =>
      !(keyword === 'frontend' && name === listenerId) && !(keyword === 'backend' && name.endsWith(`:${listenerId}`)),
  );
  return kept.flatMap((section) => section.lines).join('\n');
}
