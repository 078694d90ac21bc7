/**
 * Stable names for certificates. A configuration names each certificate by a file of its own, so a renewed one comes with
 * another text. HAProxy gets the same text with names that say who presents what, e.g. `<listener>.0.pem` for the default
 * certificate: then a renewal changes no text, and the content can be replaced in the running process.
 *
 * Authorities and revocation lists keep their names. HAProxy 2.6.12 takes those while it runs too, but a certificate that is
 * replaced afterwards is reported as a success and not presented.
 */
import { createHash } from 'node:crypto';
import { readSections, type SourceLine, type SourceSection, textOf } from '@octavia/haproxy-config/reader';
import { value } from '@octavia/haproxy-config/tree';
import { hasConditions } from './config-text.ts';

/** Content of certificates and what lists name, by the name of their file in the folder. */
export interface Slots {
  certificates: Map<string, Buffer>;
  /** Entries in order, the default one first; `options` is what stands behind the name. */
  lists: Map<string, { name: string; options: string }[]>;
}

export interface SlottedText {
  text: string;
  slots: Slots;
}

/** Null when there is no such file. `path` as the configuration names it. */
export type ReadCertificateFile = (path: string) => Promise<Buffer | null>;

/** HAProxy's commands take a colon for a line number, so backends (`<pool>:<listener>`) lose theirs. */
const baseName = (section: string): string => section.replaceAll(':', '_');
const SAFE = /^[A-Za-z0-9_.:-]+$/;

type Kind = 'list' | 'certificate';

/** The argument that names what a line presents; null for a line that presents nothing. */
function placeOf({ kind }: SourceSection, line: SourceLine): { kind: Kind; index: number; path: string } | null {
  const isBind = kind === 'frontend' && line.keyword === 'bind';
  if (!isBind && !(kind === 'backend' && line.keyword === 'server')) return null;
  const { words } = line;
  const at = words.lastIndexOf(isBind ? 'crt-list' : 'crt');
  const path = at < 0 ? null : words[at + 1];
  return path ? { kind: isBind ? 'list' : 'certificate', index: at + 1, path } : null;
}

async function readList(
  path: string,
  base: string,
  read: ReadCertificateFile,
): Promise<{ entries: { name: string; options: string }[]; contents: Map<string, Buffer> } | null> {
  const list = await read(path);
  if (list === null) return null;
  const entries: { name: string; options: string }[] = [];
  const contents = new Map<string, Buffer>();
  for (const line of list
    .toString('utf8')
    .split('\n')
    .map((text) => text.trim())) {
    if (line === '' || line.startsWith('#')) continue;
    const [file = '', ...options] = line.split(/\s+/);
    const content = await read(file);
    if (content === null) return null;
    const name = `${base}.${entries.length}.pem`;
    entries.push({ name, options: options.join(' ') });
    contents.set(name, content);
  }
  return entries.length === 0 ? null : { entries, contents };
}

/**
 * A file that cannot be read keeps its line as it is: HAProxy then says what is wrong with it.
 *
 * @param folder where the files will lie
 */
export async function withSlots(text: string, folder: string, read: ReadCertificateFile): Promise<SlottedText> {
  const slots: Slots = { certificates: new Map(), lists: new Map() };
  const sections = readSections(text);
  if (hasConditions(sections)) return { text, slots };
  for (const section of sections) {
    if (section.name === null || !SAFE.test(section.name)) continue;
    const base = baseName(section.name);
    /** Slot by original path, within the section: bind lines of several addresses share one. */
    const known = new Map<string, string | null>();
    const slotOf = async (kind: Kind, path: string): Promise<string | null> => {
      const given = known.get(path);
      if (given !== undefined) return given;
      const name = kind === 'list' ? `${base}.list` : `${base}.pem`;
      const taken = kind === 'list' ? slots.lists.has(name) : slots.certificates.has(name);
      let slot: string | null = null;
      if (!taken && kind === 'list') {
        const found = await readList(path, base, read);
        if (found !== null) {
          slot = name;
          slots.lists.set(name, found.entries);
          for (const [file, content] of found.contents) slots.certificates.set(file, content);
        }
      } else if (!taken) {
        const content = await read(path);
        if (content !== null) {
          slot = name;
          slots.certificates.set(name, content);
        }
      }
      known.set(path, slot);
      return slot;
    };
    for (const [index, line] of section.lines.entries()) {
      const place = placeOf(section, line);
      const slot = place === null ? null : await slotOf(place.kind, place.path);
      if (place !== null && slot !== null) section.lines[index] = line.replace(place.index, value(`${folder}/${slot}`));
    }
  }
  return { text: textOf(sections), slots };
}

const sha1 = (content: Buffer | string): string => createHash('sha1').update(content).digest('hex');

/** Fingerprint of each certificate and list, by name. A list's tells how many entries it has, and their options. */
export function digestsOf({ certificates, lists }: Slots): Map<string, string> {
  const digests = new Map<string, string>();
  for (const [name, content] of certificates) digests.set(name, sha1(content));
  for (const [name, entries] of lists) {
    digests.set(name, sha1(entries.map((entry) => `${entry.name} ${entry.options}\n`).join('')));
  }
  return digests;
}

/** A list as HAProxy reads it. */
export const listText = (folder: string, entries: readonly { name: string; options: string }[]): string =>
  entries.map(({ name, options }) => `${folder}/${name}${options === '' ? '' : ` ${options}`}\n`).join('');
