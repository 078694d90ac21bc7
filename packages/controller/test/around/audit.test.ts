import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { auditTarget } from '../../src/api/audit/audit.ts';
import { type AuditedCall, requestEvent, responseEvent } from '../../src/api/audit/event.ts';
import { AUDIT_MAP_TEXT, parseAuditMap, readAuditMap } from '../../src/api/audit/map.ts';
import { actionOf, outcomeOf, targetType } from '../../src/api/audit/taxonomy.ts';
import { NoauthIdentityDriver } from '../../src/clouds/identity/noauth/driver.ts';
import type { ConfigOverrides } from '../../src/config/index.ts';
import { around, NOBODY, type Surroundings } from './support.ts';

const MAP = parseAuditMap(AUDIT_MAP_TEXT);
const TOKEN = 'gAAAAABlongAndSecret';
const SAMPLE = join(import.meta.dirname, '../../../../etc/octavia_api_audit_map.conf.sample');

describe('the audit map', () => {
  it('is shipped as a sample', () => expect(readFileSync(SAMPLE, 'utf8')).toBe(AUDIT_MAP_TEXT));

  it('that is not there is the shipped one', () => {
    const notes: string[] = [];
    expect(readAuditMap('/no/such/audit-map.conf', (text) => notes.push(text))).toEqual(MAP);
    expect(notes).toHaveLength(1);
  });

  it('that is wrong stops the service', () => {
    expect(() => readAuditMap('/dev', () => undefined)).toThrow('/dev');
  });
});

describe('actions', () => {
  it.each([
    ['GET', '/v2.0/lbaas/loadbalancers', 'read/list'],
    ['GET', '/load-balancer/v2.0/lbaas/loadbalancers/', 'read/list'],
    ['GET', '/v2.0/lbaas/loadbalancers/id', 'read'],
    ['GET', '/v2.0/lbaas/loadbalancers/id/stats', 'read/list'],
    ['POST', '/v2.0/lbaas/loadbalancers', 'create'],
    ['POST', '/v2.0/lbaas/nothing', 'update'],
    ['POST', '/v2.0/lbaas/pools/id/action', 'update/drain'],
    ['PUT', '/v2.0/lbaas/loadbalancers/id', 'update'],
    ['PATCH', '/v2.0/lbaas/loadbalancers/id', 'update'],
    ['PUT', '/v2.0/lbaas/loadbalancers/id/failover', 'update/failover'],
    ['DELETE', '/v2.0/lbaas/loadbalancers/id', 'delete'],
    ['HEAD', '/v2.0/lbaas/loadbalancers', 'read'],
    ['OPTIONS', '/v2.0/lbaas/loadbalancers', 'unknown'],
  ])('%s %s is %s', (method, path, action) => expect(actionOf(MAP, method, path, () => 'drain')).toBe(action));

  it('of one method win over those of all', () => {
    const map = parseAuditMap('[custom_actions]\nstatus/get = read/status\nstatus = other\n');
    expect(actionOf(map, 'GET', '/x/status', () => null)).toBe('read/status');
    expect(actionOf(map, 'PUT', '/x/status', () => null)).toBe('other');
    expect(actionOf(map, 'POST', '/x/action', () => null)).toBe('update');
  });
});

describe('targets and outcomes', () => {
  it.each([
    ['/v2.0/lbaas/loadbalancers', 'service/load-balancer/loadbalancers'],
    ['/v2.0/lbaas/pools/1/members/2', 'service/load-balancer/pools/pool/members/member'],
    ['/v2.0/octavia/amphorae/1/failover', 'service/load-balancer/amphorae/amphora/failover'],
  ])('%s is %s', (path, type) => expect(targetType(MAP, 'service/load-balancer', path)).toBe(type));

  it.each([
    [200, 'success'],
    [399, 'success'],
    [199, 'failure'],
    [404, 'failure'],
    [500, 'failure'],
    [null, 'unknown'],
  ])('%j is %s', (status, outcome) => expect(outcomeOf(status)).toBe(outcome));
});

describe('the target', () => {
  const endpoint = (name: string, url: string) => ({ interface: name, url });
  const catalog = [
    { type: 'dns', name: 'designate', endpoints: [endpoint('public', 'http://dns.example:9001/')] },
    {
      type: 'load-balancer',
      name: 'octavia',
      endpoints: [endpoint('public', 'http://lb.example/'), endpoint('internal', 'http://lb.internal:9876')],
    },
  ];
  const octavia = {
    id: 'octavia',
    name: 'octavia',
    type: 'load-balancer',
    addresses: [
      { name: 'private', url: 'http://lb.internal:9876' },
      { name: 'public', url: 'http://lb.example/' },
    ],
  };

  it('is the entry of the type that the map names', () => {
    expect(auditTarget(catalog, 'load-balancer', 'elsewhere')).toEqual(octavia);
    expect(auditTarget(catalog, 'volume', 'lb.example')).toBeNull();
  });

  it('is the entry that was asked, when the map names no type', () => {
    expect(auditTarget(catalog, null, 'lb.internal:9876')).toEqual(octavia);
    expect(auditTarget(catalog, null, 'dns.example:9001')).toMatchObject({ type: 'dns' });
    expect(auditTarget(catalog, null, 'nobody')).toBeNull();
    expect(auditTarget(undefined, null, undefined)).toBeNull();
  });
});

const CALL: AuditedCall = {
  id: '11111111-1111-4111-8111-111111111111',
  correlationId: '22222222-2222-4222-8222-222222222222',
  time: new Date('2026-01-02T03:04:05.006Z'),
  method: 'GET',
  path: '/load-balancer/v2.0/lbaas/loadbalancers?limit=1',
  firstBodyKey: null,
  userAgent: 'openstacksdk/1.0',
  clientAddress: '192.0.2.9',
  hasToken: true,
  identity: {
    userId: 'u1',
    userName: 'ann',
    userDomainId: null,
    projectId: 'p1',
    projectName: null,
    projectDomainId: null,
    domainId: null,
    systemScope: null,
    roles: [],
    serviceRoles: [],
  },
  target: {
    id: 'octavia',
    name: 'octavia',
    type: 'load-balancer',
    addresses: [{ name: 'public', url: 'http://lb.example' }],
  },
};
const PAYLOAD = {
  typeURI: 'http://schemas.dmtf.org/cloud/audit/1.0/event',
  id: CALL.id,
  eventTime: '2026-01-02T03:04:05.006000+0000',
  eventType: 'activity',
  action: 'read/list',
  outcome: 'pending',
  requestPath: CALL.path,
  tags: [`correlation_id?value=${CALL.correlationId}`],
  target: {
    id: 'octavia',
    name: 'octavia',
    typeURI: 'service/load-balancer/loadbalancers',
    addresses: [{ name: 'public', url: 'http://lb.example' }],
  },
  observer: { id: 'target' },
  initiator: {
    id: 'u1',
    typeURI: 'service/security/account/user',
    name: 'ann',
    project_id: 'p1',
    host: { agent: 'openstacksdk/1.0', address: '192.0.2.9' },
    credential: { token: '****', identity_status: 'Confirmed' },
  },
};

describe('events', () => {
  it('before a call', () => {
    expect(requestEvent(MAP, CALL, { messageId: 'm1', time: CALL.time })).toEqual({
      message_id: 'm1',
      publisher_id: 'octavia-api',
      event_type: 'audit.http.request',
      priority: 'INFO',
      timestamp: '2026-01-02 03:04:05.006000',
      payload: PAYLOAD,
    });
  });

  it('after a call', () => {
    const time = new Date('2026-01-02T03:04:06.007Z');
    expect(responseEvent(MAP, CALL, { messageId: 'm2', time }, 200)).toEqual({
      message_id: 'm2',
      publisher_id: 'octavia-api',
      event_type: 'audit.http.response',
      priority: 'INFO',
      timestamp: '2026-01-02 03:04:06.007000',
      payload: {
        ...PAYLOAD,
        outcome: 'success',
        reason: { reasonCode: '200', reasonType: 'HTTP' },
        reporterchain: [
          { role: 'modifier', reporterTime: '2026-01-02T03:04:06.007000+0000', reporter: { id: 'target' } },
        ],
      },
    });
    expect(responseEvent(MAP, CALL, { messageId: 'm3', time }, null).payload).toMatchObject({ outcome: 'unknown' });
  });

  it('without a catalogue, or with one that does not know the service', () => {
    const unknown = { id: 'unknown', name: 'unknown', typeURI: 'unknown' };
    const payload = (call: AuditedCall) => requestEvent(MAP, call, { messageId: 'm', time: CALL.time }).payload;
    expect(payload({ ...CALL, target: null }).target).toEqual(unknown);
    expect(payload({ ...CALL, target: { ...CALL.target!, type: 'dns' } }).target).toMatchObject({ typeURI: 'unknown' });
  });
});

describe('auditing', () => {
  const settings = (audit: ConfigOverrides['audit'] = {}, driver: 'log' | 'noop' | null = 'log') => ({
    audit: { enabled: true, ...audit },
    audit_middleware_notifications: { driver },
  });
  const events = (log: Record<string, unknown>[]) =>
    log
      .filter(({ component }) => String(component).startsWith('notification.'))
      .map(({ msg }) => JSON.parse(String(msg)) as { event_type: string; payload: Record<string, never> });

  async function call(
    overrides: ConfigOverrides,
    url: string,
    method: 'GET' | 'POST' = 'GET',
    surroundings: Surroundings = {},
  ) {
    const { server, log } = around(overrides, surroundings);
    const headers = { 'x-auth-token': TOKEN, 'x-user-id': 'u1', 'user-agent': 'test' };
    const answer = await server.inject({ method, url, headers });
    return { answer, log, events: events(log) };
  }

  it('tells of a call before and after it, under one id', async () => {
    const { events: told, log } = await call(settings(), '/v2.0/lbaas/pools/1/members?limit=2');
    expect(told.map(({ event_type }) => event_type)).toEqual(['audit.http.request', 'audit.http.response']);
    const [before, after] = told.map(({ payload }) => payload) as [Record<string, never>, Record<string, never>];
    expect(before).toMatchObject({
      outcome: 'pending',
      action: 'read/list',
      requestPath: '/v2.0/lbaas/pools/1/members?limit=2',
    });
    expect(after).toMatchObject({ outcome: 'success', reason: { reasonCode: '200' }, initiator: { id: 'u1' } });
    for (const key of ['id', 'eventTime', 'tags']) expect(after[key]).toEqual(before[key]);
    expect(JSON.stringify(log)).not.toContain(TOKEN);
    expect(log.filter(({ msg }) => String(msg).includes('without a service catalogue'))).toHaveLength(1);
  });

  it.each([
    ['/nothing', '404', 'failure'],
    ['/v2/lbaas/broken', '500', 'failure'],
    ['/', '200', 'success'],
  ])('tells of %s: %s', async (url, reasonCode, outcome) => {
    const { events: told } = await call(settings(), url);
    expect(told[1]?.payload).toMatchObject({ outcome, reason: { reasonCode } });
  });

  it('tells nothing when it is off, of ignored methods, of the health check, and of those without a valid token', async () => {
    expect((await call({}, '/v2')).events).toEqual([]);
    const ignoring = settings({ ignore_req_list: ' get , DELETE' });
    expect((await call(ignoring, '/v2')).events).toEqual([]);
    expect((await call(ignoring, '/v2/lbaas/loadbalancers', 'POST')).events).toHaveLength(2);
    const healthy = { ...settings(), api_settings: { healthcheck_enabled: true } };
    expect((await call(healthy, '/healthcheck')).events).toEqual([]);
    expect((await call(settings(), '/v2', 'GET', { identity: NOBODY })).events).toEqual([]);
  });

  it('goes where other notifications go unless it is told otherwise', async () => {
    const fallback = { ...settings({}, null), oslo_messaging_notifications: { driver: ['log'] } };
    expect((await call(fallback, '/v2')).events).toHaveLength(2);
    for (const driver of ['noop', null] as const) {
      const nowhere = await call(settings({}, driver), '/v2');
      expect(nowhere.events).toEqual([]);
      expect(JSON.stringify(nowhere.log)).toContain('events go nowhere');
    }
  });

  it('never fails a call', async () => {
    let ids = 0;
    const newId = () => {
      ids += 1;
      if (ids > 1) throw new Error('no more ids');
      return 'id';
    };
    const { answer, log } = await call(settings(), '/v2', 'GET', { newId, identity: new NoauthIdentityDriver() });
    expect(answer.statusCode).toBe(200);
    expect(JSON.stringify(log)).toContain('an audit event was lost');
  });
});
