/**
 * What changed between the configuration HAProxy runs with and the wanted one, when commands on its socket can bring it
 * there: servers of a backend that come, go, get another weight, are switched on or off. Anything else needs a reload.
 *
 * A reload doubles the memory until the old process ends; commands do not, and `bench:dataplane` counts no failed request.
 */
import { readSections, type SourceLine, type SourceSection } from '@octavia/haproxy-config/reader';
import { hasConditions } from './config-text.ts';

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
  frame: SourceLine[];
  balance: string;
  servers: Map<string, Server>;
}

/** Notes for others: HAProxy shows them on a page that is not switched on. */
const isNote = ({ isEmpty, keyword }: SourceLine): boolean => isEmpty || keyword === 'description';

/** Words that mean the same in the file and on the socket without quotes, which differ: others need a reload. */
const PLAIN = /^[A-Za-z0-9_.:/,@%+=~^[\]()-]+$/;

/** Algorithms that take servers while running; the others build their table at start. */
const DYNAMIC = new Set(['roundrobin', 'leastconn', 'random']);

const isPlain = (word: string | null): word is string => word !== null && PLAIN.test(word);

function readBackend(name: string, lines: readonly SourceLine[]): Backend | null {
  const frame: SourceLine[] = [];
  const servers = new Map<string, Server>();
  // HAProxy's own default for a backend that names none.
  let balance = 'roundrobin';
  for (const line of lines) {
    if (line.keyword === 'balance') balance = line.words[0] ?? '';
    if (line.keyword !== 'server') {
      if (!isNote(line)) frame.push(line);
      continue;
    }
    const words = line.words.filter(isPlain);
    const [server = '', ...rest] = words;
    if (server === '' || words.length < line.words.length || servers.has(server)) return null;
    servers.set(server, { name: server, words: rest });
  }
  return { name, frame, balance, servers };
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

const withoutNotes = (lines: readonly SourceLine[]): SourceLine[] => lines.filter((line) => !isNote(line));

const areSame = (lines: readonly SourceLine[], others: readonly SourceLine[]): boolean =>
  lines.length === others.length && lines.every((line, index) => line.equals(others[index]!));

const headsOf = (sections: readonly SourceSection[]): SourceLine[] =>
  sections.map(({ head }) => head).filter((head) => head !== null);

/**
 * Null: only a reload leads there. An empty list: the two differ in nothing that HAProxy would notice here.
 *
 * @param running the text HAProxy runs with
 * @param wanted the text it should run with
 */
export function planRuntimeChange(running: string, wanted: string): ServerChange[] | null {
  const [before, after] = [readSections(running), readSections(wanted)];
  if (!areSame(headsOf(before), headsOf(after))) return null;
  const changes: ServerChange[] = [];
  for (const [index, section] of after.entries()) {
    const former = before[index];
    if (former === undefined) return null;
    // Of two thousand members one has changed: the other sections are not taken apart.
    if (areSame(former.lines, section.lines)) continue;
    if (hasConditions([...before, ...after])) return null;
    if (section.kind !== 'backend') {
      if (!areSame(withoutNotes(former.lines), withoutNotes(section.lines))) return null;
      continue;
    }
    const name = section.name ?? '';
    const [old, now] = [readBackend(name, former.lines), readBackend(name, section.lines)];
    if (old === null || now === null || !areSame(old.frame, now.frame)) return null;
    const own = changeBackend(old, now);
    if (own === null) return null;
    changes.push(...own);
  }
  return changes;
}
