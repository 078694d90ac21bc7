import { createHash } from 'node:crypto';

/**
 * A UUID (version and variant bits of version 4) from the words alone: every process derives it alike, and a repeated step
 * finds what it made before instead of making it twice.
 */
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
