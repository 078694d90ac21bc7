/** TLS towards clients and towards members. */

import { type Argument, type Line, line, type Value, value } from '@octavia/haproxy-config/tree';
import type { L7Rule, Listener, Pool } from '../../domain/resources.ts';
import type { HaproxyOptions } from './options.ts';
import type { ListenerTlsFiles, PoolTlsFiles } from './tls-files.ts';
import { tlsSettingArguments } from './tls-settings.ts';

const certificateFolder = (loadBalancerId: string, options: HaproxyOptions): string =>
  `${options.certificatesPath}/${loadBalancerId}`;

export const certificatePath = (loadBalancerId: string, name: string, options: HaproxyOptions): string =>
  `${certificateFolder(loadBalancerId, options)}/${name}.pem`;

export const SOURCE_PREFIX = 'tls-';

/** Tells later which secrets the files of this section were made of. HAProxy makes no use of it. */
export const sourceLine = ({ source }: { source: string }): Line => line('description', `${SOURCE_PREFIX}${source}`);

/** Whether requests can tell how the verification went: by a header for the members, or by a rule. */
function showsVerification(listener: Listener, rules: readonly L7Rule[]): boolean {
  const wanted = (header: string): boolean => listener.insertHeaders[header]?.toLowerCase() === 'true';
  return (
    wanted('X-SSL-Client-Verify') ||
    wanted('X-SSL-Client-Has-Cert') ||
    rules.some(({ type }) => type === 'SSL_VERIFY_RESULT' || type === 'SSL_CONN_HAS_CERT')
  );
}

/**
 * A certificate that does not verify ends the handshake. The exception: with OPTIONAL, where a header or a rule deals with
 * the result, the connection goes on and carries the result; a result other than 0 could not occur otherwise.
 */
function clientArguments(
  listener: Listener,
  files: ListenerTlsFiles,
  rules: readonly L7Rule[],
  path: (name: string) => Value,
): Argument[] {
  if (files.clientCa === null || listener.clientAuthentication === 'NONE') return [];
  const crl = files.clientCrl === null ? [] : ['crl-file', path(files.clientCrl)];
  const mandatory = listener.clientAuthentication === 'MANDATORY';
  const lenient = !mandatory && showsVerification(listener, rules);
  return [
    'ca-file',
    path(files.clientCa),
    ...crl,
    'verify',
    mandatory ? 'required' : 'optional',
    ...(lenient ? ['ca-ignore-err', 'all', 'crt-ignore-err', 'all'] : []),
  ];
}

/** What stands behind the address of a `bind` line. @param rules of the listener's policies */
export function bindTlsArguments(
  listener: Listener,
  files: ListenerTlsFiles,
  rules: readonly L7Rule[],
  options: HaproxyOptions,
): Argument[] {
  const path = (name: string): Value => value(certificatePath(listener.loadBalancerId, name, options));
  return [
    'ssl',
    'crt-list',
    path(files.certificates),
    ...clientArguments(listener, files, rules, path),
    ...tlsSettingArguments(listener),
  ];
}

/** What stands on a `server` line, but for the host name that members are told (`member-name.ts`). */
export function serverTlsArguments(pool: Pool, files: PoolTlsFiles, options: HaproxyOptions): Argument[] {
  const path = (name: string): Value => value(certificatePath(pool.loadBalancerId, name, options));
  return [
    'ssl',
    ...(files.certificate === null ? [] : ['crt', path(files.certificate)]),
    ...(files.ca === null ? ['verify', 'none'] : ['verify', 'required', 'ca-file', path(files.ca)]),
    ...(files.ca === null || files.crl === null ? [] : ['crl-file', path(files.crl)]),
    ...tlsSettingArguments(pool),
  ];
}
