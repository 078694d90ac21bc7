/** Health monitors as keepalived's checkers. */
import { lvsFiles } from '@octavia/protocol/lvs-files';
import type { HealthMonitor, Member } from '../../domain/resources.ts';
import { OctaviaError } from '../../errors.ts';
import { type Block, block, type Line, line, value } from '../keepalived/config.ts';
import { address } from './address.ts';
import type { LvsOptions } from './options.ts';

/** What all checkers know. Without an own delay keepalived would retry at once and take one lost packet for three. */
const retries = ({ delay, maxRetriesDown }: HealthMonitor): Line[] => [
  line('delay_loop', delay),
  line('retry', maxRetriesDown),
  line('delay_before_retry', delay),
];

function target(member: Member, monitor: HealthMonitor): Line[] {
  return [
    ...(member.monitorAddress === null ? [] : [line('connect_ip', address(member.monitorAddress, 'connect_ip'))]),
    ...(member.monitorPort === null ? [] : [line('connect_port', member.monitorPort)]),
    line('connect_timeout', monitor.timeout),
    ...retries(monitor),
  ];
}

function httpGet(member: Member, monitor: HealthMonitor): Block {
  const codes = (monitor.expectedCodes ?? '200').split(',').map((code) => code.trim());
  if (!codes.every((code) => /^\d{3}(-\d{3})?$/.test(code))) {
    throw new OctaviaError('UNSAFE_CONFIGURATION_VALUE', { keyword: 'status_code' });
  }
  const host = monitor.domainName;
  return block('HTTP_GET', [
    block('url', [line('path', value(monitor.urlPath ?? '/')), line('status_code', ...codes)]),
    ...(host === null ? [] : [line('virtualhost', value(host))]),
    line('http_protocol', monitor.httpVersion === '1.1' ? '1.1' : '1.0'),
    ...target(member, monitor),
  ]);
}

/** keepalived knows no SCTP: a program of the agent sends the INIT. It gets a second more than its own time limit. */
function sctpCheck(member: Member, monitor: HealthMonitor, options: LvsOptions): Block {
  const host = address(member.monitorAddress ?? member.address, 'misc_path');
  const port = member.monitorPort ?? member.protocolPort;
  const command = `${lvsFiles(options.basePath).sctpCheck} ${host} ${port} ${monitor.timeout}`;
  return block('MISC_CHECK', [
    line('misc_path', value(command)),
    line('misc_timeout', monitor.timeout + 1),
    ...retries(monitor),
  ]);
}

/** @throws OctaviaError UNSAFE_CONFIGURATION_VALUE, PROVIDER_UNSUPPORTED_OPTION */
export function checker(member: Member, monitor: HealthMonitor, options: LvsOptions): Block {
  switch (monitor.type) {
    case 'UDP-CONNECT':
      return block('UDP_CHECK', target(member, monitor));
    case 'SCTP':
      return sctpCheck(member, monitor, options);
    case 'TCP':
      return block('TCP_CHECK', target(member, monitor));
    case 'HTTP':
      return httpGet(member, monitor);
    default:
      throw new OctaviaError('PROVIDER_UNSUPPORTED_OPTION', {
        provider: 'amphora',
        detail: `Amphora provider does not support ${monitor.type} health monitors on UDP and SCTP pools.`,
      });
  }
}
