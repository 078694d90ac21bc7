/** What a configuration and HAProxy's socket tell of stick tables that processes and amphorae hand on to each other. */
import { sections } from './config-text.ts';

const SHARED_TABLE = /^\s*stick-table\s.*\speers\s+\S/;

export const isSharedTable = (line: string): boolean => SHARED_TABLE.test(line);

/** Whether it keeps sessions in tables that a successor can learn. */
export const hasSharedTables = (text: string): boolean =>
  sections(text).some(({ keyword, lines }) => keyword === 'backend' && lines.some(isSharedTable));

/** Entries in all tables, from the answer to `show table`. */
export function countEntries(tables: string): number {
  return [...tables.matchAll(/^# table: .*\bused:(\d+)/gm)].reduce((sum, [, used]) => sum + Number(used), 0);
}

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
