import { describe, expect, it } from 'vitest';
import { HEALTH_MONITOR_TYPES, type HealthMonitor, POOL_PROTOCOLS } from '../../src/domain/resources.ts';
import {
  checkMonitorFitsPool,
  type HealthMonitorFields,
  type HealthMonitorRules,
  settleHealthMonitor,
  settleHealthMonitorChange,
} from '../../src/domain/validation/health-monitor.ts';

const rules: HealthMonitorRules = { allowPing: true, udpConnectMinimumDelay: 3 };
const fields = (changes: Partial<HealthMonitorFields>): HealthMonitorFields => ({
  name: '',
  adminStateUp: true,
  tags: [],
  type: 'HTTP',
  delay: 5,
  timeout: 10,
  maxRetries: 3,
  maxRetriesDown: 3,
  httpMethod: null,
  urlPath: null,
  expectedCodes: null,
  httpVersion: null,
  domainName: null,
  ...changes,
});
const stored = (changes: Partial<HealthMonitorFields>) => fields(changes) as HealthMonitor;

const cells = POOL_PROTOCOLS.flatMap((pool) => HEALTH_MONITOR_TYPES.map((type) => ({ pool, type })));

describe('monitor type and pool protocol', () => {
  it.each(cells)('$type on a $pool pool', ({ pool, type }) => {
    const connectionless = pool === 'UDP' || pool === 'SCTP';
    const allowed = connectionless
      ? ['UDP-CONNECT', 'SCTP', 'TCP', 'HTTP']
      : ['HTTP', 'HTTPS', 'PING', 'TCP', 'TLS-HELLO'];
    const check = () => checkMonitorFitsPool(type, pool);
    if (allowed.includes(type)) return expect(check).not.toThrow();
    expect(check).toThrow(
      connectionless
        ? `Validation failure: The associated pool protocol is ${pool}, so only a UDP-CONNECT/SCTP/TCP/HTTP health monitor is supported.`
        : `Validation failure: The ${type} type is only supported for pools of type UDP/SCTP.`,
    );
  });
});

describe('a new health monitor', () => {
  it('has HTTP defaults only when it speaks HTTP', () => {
    const http = { httpMethod: 'GET', urlPath: '/', expectedCodes: '200' };
    expect(settleHealthMonitor(fields({}), 'HTTP', rules)).toMatchObject(http);
    expect(settleHealthMonitor(fields({ type: 'HTTPS' }), 'HTTPS', rules)).toMatchObject(http);
    expect(settleHealthMonitor(fields({ type: 'TCP' }), 'TCP', rules)).toEqual(fields({ type: 'TCP' }));
  });

  it.each([
    [{ type: 'TCP', urlPath: '/' }, 'url_path is not a valid option for health monitors of type TCP'],
    [{ type: 'PING', httpMethod: 'GET' }, 'http_method is not a valid option for health monitors of type PING'],
    [
      { domainName: 'a.example' },
      "Validation failure: 'http_version' must be specified when 'domain_name' is provided.",
    ],
    [
      { domainName: 'a.example', httpVersion: '1.0' },
      'http_version 1.0 is not a valid option for health monitors HTTP 1.1 domain name health check',
    ],
  ] as const)('refuses %o', (changes, message) => {
    expect(() => settleHealthMonitor(fields(changes), 'TCP', rules)).toThrow(message);
  });

  it('accepts a timeout above the delay', () => {
    expect(() => settleHealthMonitor(fields({ delay: 5, timeout: 10 }), 'HTTP', rules)).not.toThrow();
  });

  it('honours the switch for PING', () => {
    expect(() => settleHealthMonitor(fields({ type: 'PING' }), 'TCP', { ...rules, allowPing: false })).toThrow(
      'The selected type is not allowed in this deployment: PING',
    );
  });

  it.each([
    [2, 3, false],
    [3, 3, true],
    [0, -1, true],
  ])('UDP-CONNECT with delay %i and minimum %i: %s', (delay, udpConnectMinimumDelay, accepted) => {
    const check = () =>
      settleHealthMonitor(fields({ type: 'UDP-CONNECT', delay }), 'UDP', { ...rules, udpConnectMinimumDelay });
    if (accepted) return expect(check).not.toThrow();
    expect(check).toThrow('The request delay value 2 should be larger than 3 for UDP-CONNECT health monitor type.');
  });
});

describe('a changed health monitor', () => {
  it('refuses HTTP fields on other types even when they are null', () => {
    expect(() => settleHealthMonitorChange(stored({ type: 'TCP' }), { urlPath: null }, rules)).toThrow(
      'url_path is not a valid option for health monitors of type TCP',
    );
  });

  it('resets HTTP fields on null', () => {
    expect(
      settleHealthMonitorChange(stored({}), { httpMethod: null, urlPath: null, expectedCodes: null }, rules),
    ).toEqual({
      httpMethod: 'GET',
      urlPath: '/',
      expectedCodes: '200',
    });
  });

  it('considers stored values for the domain name', () => {
    const versioned = stored({ httpVersion: '1.1' });
    expect(settleHealthMonitorChange(versioned, { domainName: 'a.example' }, rules)).toEqual({
      domainName: 'a.example',
    });
    expect(() => settleHealthMonitorChange({ ...versioned, domainName: 'a' }, { httpVersion: null }, rules)).toThrow(
      "'http_version' must be specified",
    );
  });

  it('needs no delay on UDP-CONNECT', () => {
    expect(settleHealthMonitorChange(stored({ type: 'UDP-CONNECT' }), { timeout: 1 }, rules)).toEqual({ timeout: 1 });
  });
});
