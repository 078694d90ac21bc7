/** The backend's half of a health monitor: what is asked. The server's half (how often) is in `server.ts`. */
import type { HealthMonitor } from '../../domain/resources.ts';
import { CLIENT_HELLO, SERVER_HELLO } from './client-hello.ts';
import { type Line, line, logFormat, value } from './config.ts';
import { expectedStatus } from './expected-codes.ts';
import type { HaproxyOptions } from './options.ts';
import { refuseUnsupported } from './unsupported.ts';

/** HAProxy counts in signed 32-bit milliseconds and refuses more. */
export const LONGEST_SECONDS = 2_147_483;

/** `uri` is taken literally, header values are log formats. HAProxy adds no Host header by itself. */
function httpLines(monitor: HealthMonitor): Line[] {
  const host = monitor.domainName === null ? [] : ['hdr', 'Host', logFormat(monitor.domainName)];
  const method = monitor.httpMethod ?? 'GET';
  const version = `HTTP/${monitor.httpVersion ?? '1.0'}`;
  const path = value(monitor.urlPath ?? '/');
  return [
    line('option', 'httpchk'),
    line('http-check', 'send', 'meth', method, 'uri', path, 'ver', version, ...host),
    line('http-check', 'expect', 'status', expectedStatus(monitor.expectedCodes ?? '200')),
  ];
}

const pingLines = (command: string): Line[] => [
  line('option', 'external-check'),
  line('external-check', 'command', value(command)),
];

const helloLines = (): Line[] => [
  line('option', 'tcp-check'),
  line('tcp-check', 'send-binary', CLIENT_HELLO),
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
      return helloLines();
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
