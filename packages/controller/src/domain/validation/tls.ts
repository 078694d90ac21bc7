/** TLS versions, ciphers and ALPN lists of listeners and pools. */
import { refusal } from './refuse.ts';

/** Weakest first: the order is the meaning of "minimum". */
const TLS_VERSIONS = ['SSLv3', 'TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'] as const;
/** Those that no cipher of TLS 1.2 is for. */
export const TLS10_VERSIONS: readonly string[] = ['TLSv1', 'TLSv1.1'];
/** OpenSSL's word in a list of ciphers. */
export const SECURITY_LEVEL = /(?:^|:)@SECLEVEL=(\d)/;
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
function checkTlsVersions(versions: readonly string[], rules: TlsRules): void {
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
function checkAlpnProtocols(protocols: readonly string[]): void {
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

/** Of TLS 1.0 and 1.1: forward secrecy first, for keys of both kinds. */
const TLS10_CIPHERS = [
  'ECDHE-ECDSA-AES256-SHA',
  'ECDHE-RSA-AES256-SHA',
  'ECDHE-ECDSA-AES128-SHA',
  'ECDHE-RSA-AES128-SHA',
  'AES256-SHA',
  'AES128-SHA',
];

/** The configured ciphers, and where old versions are asked for, ciphers for those: the default has none. */
function defaultCiphers(
  versions: readonly string[],
  { defaultCiphers: configured, prohibitedCiphers }: TlsRules,
): string {
  const named = configured.split(':');
  const isNeeded = versions.some((version) => TLS10_VERSIONS.includes(version));
  if (!isNeeded || TLS10_CIPHERS.some((cipher) => named.includes(cipher))) return configured;
  return [...named, ...TLS10_CIPHERS.filter((cipher) => !prohibitedCiphers.includes(cipher))].join(':');
}

/** Fills what is null from the configuration. */
export function withTlsDefaults(settings: TlsSettings, rules: TlsRules): TlsSettings {
  const tlsVersions = settings.tlsVersions ?? [...rules.defaultVersions];
  return {
    tlsCiphers: settings.tlsCiphers ?? defaultCiphers(tlsVersions, rules),
    tlsVersions,
    alpnProtocols: settings.alpnProtocols ?? [...rules.defaultAlpnProtocols],
  };
}

/** After a change: ciphers that were filled in are filled in again when other versions are asked for. */
export function changedTls(current: TlsSettings, change: Partial<TlsSettings>, rules: TlsRules): TlsSettings {
  const { tlsCiphers, tlsVersions, alpnProtocols } = { ...current, ...change };
  const isStale = change.tlsVersions !== undefined && change.tlsCiphers === undefined;
  const ciphers = isStale && tlsCiphers === rules.defaultCiphers ? null : tlsCiphers;
  return { tlsCiphers: ciphers, tlsVersions, alpnProtocols };
}
