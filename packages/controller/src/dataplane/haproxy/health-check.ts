/** The backend's half of a health monitor: what is asked. The server's half (how often) is in `server.ts`. */

import { convert, fetchOf, type Line, line, logFormat, value } from '@octavia/haproxy-config/tree';
import type { HealthMonitor } from '../../domain/resources.ts';
import { OctaviaError } from '../../errors.ts';
import { clientHello, SERVER_HELLO } from './client-hello.ts';
import type { HaproxyOptions } from './options.ts';
import { refuseUnsupported } from './unsupported.ts';

const CODES = /^(\d{3})(?:-(\d{3}))?$/;

/** HAProxy refuses a range that goes down, and with it the whole file. */
function ascending(codes: string): string {
  const match = CODES.exec(codes);
  if (match === null) throw new OctaviaError('UNSAFE_CONFIGURATION_VALUE', { keyword: 'http-check' });
  const [, first = '', last = first] = match;
  if (first === last) return first;
  return first < last ? `${first}-${last}` : `${last}-${first}`;
}

/** `200`, `200, 202` or `200-204` as the argument of `http-check expect status`, which has the same grammar. */
function expectedStatus(expectedCodes: string): string {
  return expectedCodes
    .split(',')
    .map((codes) => ascending(codes.trim()))
    .join(',');
}

/** HAProxy counts in signed 32-bit milliseconds and refuses more. */
export const LONGEST_SECONDS = 2_147_483;

const CHECKED_HOST = 'check.host';

/**
 * Without a domain name the host is what is connected to, as in the URL of any other client: HTTP/1.1 and HTTP/2 demand
 * one, and HTTP/1.0 can name it. An IPv6 address stands in brackets there.
 */
function checkedHostLine(): Line {
  const address = convert(fetchOf('bc_dst'), 'regsub', '^(.*:.*)', '[\\1]');
  return line('http-check', `set-var(${CHECKED_HOST})`, address);
}

/** `uri` is taken literally, header values are log formats. HAProxy adds no Host header by itself. */
function httpLines(monitor: HealthMonitor): Line[] {
  const { domainName } = monitor;
  const host =
    domainName === null
      ? logFormat({ sample: `var(${CHECKED_HOST})` }, ':', { sample: 'bc_dst_port' })
      : logFormat(domainName);
  const method = monitor.httpMethod ?? 'GET';
  const version = `HTTP/${monitor.httpVersion ?? '1.0'}`;
  const path = value(monitor.urlPath ?? '/');
  return [
    line('option', 'httpchk'),
    ...(domainName === null ? [checkedHostLine()] : []),
    line('http-check', 'send', 'meth', method, 'uri', path, 'ver', version, 'hdr', 'Host', host),
    line('http-check', 'expect', 'status', expectedStatus(monitor.expectedCodes ?? '200')),
  ];
}

const pingLines = (command: string): Line[] => [
  line('option', 'external-check'),
  line('external-check', 'command', value(command)),
];

const helloLines = ({ domainName }: HealthMonitor): Line[] => [
  line('option', 'tcp-check'),
  line('tcp-check', 'send-binary', clientHello(domainName)),
  line('tcp-check', 'expect', 'rbinary', value(SERVER_HELLO)),
];

function questionLines(monitor: HealthMonitor, options: HaproxyOptions): Line[] {
  switch (monitor.type) {
    case 'HTTP':
    case 'HTTPS':
      return httpLines(monitor);
    case 'TCP':
      return [];
    case 'TLS-HELLO':
      return helloLines(monitor);
    case 'PING':
      return pingLines(options.pingCommand);
    case 'UDP-CONNECT':
    case 'SCTP':
      throw refuseUnsupported({ monitorType: monitor.type });
  }
}

/**
 * Saved states are only for backends with checks: without one, a member that was disabled or down when the state was
 * saved would stay down for ever, since nothing could find it up.
 */
function savedStateLines(options: HaproxyOptions): Line[] {
  return options.restoreServerState ? [line('load-server-state-from-file', 'global')] : [];
}

export function healthCheckLines(monitor: HealthMonitor, options: HaproxyOptions): Line[] {
  // Zero would mean "no limit"; without the line the limit is the interval.
  const limit = monitor.timeout > 0 ? [line('timeout', 'check', `${Math.min(monitor.timeout, LONGEST_SECONDS)}s`)] : [];
  return [...savedStateLines(options), ...limit, ...questionLines(monitor, options)];
}
