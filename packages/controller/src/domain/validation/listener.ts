/** Rules of a listener that need nothing but the listener, its load balancer's addresses and the configuration. */
import { OctaviaError } from '../../errors.ts';
import { ipVersion } from '../addresses.ts';
import type { Listener, ListenerProtocol, Resource } from '../resources.ts';
import { isConnectionless } from './protocols.ts';
import { invalidOption, refusal } from './refuse.ts';
import { changedTls, checkCiphers, checkTlsSettings, type TlsRules, withTlsDefaults } from './tls.ts';

const FORWARDING_HEADERS = [
  'X-Forwarded-For',
  'X-Forwarded-Port',
  'X-Forwarded-Proto',
  'X-Forwarded-IP',
  'X-Client-IP',
  'X-Real-IP',
] as const;

const TLS_HEADERS = [
  'X-SSL-Client-Verify',
  'X-SSL-Client-Has-Cert',
  'X-SSL-Client-DN',
  'X-SSL-Client-CN',
  'X-SSL-Issuer',
  'X-SSL-Client-SHA1',
  'X-SSL-Client-Not-Before',
  'X-SSL-Client-Not-After',
] as const;

const FORWARDING: readonly string[] = FORWARDING_HEADERS;
const TLS: readonly string[] = TLS_HEADERS;

/** @throws OctaviaError INVALID_OPTION naming every refused header */
function checkInsertHeaders(headers: Record<string, string>, protocol: ListenerProtocol): void {
  const names = Object.keys(headers);
  if (names.length === 0) return;
  if (protocol !== 'HTTP' && protocol !== 'TERMINATED_HTTPS') {
    throw invalidOption('insert-headers', `a ${protocol} protocol listener.`);
  }
  const unknown = names.filter((name) => !FORWARDING.includes(name) && !TLS.includes(name));
  if (unknown.length > 0) throw invalidOption(unknown.join(', '), 'insert_headers');
  const tlsOnly = names.filter((name) => TLS.includes(name));
  if (protocol === 'HTTP' && tlsOnly.length > 0) {
    throw invalidOption(tlsOnly.join(', '), 'HTTP protocol listener.');
  }
}

/** What a request decides about a listener. TLS parts that are null take the configured defaults. */
export type ListenerFields = Omit<
  Listener,
  Exclude<keyof Resource, 'name' | 'adminStateUp' | 'tags'> | 'loadBalancerId'
>;

export interface ListenerRules {
  allowTlsTerminated: boolean;
  allowPrometheus: boolean;
  tls: TlsRules;
}

type References = Pick<
  Listener,
  'defaultTlsContainerRef' | 'sniContainerRefs' | 'clientCaTlsContainerRef' | 'clientCrlContainerRef'
>;

/** Every secret the listener refers to, each once. */
function listenerSecretRefs(listener: References): string[] {
  const refs = [
    listener.defaultTlsContainerRef,
    ...listener.sniContainerRefs,
    listener.clientCaTlsContainerRef,
    listener.clientCrlContainerRef,
  ];
  return [...new Set(refs.filter((ref): ref is string => ref !== null && ref !== ''))];
}

export function isTlsCapable(listener: References & { protocol: ListenerProtocol }): boolean {
  if (listener.protocol === 'TERMINATED_HTTPS') return true;
  return listener.protocol === 'PROMETHEUS' && listenerSecretRefs(listener).length > 0;
}

function checkSwitches(protocol: ListenerProtocol, rules: ListenerRules): void {
  const off =
    (protocol === 'TERMINATED_HTTPS' && !rules.allowTlsTerminated) ||
    (protocol === 'PROMETHEUS' && !rules.allowPrometheus);
  if (off) throw new OctaviaError('DISABLED_OPTION', { option: 'protocol', value: protocol });
}

/** `update` words the refusal for UDP and SCTP as the API does on PUT. */
function checkReferences(listener: ListenerFields, update: boolean): void {
  const { protocol } = listener;
  const refs = listenerSecretRefs(listener);
  if (refs.length > 0) {
    if (isConnectionless(protocol)) {
      throw refusal(`${protocol} protocol listener does not support TLS${update ? ' or header insertion' : ''}.`);
    }
    if (!isTlsCapable(listener)) {
      throw refusal(`Certificate container references are not allowed on ${protocol} protocol listeners.`);
    }
  }
  const hasCertificate = Boolean(listener.defaultTlsContainerRef) || listener.sniContainerRefs.length > 0;
  if (protocol === 'TERMINATED_HTTPS' && !hasCertificate) {
    throw refusal(
      'An SNI or default certificate container reference must be provided for TERMINATED_HTTPS protocol listeners.',
    );
  }
  if (listener.clientAuthentication !== 'NONE' && !listener.clientCaTlsContainerRef) {
    throw refusal(
      `Client authentication setting ${listener.clientAuthentication} requires a client CA container reference.`,
    );
  }
  if (listener.clientCaTlsContainerRef && !hasCertificate) {
    throw refusal(
      'An SNI or default certificate container reference must be provided with a client CA container reference.',
    );
  }
  if (listener.clientCrlContainerRef && !listener.clientCaTlsContainerRef) {
    throw refusal(
      'A client authentication CA reference is required to specify a client authentication revocation list.',
    );
  }
}

function checkCidrs(cidrs: readonly string[] | null, vips: readonly string[]): void {
  const versions = new Set(vips.map(ipVersion));
  for (const cidr of cidrs ?? []) {
    if (versions.has(ipVersion(cidr))) continue;
    throw refusal(`CIDR ${cidr} IP version incompatible with VIP ${vips[0]} IP version.`);
  }
}

/** @throws OctaviaError VALIDATION */
function checkHsts({ protocol, hstsMaxAge, hstsIncludeSubdomains, hstsPreload }: ListenerFields): void {
  if (hstsMaxAge === null) {
    if (!hstsIncludeSubdomains && !hstsPreload) return;
    throw refusal('hsts_include_subdomains and hsts_preload have a meaning only together with hsts_max_age.');
  }
  if (protocol !== 'TERMINATED_HTTPS') {
    throw refusal(`HSTS is only available on TERMINATED_HTTPS protocol listeners, not on ${protocol}.`);
  }
}

/** Who names the security groups of the VIP says there who may come. @throws OctaviaError VALIDATION */
export function checkCidrsBesideGroups(
  cidrs: readonly string[] | null | undefined,
  securityGroupIds: readonly string[],
): void {
  if (cidrs && cidrs.length > 0 && securityGroupIds.length > 0) {
    throw refusal('allowed_cidrs cannot be used together with vip_sg_ids of the load balancer.');
  }
}

function withoutDuplicates(cidrs: string[] | null): string[] | null {
  return cidrs === null || cidrs.length === 0 ? null : [...new Set(cidrs)];
}

/** The TLS settings a listener stores: without TLS what was given, which has no effect. */
function settledTls({ tlsCiphers, tlsVersions, alpnProtocols, ...listener }: ListenerFields, rules: TlsRules) {
  const given = { tlsCiphers, tlsVersions, alpnProtocols };
  return isTlsCapable(listener) ? withTlsDefaults(given, rules) : given;
}

/**
 * A listener as it will be stored.
 * @param vips canonical addresses of the load balancer, the primary one first
 * @throws OctaviaError DISABLED_OPTION, INVALID_OPTION, VALIDATION
 */
export function settleListener(fields: ListenerFields, rules: ListenerRules, vips: readonly string[]): ListenerFields {
  checkSwitches(fields.protocol, rules);
  checkReferences(fields, false);
  checkInsertHeaders(fields.insertHeaders, fields.protocol);
  if (fields.tlsCiphers) checkCiphers(fields.tlsCiphers, rules.tls);
  if (isTlsCapable(fields)) checkTlsSettings(fields, rules.tls);
  checkCidrs(fields.allowedCidrs, vips);
  checkHsts(fields);
  return { ...fields, ...settledTls(fields, rules.tls), allowedCidrs: withoutDuplicates(fields.allowedCidrs) };
}

/**
 * The fields to write for a change. A TLS part that is null in the change goes back to the configured default.
 * @throws OctaviaError INVALID_OPTION, VALIDATION
 */
export function settleListenerChange(
  current: Listener,
  change: Partial<ListenerFields>,
  rules: ListenerRules,
  vips: readonly string[],
): Partial<ListenerFields> {
  const merged: ListenerFields = { ...current, ...change };
  checkReferences(merged, true);
  if (change.insertHeaders) {
    if (isConnectionless(current.protocol) && Object.keys(change.insertHeaders).length > 0) {
      throw refusal(`${current.protocol} protocol listener does not support TLS or header insertion.`);
    }
    checkInsertHeaders(change.insertHeaders, current.protocol);
  }
  checkTlsSettings(change, rules.tls);
  // Nobody looked at all of them as long as they had no effect.
  if (isTlsCapable(merged) && !isTlsCapable(current)) checkTlsSettings(merged, rules.tls);
  if (change.allowedCidrs !== undefined) checkCidrs(change.allowedCidrs, vips);
  checkHsts(merged);
  return {
    ...change,
    ...settledTls({ ...merged, ...changedTls(current, change, rules.tls) }, rules.tls),
    ...(change.allowedCidrs === undefined ? {} : { allowedCidrs: withoutDuplicates(change.allowedCidrs) }),
  };
}
