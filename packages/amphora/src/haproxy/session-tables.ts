/** What a configuration and HAProxy's socket tell of stick tables that processes and amphorae hand on to each other. */
import { sections } from './config-text.ts';

/** As controllers write it, in the backend that uses it. */
const SHARED_TABLE = /^\s*stick-table\s+(.*\S)\s+peers\s+(\S+)\s*$/;
const STICK = /^\s*stick\s/;
const TABLE_OF_PEERS = /^\s*table\s/;

export const isSharedTable = (line: string): boolean => SHARED_TABLE.test(line);

/** Whether it keeps sessions in tables that a successor can learn. */
export const hasSharedTables = (text: string): boolean =>
  sections(text).some(
    ({ keyword, lines }) =>
      (keyword === 'backend' && lines.some(isSharedTable)) ||
      (keyword === 'peers' && lines.some((line) => TABLE_OF_PEERS.test(line))),
  );

/**
 * Puts shared tables into the section `peers`. HAProxy empties the table of a backend in a process that was replaced as soon
 * as it was handed on; the requests that still come over connections of that process would find none.
 */
export function withTablesOfPeers(text: string): string {
  const all = sections(text);
  const tables: string[] = [];
  for (const section of all) {
    const shared = section.keyword === 'backend' ? section.lines.map((line) => SHARED_TABLE.exec(line)) : [];
    const [, definition, peers] = shared.find((match) => match !== null) ?? [];
    if (definition === undefined) continue;
    tables.push(`  table ${section.name} ${definition}`);
    section.lines = section.lines
      .filter((line) => !isSharedTable(line))
      .map((line) => (STICK.test(line) ? `${line} table ${peers}/${section.name}` : line));
  }
  if (tables.length === 0) return text;
  // All are shared by the same: there is one section, and a blank line at its end.
  const peers = all.find(({ keyword }) => keyword === 'peers');
  const last = peers?.lines.findLastIndex((line) => line.trim() !== '') ?? -1;
  peers?.lines.splice(last + 1, 0, ...tables);
  return all.flatMap(({ lines }) => lines).join('\n');
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
