/**
 * Reads back, from a configuration that the writer made, which certificate files it uses. For the time when a secret
 * store does not answer: what an amphora has, it can go on with.
 */

import { SOURCE_PREFIX } from './tls.ts';
import type { TlsFiles } from './tls-files.ts';

interface Section {
  name: string;
  lines: string[];
}

function proxies(text: string): Section[] {
  const found: Section[] = [];
  for (const line of text.split('\n')) {
    const head = /^(?:frontend|backend) (\S+)$/.exec(line);
    if (head !== null) found.push({ name: head[1]!, lines: [] });
    else if (/^\S/.test(line)) found.push({ name: '', lines: [] });
    else found.at(-1)?.lines.push(line.trim());
  }
  return found;
}

const NAME = /\/([0-9a-f]{40})\.pem$/;

/** The file behind a keyword of a `bind` or `server` line; no word in these lines has quotes or spaces. */
function fileBehind(words: readonly string[], keyword: string): string | null {
  const at = words.indexOf(keyword);
  return (at < 0 ? null : NAME.exec(words[at + 1] ?? '')?.[1]) ?? null;
}

export function filesInForce(text: string): TlsFiles {
  const listeners = new Map();
  const pools = new Map();
  for (const { name, lines } of proxies(text)) {
    const source = lines
      .find((line) => line.startsWith(`description ${SOURCE_PREFIX}`))
      ?.slice(`description ${SOURCE_PREFIX}`.length);
    if (source === undefined) continue;
    const words = lines.find((line) => /^(?:bind|server) /.test(line))?.split(' ') ?? [];
    const file = (keyword: string): string | null => fileBehind(words, keyword);
    const certificates = file('crt-list');
    if (certificates !== null) {
      listeners.set(name, { source, certificates, clientCa: file('ca-file'), clientCrl: file('crl-file') });
    } else if (name.includes(':')) {
      pools.set(name.split(':')[0]!, { source, certificate: file('crt'), ca: file('ca-file'), crl: file('crl-file') });
    }
  }
  return { listeners, pools };
}
