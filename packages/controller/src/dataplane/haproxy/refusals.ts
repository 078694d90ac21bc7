/** Reads from the words of a HAProxy that refused a configuration which listeners it is about, and what it says of them. */
import type { ListenerLines } from './former-sections.ts';

const ALERT = /^\[ALERT\]\s*(?:\(\d+\)\s*:\s*)?(?:config\s*:\s*)?/;
const PLACE = /(?:parsing\s+)?\[[^\]\s]*:(\d+)\]\s*:?\s*/;
/** Says nothing that the alerts before it do not. */
const SUMMARY = /^(?:Error\(s\) found in configuration file|Fatal errors found in configuration)/;

/** A reason is read by people, in a table. */
const MAX_CHARACTERS = 600;

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
 * @param listeners which lines are whose in the configuration that was sent
 * @param words what `haproxy -c` said of it
 * @returns the objections by id of the listener; empty when they are about nothing that is one listener's own
 */
export function refusedListeners(
  listeners: readonly ListenerLines[],
  words: string,
  basePath: string,
): Map<string, string> {
  const said = new Map<string, string[]>();
  for (const alert of alertsIn(words)) {
    const number = Number(PLACE.exec(alert)?.[1] ?? Number.NaN);
    const meant =
      listeners.find(({ from, to }) => number >= from && number < to) ??
      listeners.find(({ listenerId }) => alert.includes(listenerId));
    if (meant === undefined) continue;
    said.set(meant.listenerId, [...(said.get(meant.listenerId) ?? []), plain(alert, basePath)]);
  }
  return new Map([...said].map(([id, texts]) => [id, joined(texts)]));
}
