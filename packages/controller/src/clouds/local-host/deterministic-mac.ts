import { createHash } from 'node:crypto';

/** A MAC of OpenStack's range `fa:16:3e`; another `attempt` gives another one, for the rare collision of 24 bits. */
export function deterministicMac(id: string, attempt = 0): string {
  const hex = createHash('sha256').update(`${id}\0${attempt}`).digest('hex');
  return `fa:16:3e:${hex.slice(0, 2)}:${hex.slice(2, 4)}:${hex.slice(4, 6)}`;
}
