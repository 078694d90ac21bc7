import { isIP } from 'node:net';
import { OctaviaError } from '../../errors.ts';

export interface LogTarget {
  /** Address or name of the receiver, IPv6 without brackets. */
  host: string;
  port: number;
}

/** Names of hosts; an address is recognised by itself. */
const HOST_NAME = /^[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/;

/**
 * `host:port`, split at the last colon, so that IPv6 needs no brackets (`2001:db8::10:514` is port 514).
 *
 * @throws OctaviaError OPTION_UNUSABLE naming the option
 */
export function parseLogTarget(text: string, option: string): LogTarget {
  const at = text.lastIndexOf(':');
  const host = text.slice(0, Math.max(at, 0)).replace(/^\[(.*)\]$/, '$1');
  const digits = text.slice(at + 1);
  const port = /^\d{1,5}$/.test(digits) ? Number(digits) : 0;
  if ((isIP(host) === 0 && !HOST_NAME.test(host)) || port < 1 || port > 65_535) {
    const reason = 'a log receiver is written host:port, several are separated by commas';
    throw new OctaviaError('OPTION_UNUSABLE', { option, value: text, reason });
  }
  return { host, port };
}
