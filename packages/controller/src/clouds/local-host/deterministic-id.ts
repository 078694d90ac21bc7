/** Ids that every process derives alike, so that seeding and adopting need no look-up. */
import { createHash } from 'node:crypto';

/** A UUID (version and variant bits of version 4) from the words; the same words give the same id. */
export function deterministicUuid(...words: string[]): string {
  const hex = createHash('sha256').update(words.join('\0')).digest('hex');
  const variant = '89ab'[Number.parseInt(hex.charAt(16), 16) % 4];
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `4${hex.slice(13, 16)}`,
    `${variant}${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-');
}

/** A MAC of OpenStack's range `fa:16:3e`; another `attempt` gives another one, for the rare collision of 24 bits. */
export function deterministicMac(id: string, attempt = 0): string {
  const hex = createHash('sha256').update(`${id}\0${attempt}`).digest('hex');
  return `fa:16:3e:${hex.slice(0, 2)}:${hex.slice(2, 4)}:${hex.slice(4, 6)}`;
}
