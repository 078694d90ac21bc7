/**
 * Which certificates of the running HAProxy to replace, add and take away. Entries of a list are places: the certificate at
 * a place is replaced, places are added and taken away at the end. So the order, which decides what clients get that name
 * no host, is always the file's.
 */
import { X509Certificate } from 'node:crypto';
import { readSections } from '@octavia/haproxy-config/reader';
import { digestsOf, type Slots } from './certificate-slots.ts';

export type CertificateChange =
  /** `uses`: number of `bind` or `server` lines that present it: as many instances HAProxy must report. */
  | { kind: 'replace'; name: string; content: Buffer; uses: number }
  | { kind: 'append'; list: string; name: string; content: Buffer }
  | { kind: 'drop'; list: string; name: string };

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/;

/** Host names that HAProxy takes from a certificate, each with the type of key. @throws Error when it is none */
function namesIn(pem: Buffer): Set<string> {
  const {
    subject,
    subjectAltName = '',
    publicKey,
  } = new X509Certificate(CERTIFICATE.exec(pem.toString('utf8'))?.[0] ?? '');
  const found = [...`${subject ?? ''}\n`.matchAll(/^CN=(.*)$/gm), ...subjectAltName.matchAll(/DNS:([^,]+)/g)];
  return new Set(found.map((match) => `${publicKey.asymmetricKeyType} ${(match[1] ?? '').trim().toLowerCase()}`));
}

/** Of two certificates with the same name the first loaded is presented: replacing it would make it the second. */
function shareNames(contents: readonly Buffer[]): boolean {
  const seen = new Set<string>();
  for (const content of contents) {
    for (const name of namesIn(content)) {
      if (seen.has(name)) return true;
      seen.add(name);
    }
  }
  return false;
}

interface Place {
  index: number;
  digest: string;
}

/** The order of replacements in which no certificate that stays is missing in between; null when there is none. */
function safeOrder(before: readonly string[], after: readonly string[]): Place[] | null {
  const stays = new Set(before.filter((digest) => after.includes(digest)));
  const common = Math.min(before.length, after.length);
  const places = Array.from({ length: common }, (_, index) => ({ index, digest: after[index] ?? '' })).filter(
    ({ index, digest }) => before[index] !== digest,
  );
  for (const order of [places, [...places].reverse()]) {
    const state = [...before, ...after.slice(common)];
    const isSafe = order.every(({ index, digest }) => {
      state[index] = digest;
      return [...stays].every((kept) => state.includes(kept));
    });
    if (isSafe) return order;
  }
  return null;
}

/** How many `bind` and `server` lines of the text name a file behind the keyword. */
function occurrences(text: string, keyword: string, name: string): number {
  const lines = readSections(text).flatMap((section) => section.lines);
  return lines.filter(
    (line) =>
      (line.keyword === 'bind' || line.keyword === 'server') &&
      line.source.includes(name) &&
      line.words.some((word, index, words) => word === keyword && words[index + 1]?.endsWith(`/${name}`)),
  ).length;
}

function listChanges(
  list: string,
  before: ReadonlyMap<string, string>,
  wanted: Slots,
  digests: ReadonlyMap<string, string>,
  running: string,
): CertificateChange[] | null {
  const entries = wanted.lists.get(list) ?? [];
  const content = (name: string): Buffer => wanted.certificates.get(name) ?? Buffer.alloc(0);
  const prefix = list.replace(/list$/, '');
  const former = [...before.keys()].filter(
    (name) => name.startsWith(prefix) && /^\d+\.pem$/.test(name.slice(prefix.length)),
  );
  const [old, now] = [former.map((name) => before.get(name) ?? ''), entries.map(({ name }) => digests.get(name) ?? '')];
  if (old.length === now.length && old.every((digest, index) => digest === now[index])) {
    return before.get(list) === digests.get(list) ? [] : null;
  }
  const resized = before.get(list) !== digests.get(list);
  // Options of an entry, such as names it is for, are not told to a running process here.
  if (resized && (old.length === now.length || entries.some(({ options }) => options !== ''))) return null;
  if (shareNames(entries.map(({ name }) => content(name)))) return null;
  const order = safeOrder(old, now);
  if (order === null) return null;
  const uses = occurrences(running, 'crt-list', list);
  return [
    ...entries.slice(old.length).map(({ name }) => ({ kind: 'append', list, name, content: content(name) }) as const),
    ...order.map(({ index }) => {
      const name = `${prefix}${index}.pem`;
      return { kind: 'replace', name, content: content(name), uses } as const;
    }),
    ...former
      .slice(now.length)
      .reverse()
      .map((name) => ({ kind: 'drop', list, name }) as const),
  ];
}

/**
 * Null: only a reload leads there.
 *
 * @param running the text HAProxy runs with
 * @param before fingerprints of what it presents
 * @param wanted what it should present
 */
export function planCertificates(
  running: string,
  before: ReadonlyMap<string, string>,
  wanted: Slots,
): CertificateChange[] | null {
  const changes: CertificateChange[] = [];
  const listed = new Set<string>();
  const digests = digestsOf(wanted);
  for (const [list, entries] of wanted.lists) {
    for (const { name } of entries) listed.add(name);
    const own = before.has(list) ? listChanges(list, before, wanted, digests, running) : null;
    if (own === null) return null;
    changes.push(...own);
  }
  for (const [name, content] of wanted.certificates) {
    if (listed.has(name) || before.get(name) === digests.get(name)) continue;
    // A pool that presents none so far, or has no members: HAProxy has not loaded the file.
    const uses = occurrences(running, 'crt', name);
    if (!before.has(name) || uses === 0) return null;
    changes.push({ kind: 'replace', name, content, uses });
  }
  return changes;
}
