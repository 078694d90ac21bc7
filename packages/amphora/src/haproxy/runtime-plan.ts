/**
 * What changed between the configuration HAProxy runs with and the wanted one, when commands on its socket can bring it
 * there: servers of a backend that come, go, get another weight, are switched on or off. Anything else needs a reload.
 *
 * A reload doubles the memory until the old process ends; commands do not, and `bench:dataplane` counts no failed request.
 */
import { sections } from './config-text.ts';

export type ServerChange =
  | { kind: 'add'; backend: string; server: string; words: string[] }
  | { kind: 'remove'; backend: string; server: string; words: string[] }
  | { kind: 'weight'; backend: string; server: string; weight: number }
  | { kind: 'state'; backend: string; server: string; enabled: boolean };

interface Server {
  name: string;
  /** Everything after the name. */
  words: string[];
}

interface Backend {
  name: string;
  /** The section without its servers. */
  frame: string;
  balance: string;
  servers: Map<string, Server>;
}

/** Notes for others: HAProxy shows them on a page that is not switched on. */
const isNote = (line: string): boolean => /^\s*(description\s|#)/.test(line);

/** Words that mean the same in the file and on the socket. Quotes and escapes differ: those need a reload. */
const PLAIN = /^[A-Za-z0-9_.:/,@%+=~^[\]()-]+$/;

/** Algorithms that take servers while running; the others build their table at start. */
const DYNAMIC = new Set(['roundrobin', 'leastconn', 'random']);

function readBackend(name: string, lines: readonly string[]): Backend | null {
  const frame: string[] = [];
  const servers = new Map<string, Server>();
  // HAProxy's own default for a backend that names none.
  let balance = 'roundrobin';
  for (const line of lines) {
    const words = line.trim().split(/\s+/);
    if (words[0] === 'balance') balance = words[1] ?? '';
    if (words[0] !== 'server') {
      if (!isNote(line)) frame.push(line);
      continue;
    }
    const [, server = '', ...rest] = words;
    if (![server, ...rest].every((word) => PLAIN.test(word)) || servers.has(server)) return null;
    servers.set(server, { name: server, words: rest });
  }
  return { name, frame: frame.join('\n'), balance, servers };
}

const isEnabled = ({ words }: Server): boolean => words.at(-1) !== 'disabled';

export function weightOf({ words }: Pick<Server, 'words'>): number | null {
  const value = words[words.indexOf('weight') + 1];
  return words.includes('weight') && value !== undefined && /^\d+$/.test(value) ? Number(value) : null;
}

/**
 * HAProxy 2.6 opens a connection for every request to an HTTP/2 server that is added while it runs (`max-reuse` is zero then,
 * and the command does not take the word): with TLS that costs more than a reload.
 */
function speaksHttp2({ words }: Server): boolean {
  return words.includes('alpn') && (words[words.indexOf('alpn') + 1] ?? '').split(',').includes('h2');
}

/** The line without what commands can change. */
export function fixedPart({ words }: Pick<Server, 'words'>): string {
  const at = words.indexOf('weight');
  return words.filter((word, index) => word !== 'disabled' && (at < 0 || (index !== at && index !== at + 1))).join(' ');
}

function changeServer(backend: Backend, before: Server, after: Server): ServerChange[] | null {
  if (fixedPart(before) !== fixedPart(after)) return null;
  const place = { backend: backend.name, server: after.name };
  const changes: ServerChange[] = [];
  const [from, to] = [weightOf(before), weightOf(after)];
  if (from !== to) {
    if (from === null || to === null || !DYNAMIC.has(backend.balance)) return null;
    changes.push({ kind: 'weight', ...place, weight: to });
  }
  if (isEnabled(before) !== isEnabled(after)) changes.push({ kind: 'state', ...place, enabled: isEnabled(after) });
  return changes;
}

function changeBackend(before: Backend, after: Backend): ServerChange[] | null {
  const changes: ServerChange[] = [];
  for (const [name, server] of before.servers) {
    const kept = after.servers.get(name);
    if (!kept) {
      if (!DYNAMIC.has(before.balance)) return null;
      changes.push({ kind: 'remove', backend: before.name, server: name, words: server.words });
      continue;
    }
    const own = changeServer(after, server, kept);
    if (own === null) return null;
    changes.push(...own);
  }
  for (const [name, server] of after.servers) {
    if (before.servers.has(name)) continue;
    // HAProxy hands out cookie values only at start.
    if (!DYNAMIC.has(after.balance) || server.words.includes('cookie') || speaksHttp2(server)) return null;
    changes.push({ kind: 'add', backend: after.name, server: name, words: server.words });
  }
  // First what takes traffic, then what leaves: nobody finds an empty backend in between.
  return changes.sort((a, b) => Number(a.kind === 'remove') - Number(b.kind === 'remove'));
}

const withoutNotes = (lines: readonly string[]): string => lines.filter((line) => !isNote(line)).join('\n');

const areSame = (lines: readonly string[], others: readonly string[]): boolean =>
  lines.length === others.length && lines.every((line, index) => line === others[index]);

/**
 * Null: only a reload leads there. An empty list: the two differ in nothing that HAProxy would notice here.
 *
 * @param running the text HAProxy runs with
 * @param wanted the text it should run with
 */
export function planRuntimeChange(running: string, wanted: string): ServerChange[] | null {
  const [before, after] = [sections(running), sections(wanted)];
  if (before.length !== after.length) return null;
  const changes: ServerChange[] = [];
  for (const [index, section] of after.entries()) {
    const former = before[index];
    if (former === undefined || former.keyword !== section.keyword || former.name !== section.name) return null;
    // Of two thousand members one has changed: the other sections are not taken apart.
    if (areSame(former.lines, section.lines)) continue;
    if (section.keyword !== 'backend') {
      if (withoutNotes(former.lines) !== withoutNotes(section.lines)) return null;
      continue;
    }
    const [old, now] = [readBackend(former.name, former.lines), readBackend(section.name, section.lines)];
    if (old === null || now === null || old.frame !== now.frame) return null;
    const own = changeBackend(old, now);
    if (own === null) return null;
    changes.push(...own);
  }
  return changes;
}
