import { createHash } from 'node:crypto';

/**
 * A UUID that depends on the text alone (version and variant bits of a v4). A repeated step computes the same ids, so it
 * finds what it made before instead of making it twice.
 */
export function deterministicId(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex');
  const variant = ((Number.parseInt(hex.charAt(16), 16) & 0x3) | 0x8).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
