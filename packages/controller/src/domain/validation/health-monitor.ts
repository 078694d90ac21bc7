import { OctaviaError } from '../../errors.ts';
import type { HealthMonitor, HealthMonitorType, PoolProtocol, Resource } from '../resources.ts';
import { isConnectionless } from './protocols.ts';
import { invalidOption, refusal } from './refuse.ts';

export type HealthMonitorFields = Omit<
  HealthMonitor,
  Exclude<keyof Resource, 'name' | 'adminStateUp' | 'tags'> | 'poolId'
>;

export interface HealthMonitorRules {
  allowPing: boolean;
  /** Seconds; negative = no limit. */
  udpConnectMinimumDelay: number;
}

const ON_CONNECTIONLESS_POOLS: readonly HealthMonitorType[] = ['UDP-CONNECT', 'SCTP', 'TCP', 'HTTP'];
export const ONLY_ON_CONNECTIONLESS_POOLS: readonly HealthMonitorType[] = ['UDP-CONNECT', 'SCTP'];

const HTTP_ONLY = { httpMethod: 'http_method', urlPath: 'url_path', expectedCodes: 'expected_codes' } as const;
const HTTP_DEFAULTS = { httpMethod: 'GET', urlPath: '/', expectedCodes: '200' } as const;

function isHttp(type: HealthMonitorType): boolean {
  return type === 'HTTP' || type === 'HTTPS';
}

/** @throws OctaviaError VALIDATION */
export function checkMonitorFitsPool(type: HealthMonitorType, protocol: PoolProtocol): void {
  if (isConnectionless(protocol)) {
    if (ON_CONNECTIONLESS_POOLS.includes(type)) return;
    throw refusal(
      `The associated pool protocol is ${protocol}, so only a UDP-CONNECT/SCTP/TCP/HTTP health monitor is supported.`,
    );
  }
  if (ONLY_ON_CONNECTIONLESS_POOLS.includes(type)) {
    throw refusal(`The ${type} type is only supported for pools of type UDP/SCTP.`);
  }
}

function checkDelay(type: HealthMonitorType, delay: number, rules: HealthMonitorRules): void {
  const minimum = rules.udpConnectMinimumDelay;
  if (type === 'UDP-CONNECT' && minimum >= 0 && delay < minimum) {
    throw refusal(
      `The request delay value ${delay} should be larger than ${minimum} for UDP-CONNECT health monitor type.`,
    );
  }
}

function checkDomainName(monitor: Pick<HealthMonitor, 'domainName' | 'httpVersion'>): void {
  if (monitor.domainName === null) return;
  if (monitor.httpVersion === null) {
    throw refusal("'http_version' must be specified when 'domain_name' is provided.");
  }
  if (monitor.httpVersion === '1.0') {
    throw invalidOption('http_version 1.0', 'health monitors HTTP 1.1 domain name health check');
  }
}

/**
 * A health monitor as it will be stored.
 * @throws OctaviaError DISABLED_OPTION, INVALID_OPTION, VALIDATION
 */
export function settleHealthMonitor(
  fields: HealthMonitorFields,
  protocol: PoolProtocol,
  rules: HealthMonitorRules,
): HealthMonitorFields {
  const { type } = fields;
  if (type === 'PING' && !rules.allowPing) throw new OctaviaError('DISABLED_OPTION', { option: 'type', value: type });
  checkMonitorFitsPool(type, protocol);
  if (!isHttp(type)) refuseHttpFields(type, (field) => fields[field] !== null);
  checkDelay(type, fields.delay, rules);
  checkDomainName(fields);
  if (!isHttp(type)) return fields;
  return {
    ...fields,
    httpMethod: fields.httpMethod ?? HTTP_DEFAULTS.httpMethod,
    urlPath: fields.urlPath ?? HTTP_DEFAULTS.urlPath,
    expectedCodes: fields.expectedCodes ?? HTTP_DEFAULTS.expectedCodes,
  };
}

/** The fields to write for a change; null for an HTTP field means its default. @throws as settleHealthMonitor */
export function settleHealthMonitorChange(
  current: HealthMonitor,
  change: Partial<HealthMonitorFields>,
  rules: HealthMonitorRules,
): Partial<HealthMonitorFields> {
  // Naming such a field is refused on PUT even when it is null.
  if (!isHttp(current.type)) refuseHttpFields(current.type, (field) => change[field] !== undefined);
  if (change.delay !== undefined) checkDelay(current.type, change.delay, rules);
  if (change.domainName !== undefined || change.httpVersion !== undefined) checkDomainName({ ...current, ...change });
  const settled = { ...change };
  if (settled.httpMethod === null) settled.httpMethod = HTTP_DEFAULTS.httpMethod;
  if (settled.urlPath === null) settled.urlPath = HTTP_DEFAULTS.urlPath;
  if (settled.expectedCodes === null) settled.expectedCodes = HTTP_DEFAULTS.expectedCodes;
  return settled;
}

function refuseHttpFields(type: HealthMonitorType, given: (field: keyof typeof HTTP_ONLY) => boolean): void {
  for (const field of Object.keys(HTTP_ONLY) as (keyof typeof HTTP_ONLY)[]) {
    if (given(field)) throw invalidOption(HTTP_ONLY[field], `health monitors of type ${type}`);
  }
}
