import { type Argument, fetchOf, type Line, line, logFormat, type Section, value } from '@octavia/haproxy-config/tree';
import type { Listener, Pool } from '../../domain/resources.ts';
import type { ServedPolicy } from '../../domain/serving.ts';
import { endpointText, networkText, vipAddresses } from './address.ts';
import { backendName } from './backend.ts';
import { connectionLimit } from './global.ts';
import { policyLines } from './l7.ts';
import { logFormatLines } from './logging.ts';
import { listenerMode } from './modes.ts';
import { metricsLines } from './prometheus.ts';
import type { RenderScope } from './scope.ts';
import { bindTlsArguments, sourceLine } from './tls.ts';

/** What a listener of HTTP refuses whatever its policies say, because they could not judge it. */
const HOST = fetchOf('req.fhdr', 'host');
/** A name, an address, or nothing (RFC 9110, 7.2), and a port: servers disagree about which name anything else is. */
const HOST_FORM = value('^([^\\x00-\\x20,:/?#@\\[\\\\\\]\\x7f]*|\\[[0-9A-Za-z:._~%-]+\\])(:[0-9]*)?$');

const refuse = (status: number, ...condition: Argument[]): Line =>
  line('http-request', 'deny', 'deny_status', status, 'if', ...condition);

/**
 * A member that accepts `CONNECT` gets all that follows unread. The WebSockets of HTTP/2 come with that method, too; HAProxy
 * has made a `GET` of them by now.
 *
 * A request of HTTP/1.0 may name its host in the target alone, where no rule looks.
 */
const refusedRequestLines = (): Line[] => [
  refuse(405, '{', 'method', 'CONNECT', '}'),
  refuse(400, '{', HOST, '-m', 'found', '}', '!{', HOST, '-m', 'reg', '--', HOST_FORM, '}'),
  refuse(
    400,
    '!{',
    HOST,
    '-m',
    'found',
    '}',
    '!{',
    'url',
    '-m',
    'beg',
    '/',
    '}',
    '!{',
    'url',
    '-m',
    'str',
    value('*'),
    '}',
  ),
];

const ALLOWED_ACL = 'allowed_source';

/** One line a network: HAProxy takes at most 64 words in a line, and lines of the same ACL add up. */
function sourceLines(listener: Listener): Line[] {
  const networks = listener.allowedCidrs ?? [];
  if (networks.length === 0) return [];
  return [
    ...networks.map((cidr) => line('acl', ALLOWED_ACL, 'src', networkText(cidr, 'acl'))),
    line('tcp-request', 'connection', 'reject', 'unless', ALLOWED_ACL),
  ];
}

/** Answers that HAProxy gives by itself carry the header too. */
function transportSecurityLines(listener: Listener): Line[] {
  const { protocol, hstsMaxAge, hstsIncludeSubdomains, hstsPreload } = listener;
  if (protocol !== 'TERMINATED_HTTPS' || hstsMaxAge === null) return [];
  const directives = [`max-age=${hstsMaxAge}`];
  if (hstsIncludeSubdomains) directives.push('includeSubDomains');
  if (hstsPreload) directives.push('preload');
  const header = 'Strict-Transport-Security';
  return [line('http-after-response', 'set-header', header, logFormat(directives.join('; ')))];
}

function bindLines(scope: RenderScope, listener: Listener, policies: readonly ServedPolicy[]): Line[] {
  const { tree, files, options } = scope;
  const tls = files.listeners.get(listener.id);
  const rules = policies.flatMap((served) => served.rules);
  const words = tls === undefined ? [] : bindTlsArguments(listener, tls, rules, options);
  const lines = vipAddresses(tree.loadBalancer).map((address) =>
    line('bind', endpointText(address, listener.protocolPort, 'bind'), ...words),
  );
  return tls === undefined ? lines : [sourceLine(tls), ...lines];
}

/** @param pool where requests go that no policy takes */
export function frontendSection(
  scope: RenderScope,
  listener: Listener,
  policies: readonly ServedPolicy[],
  pool: Pool | null,
): Section {
  const { tree, options } = scope;
  const mode = listenerMode(listener);
  const lines: Line[] = [
    line('mode', mode),
    ...logFormatLines(tree.loadBalancer, mode, options),
    line('maxconn', connectionLimit(listener, options)),
    ...bindLines(scope, listener, policies),
    line('timeout', 'client', listener.timeoutClientData),
    // Without it a head that comes byte by byte keeps its connection for ever.
    ...(mode === 'http' ? [line('timeout', 'http-request', listener.timeoutClientData)] : []),
    // Otherwise a reload closes connections between two requests, and the next request on one of them is lost.
    ...(mode === 'http' ? [line('option', 'idle-close-on-response')] : []),
  ];
  if (listener.timeoutTcpInspect > 0) lines.push(line('tcp-request', 'inspect-delay', listener.timeoutTcpInspect));
  lines.push(...sourceLines(listener), ...transportSecurityLines(listener));
  if (mode === 'http') lines.push(...refusedRequestLines());
  if (listener.protocol === 'PROMETHEUS') lines.push(...metricsLines());
  else lines.push(...policyLines(policies, listener, options));
  if (pool !== null) lines.push(line('default_backend', backendName(pool, listener)));
  return { kind: 'frontend', name: listener.id, lines };
}
