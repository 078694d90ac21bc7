/** Reads from the words of a HAProxy that refused a configuration which listeners it is about, and what it says of them. */

/** `frontend <listener>` and `backend <pool>:<listener>`. */
const HEAD = /^(?:frontend|backend) (?:[0-9a-f-]{36}:)?([0-9a-f-]{36})$/;
const ANY_HEAD = /^\S/;
const ALERT = /^\[ALERT\]\s*(?:\(\d+\)\s*:\s*)?(?:config\s*:\s*)?/;
const PLACE = /(?:parsing\s+)?\[[^\]\s]*:(\d+)\]\s*:?\s*/;
/** Says nothing that the alerts before it do not. */
const SUMMARY = /^(?:Error\(s\) found in configuration file|Fatal errors found in configuration)/;

/** A reason is read by people, in a table. */
const MAX_CHARACTERS = 600;

export interface ListenerSections {
  listenerId: string;
  /** Of the first line, from 1. */
  from: number;
  lines: string[];
}

/** The sections of a configuration that belong to one listener each, in order. */
export function sectionsOfListeners(text: string): ListenerSections[] {
  const found: ListenerSections[] = [];
  let current: ListenerSections | null = null;
  for (const [index, content] of text.split('\n').entries()) {
    if (ANY_HEAD.test(content)) {
      const listenerId = HEAD.exec(content)?.[1];
      current = listenerId === undefined ? null : { listenerId, from: index + 1, lines: [] };
      if (current !== null) found.push(current);
    }
    if (content !== '') current?.lines.push(content);
  }
  return found;
}

/** Without the numbers, versions and folders of the amphora, which mean nothing to a tenant. */
function plain(alert: string, basePath: string): string {
  const own = basePath.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return alert
    .replace(ALERT, '')
    .replace(PLACE, '')
    .replace(new RegExp(`(?: (?:in|from) file)? ?'?${own}/[^\\s']*'?`, 'g'), '')
    .trim();
}

const alertsIn = (words: string): string[] => words.split('\n').filter((line) => ALERT.test(line));

function joined(texts: readonly string[]): string {
  return [...new Set(texts.filter((text) => text !== '' && !SUMMARY.test(text)))].join(' ').slice(0, MAX_CHARACTERS);
}

/** What HAProxy objects to, in its own words as far as a tenant can use them; all of it when no alert is among it. */
export function objections(words: string, basePath: string): string {
  return joined(alertsIn(words).map((alert) => plain(alert, basePath))) || words.slice(0, MAX_CHARACTERS);
}

/**
 * @param text the configuration, as it was sent
 * @param words what `haproxy -c` said of it
 * @returns the objections by id of the listener; empty when they are about nothing that is one listener's own
 */
export function refusedListeners(text: string, words: string, basePath: string): Map<string, string> {
  const sections = sectionsOfListeners(text);
  const said = new Map<string, string[]>();
  for (const alert of alertsIn(words)) {
    const number = Number(PLACE.exec(alert)?.[1] ?? Number.NaN);
    const section =
      sections.find(({ from, lines }) => number >= from && number < from + lines.length) ??
      sections.find(({ listenerId }) => alert.includes(listenerId));
    if (section === undefined) continue;
    said.set(section.listenerId, [...(said.get(section.listenerId) ?? []), plain(alert, basePath)]);
  }
  return new Map([...said].map(([id, texts]) => [id, joined(texts)]));
}
