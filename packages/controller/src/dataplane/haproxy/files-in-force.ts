/**
 * Reads from the configuration that an amphora has which certificate files it uses. For the time when a secret store does
 * not answer: what an amphora has, it can go on with.
 */
import { readSections } from '@octavia/haproxy-config/reader';
import { SOURCE_PREFIX } from './tls.ts';
import type { ListenerTlsFiles, PoolTlsFiles, TlsFiles } from './tls-files.ts';

const NAME = /\/([0-9a-f]{40})\.pem$/;

export function filesInForce(text: string): TlsFiles {
  const listeners = new Map<string, ListenerTlsFiles>();
  const pools = new Map<string, PoolTlsFiles>();
  for (const { kind, name, lines } of readSections(text)) {
    if (name === null || (kind !== 'frontend' && kind !== 'backend')) continue;
    const descriptions = lines.filter(({ keyword }) => keyword === 'description').map(({ words }) => words[0] ?? '');
    const source = descriptions.find((text) => text.startsWith(SOURCE_PREFIX))?.slice(SOURCE_PREFIX.length);
    if (source === undefined) continue;
    const endpoint = lines.find(({ keyword }) => keyword === 'bind' || keyword === 'server');
    const file = (keyword: string): string | null => NAME.exec(endpoint?.wordAfter(keyword) ?? '')?.[1] ?? null;
    const certificates = file('crt-list');
    if (certificates !== null) {
      listeners.set(name, { source, certificates, clientCa: file('ca-file'), clientCrl: file('crl-file') });
    } else if (name.includes(':')) {
      pools.set(name.split(':')[0]!, { source, certificate: file('crt'), ca: file('ca-file'), crl: file('crl-file') });
    }
  }
  return { listeners, pools };
}
