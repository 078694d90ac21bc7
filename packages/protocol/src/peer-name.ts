/** The name under which an amphora is known to HAProxy's peers protocol. */
import { createHash } from 'node:crypto';

const LENGTH = 27;
/** What base64 has and a name in a configuration should not. */
const LETTERS: Record<string, string> = { '+': 'p', '/': 's', '=': 'e' };

/** Same for the section `peers` and for `haproxy -L`: 27 letters and digits, derived from the amphora's id alone. */
export function peerName(amphoraId: string): string {
  const digest = createHash('sha1').update(amphoraId).digest('base64');
  return digest.slice(0, LENGTH).replace(/[+/=]/g, (character) => LETTERS[character] ?? 'x');
}
