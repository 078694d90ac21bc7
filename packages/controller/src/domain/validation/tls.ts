/** TLS versions, ciphers and ALPN lists of listeners and pools. */
import { refusal } from './refuse.ts';

/** Weakest first: the order is the meaning of "minimum". */
export const TLS_VERSIONS = ['SSLv3', 'TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'] as const;
export const ALPN_PROTOCOLS = ['h2', 'http/1.1', 'http/1.0'] as const;

/** What the operator's configuration says about TLS of one kind (listener or pool). */
export interface TlsRules {
  defaultCiphers: string;
  defaultVersions: readonly string[];
  defaultAlpnProtocols: readonly string[];
  minimumVersion: string | null;
  prohibitedCiphers: readonly string[];
}

export interface TlsSettings {
  tlsCiphers: string | null;
  tlsVersions: string[] | null;
  alpnProtocols: string[] | null;
}

const rank = (version: string): number => (TLS_VERSIONS as readonly string[]).indexOf(version);

/** @throws OctaviaError VALIDATION */
export function checkTlsVersions(versions: readonly string[], rules: TlsRules): void {
  if (versions.length === 0) {
    throw refusal(
      'Empty TLS version list. Either specify at least one TLS version or remove this parameter to use the default.',
    );
  }
  const unknown = versions.filter((version) => rank(version) < 0);
  if (unknown.length > 0) throw refusal(`Invalid TLS versions: ${unknown.join(', ')}`);
  const minimum = rules.minimumVersion;
  if (minimum === null) return;
  const low = versions.filter((version) => rank(version) < rank(minimum));
  if (low.length > 0) {
    throw refusal(`Requested TLS versions are less than the minimum: ${low.join(', ')} < ${minimum}`);
  }
}

/** @throws OctaviaError VALIDATION */
export function checkCiphers(ciphers: string, rules: TlsRules): void {
  if (!/^[A-Za-z0-9\-+!:@=_.]*$/.test(ciphers)) {
    throw refusal('Invalid characters in cipher string. Only alphanumeric, -, +, !, :, @, =, _, and . are allowed.');
  }
  const named = new Set(ciphers.split(':'));
  const prohibited = rules.prohibitedCiphers.filter((cipher) => cipher !== '' && named.has(cipher));
  if (prohibited.length > 0) {
    throw refusal(`The following ciphers have been prohibited by an administrator: ${prohibited.join(', ')}`);
  }
}

/** Tokens themselves are checked while parsing. @throws OctaviaError VALIDATION */
export function checkAlpnProtocols(protocols: readonly string[]): void {
  if (protocols.length === 0) {
    throw refusal(
      'Empty ALPN protocol list. Either specify at least one ALPN protocol or remove this parameter to use the default.',
    );
  }
}

/** Every part that is given. */
export function checkTlsSettings(settings: Partial<TlsSettings>, rules: TlsRules): void {
  if (settings.tlsCiphers) checkCiphers(settings.tlsCiphers, rules);
  if (settings.tlsVersions) checkTlsVersions(settings.tlsVersions, rules);
  if (settings.alpnProtocols) checkAlpnProtocols(settings.alpnProtocols);
}

/** Fills what is null from the configuration. */
export function withTlsDefaults(settings: TlsSettings, rules: TlsRules): TlsSettings {
  return {
    tlsCiphers: settings.tlsCiphers ?? rules.defaultCiphers,
    tlsVersions: settings.tlsVersions ?? [...rules.defaultVersions],
    alpnProtocols: settings.alpnProtocols ?? [...rules.defaultAlpnProtocols],
  };
}
