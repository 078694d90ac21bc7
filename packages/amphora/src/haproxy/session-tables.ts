/** What a configuration and HAProxy's socket tell of stick tables that processes and amphorae hand on to each other. */
import { readSections, SourceLine, type SourceSection, textOf } from '@octavia/haproxy-config/reader';
import { type Argument, line, value } from '@octavia/haproxy-config/tree';
import { hasConditions } from './config-text.ts';

interface SharedTable {
  /** Without `peers`. */
  definition: Argument[];
  peers: string;
}

/** The table of a backend that it shares with peers; null when the line is none. */
function sharedTable(candidate: SourceLine): SharedTable | null {
  if (candidate.keyword !== 'stick-table') return null;
  const { words } = candidate;
  const at = words.indexOf('peers');
  const peers = at < 0 ? null : words[at + 1];
  if (!peers) return null;
  return { definition: candidate.arguments.filter((_, index) => index !== at && index !== at + 1), peers };
}

/** Whether it keeps sessions in a table that a successor can learn. */
export const keepsSessions = ({ kind, lines }: SourceSection): boolean =>
  (kind === 'backend' && lines.some((line) => sharedTable(line) !== null)) ||
  (kind === 'peers' && lines.some(({ keyword }) => keyword === 'table'));

export const hasSharedTables = (text: string): boolean => readSections(text).some(keepsSessions);

/** `stick …` with the name of its table, which stands before a condition. */
function withTable(stick: SourceLine, table: string): SourceLine {
  const { words } = stick;
  if (words.includes('table')) return stick;
  const at = words.findIndex((word) => word === 'if' || word === 'unless');
  return stick.insert(at < 0 ? words.length : at, 'table', value(table));
}

/**
 * Puts shared tables into the section `peers`. HAProxy empties the table of a backend in a process that was replaced as soon
 * as it was handed on; the requests that still come over connections of that process would find none.
 */
export function withTablesOfPeers(text: string): string {
  const sections = readSections(text);
  if (hasConditions(sections)) return text;
  for (const section of sections) {
    const { name } = section;
    const at =
      section.kind === 'backend' ? section.lines.findIndex((candidate) => sharedTable(candidate) !== null) : -1;
    const table = at < 0 ? null : sharedTable(section.lines[at]!);
    const peers = sections.find((candidate) => candidate.kind === 'peers' && candidate.name === table?.peers);
    if (table === null || name === null || peers === undefined) continue;
    const moved = SourceLine.of(line('table', value(name), ...table.definition));
    peers.lines.splice(peers.lines.findLastIndex(({ isEmpty }) => !isEmpty) + 1, 0, moved);
    section.lines = section.lines
      .filter((_, index) => index !== at)
      .map((other) => (other.keyword === 'stick' ? withTable(other, `${table.peers}/${name}`) : other));
  }
  return textOf(sections);
}

/** Entries in each table, from the answer to `show table`. */
export function countEntries(tables: string): Map<string, number> {
  return new Map(
    [...tables.matchAll(/^# table: (\S+),.*\bused:(\d+)/gm)].map(([, name = '', used]) => [name, Number(used)]),
  );
}

/** Whether no table that both have holds less than before. */
export const hasAllOf = (former: ReadonlyMap<string, number>, now: ReadonlyMap<string, number>): boolean =>
  [...former].every(([name, used]) => (now.get(name) ?? used) >= used);

/** Bits of a section in the answer to `show peers`. Source: HAProxy 2.6, `peers.c`. */
const NO_MORE_FROM_LOCAL = 0x1;
const NO_MORE_FROM_REMOTE = 0x2;
const LOCAL_TIMEOUT = 0x10;
const LOCAL_FINISHED = 0x100;
const LOCAL_PARTIAL = 0x400;
const REMOTE_PARTIAL = 0x800;

export interface PeersState {
  /** It waits for no lesson any more. Only then it gives one to its successor when it is replaced. */
  settled: boolean;
  /** Its predecessor has told all it knew, or will not do so any more. */
  inherited: boolean;
  /** The other amphorae have told all they knew, or none of them did in time. */
  learned: boolean;
}

/** Null when there is no section `peers`. */
export function readPeers(answer: string): PeersState | null {
  const flags = /^0x[0-9a-f]+: \[[^\]]*\] id=\S+ .*\bflags=(0x[0-9a-f]+)/m.exec(answer)?.[1];
  if (flags === undefined) return null;
  const bits = Number(flags);
  const has = (mask: number): boolean => (bits & mask) !== 0;
  const settled = has(NO_MORE_FROM_LOCAL) && has(NO_MORE_FROM_REMOTE);
  const inherited = has(LOCAL_FINISHED | LOCAL_PARTIAL | LOCAL_TIMEOUT);
  return {
    settled,
    inherited,
    learned: settled || has(REMOTE_PARTIAL),
  };
}
