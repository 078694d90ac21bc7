/** The layer 7 cookbook, LC-01 to LC-11: each scenario through the API, with real amphorae, over IPv4 and IPv6. */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type IssuedPem, TestAuthority } from '../../packages/controller/test/dataplane/support/test-authority.ts';
import type { Backend } from './cookbook/backend.ts';
import { Keyring } from './cookbook/keyring.ts';
import type { Served } from './cookbook/served.ts';
import { type Json, Site } from './cookbook/site.ts';

vi.setConfig({ maxConcurrency: 20 });

let site: Site;
const refs = {} as Record<'www' | 'clientCa', string>;
const clients = {} as Record<'finance' | 'hr' | 'foreign', IssuedPem>;

beforeAll(async () => {
  const opened = Site.open('l7', 19_933);
  const clientCa = await TestAuthority.create('Client CA');
  const foreignCa = await TestAuthority.create('Foreign CA');
  for (const unit of ['finance', 'hr'] as const) {
    clients[unit] = await clientCa.issue({ subject: { OU: unit, CN: `somebody of ${unit}` } });
  }
  clients.foreign = await foreignCa.issue({ subject: { OU: 'finance', CN: 'foreign' } });
  const www = await clientCa.issue({ subject: { CN: 'www.example.com' }, dnsNames: ['www.example.com'] });
  site = await opened;
  const keyring = new Keyring(site);
  [refs.www, refs.clientCa] = await Promise.all([keyring.addPkcs12(www), keyring.add(clientCa.certificate)]);
});
afterAll(() => site?.remove());

const host = (name: string) => ({ headers: { host: name } });
const cookie = (text: string) => ({ headers: { cookie: text } });
const as = ({ certificate, privateKey }: IssuedPem) => ({ tls: { cert: certificate, key: privateKey } });
const path = (compare: string, value: string) => ({ type: 'PATH', compare_type: compare, value });

/** A load balancer with one member, which answers `pool1`. */
const scene = async (name: string, listener: object = {}) =>
  site.serving(name, [await site.backend('pool1')], {}, listener);

const terminated = (more: object = {}) => ({
  protocol: 'TERMINATED_HTTPS',
  protocol_port: 443,
  default_tls_container_ref: refs.www,
  ...more,
});

/** A pool of the load balancer whose members answer its name. @returns its id and its members */
async function pool(lb: Served, name: string, count = 1): Promise<{ id: string; members: Backend[] }> {
  const members = await Promise.all(Array.from({ length: count }, () => site.backend(name)));
  const { id } = await lb.pool({ name }, members);
  return { id, members };
}

const toPool = (listener: string, redirectPool: string, more: object = {}) => ({
  action: 'REDIRECT_TO_POOL',
  listener_id: listener,
  redirect_pool_id: redirectPool,
  ...more,
});

/** Static content to a pool of two, by one rule. LC-03, and what LC-09 stands on. */
async function staticContent(name: string) {
  const { lb, listener } = await scene(name);
  const statics = await pool(lb, 'static_pool', 2);
  const policy = await lb.policy(toPool(listener, statics.id, { name: 'policy1' }), [path('REGEX', '^/(js|images)')]);
  return { lb, listener, statics, policy };
}

async function expectStaticContent(lb: Served): Promise<void> {
  for (const asked of ['/js/a.js', '/images/b.png']) await lb.expectOutcome('static_pool', { path: asked });
  for (const asked of ['/', '/other/js']) await lb.expectOutcome('pool1', { path: asked });
}

const signIn = { type: 'COOKIE', key: 'auth_token', compare_type: 'REGEX', value: '.*', invert: true };

/** A TERMINATED_HTTPS listener that sends whoever has no token to `login_pool`, on another subnet. LC-06, LC-07. */
async function loginPool(name: string) {
  const { lb, listener } = await scene(name, terminated());
  const login = await site.backend('login_pool', { subnet: site.subnets.public });
  const { id } = await lb.pool({ name: 'login_pool' });
  await lb.member(id, login, { subnet_id: site.subnets.public.id });
  await lb.policy(toPool(listener, id), [signIn]);
  return { lb, listener, login, loginPoolId: id };
}

const tls = (text?: string) => ({ tls: {}, ...(text === undefined ? {} : cookie(text)) });

describe.concurrent('layer 7 cookbook', () => {
  test('LC-01 FM-LP-02 FM-LP-03 FM-LP-11 FM-LP-12 HTTP is sent to HTTPS, with path and query or to one page', async () => {
    const lb = await site.balancer('lc1');
    const prefix = await lb.listener({ name: 'http_listener', protocol: 'HTTP', protocol_port: 80 });
    const redirect = { action: 'REDIRECT_PREFIX', redirect_prefix: 'https://www.example.com/' };
    await lb.policy({ name: 'policy1', listener_id: prefix.id, ...redirect }, [path('STARTS_WITH', '/')]);
    const url = await lb.listener({ protocol: 'HTTP', protocol_port: 81 });
    const page = { action: 'REDIRECT_TO_URL', redirect_url: 'https://www.example.com/' };
    await lb.policy({ listener_id: url.id, ...page }, [path('STARTS_WITH', '/')]);
    await lb.expectOutcome('302 https://www.example.com/');
    await lb.expectOutcome('302 https://www.example.com/a/b?c=d&e', { path: '/a/b?c=d&e' });
    await lb.expectOutcome('302 https://www.example.com/', { port: 81, path: '/a/b?c=d' });
  });

  test('LC-02 FM-LP-01 FM-LP-10 FM-LR-06 FM-LR-14 static content by two policies', async () => {
    const { lb, listener } = await scene('lc2');
    const statics = await pool(lb, 'static_pool', 2);
    for (const start of ['/js', '/images']) {
      await lb.policy(toPool(listener, statics.id), [path('STARTS_WITH', start)]);
    }
    await expectStaticContent(lb);
    expect(statics.members.map(({ seen }) => seen.length)).toEqual([2, 2]);
  });

  test('LC-03 FM-LR-05 static content by a regular expression', async () => {
    const { lb } = await staticContent('lc3');
    await expectStaticContent(lb);
  });

  test('LC-04 FM-LR-04 FM-LR-13 a host has a pool of its own, whatever its case and port', async () => {
    const { lb, listener } = await scene('lc4');
    const other = await pool(lb, 'pool2');
    const rule = { type: 'HOST_NAME', compare_type: 'EQUAL_TO', value: 'www2.example.com' };
    await lb.policy(toPool(listener, other.id), [rule]);
    await lb.expectOutcome('pool2', host('www2.example.com'));
    for (const name of ['WWW2.Example.COM', 'www2.example.com:8080']) await lb.expectOutcome('pool2', host(name));
    await lb.expectOutcome('pool1', host('www.example.com'));
  });

  test('LC-05 FM-LR-03 hosts by the end of their names', async () => {
    const { lb, listener } = await scene('lc5');
    const other = await pool(lb, 'pool2');
    const rule = { type: 'HOST_NAME', compare_type: 'ENDS_WITH', value: 'example.com' };
    await lb.policy(toPool(listener, other.id), [rule]);
    for (const name of ['a.example.com', 'example.com', 'badexample.com']) await lb.expectOutcome('pool2', host(name));
    await lb.expectOutcome('pool1', host('example.org'));
  });

  test('LC-06 FM-MB-09 FM-LR-07 who has no token goes to the login pool, on another subnet', async () => {
    const { lb, login } = await loginPool('lc6');
    await lb.expectOutcome('login_pool', tls());
    await lb.expectOutcome('pool1', tls('auth_token=anything'));
    expect([...login.visitors]).toEqual([await lb.amphorae.addressBeside(login.address)]);
  });

  test('LC-07 FM-LR-10 FM-LR-08 a token that became invalid goes to the login pool, too', async () => {
    const { lb, listener, loginPoolId } = await loginPool('lc7');
    const invalid = { type: 'COOKIE', key: 'auth_token', compare_type: 'EQUAL_TO', value: 'INVALID' };
    await lb.policy(toPool(listener, loginPoolId), [invalid]);
    await lb.expectOutcome('login_pool', tls());
    await lb.expectOutcome('login_pool', tls('auth_token=INVALID'));
    await lb.expectOutcome('pool1', tls('auth_token=valid'));
  });

  test('LC-08 host and path together', async () => {
    const { lb, listener } = await scene('lc8');
    const api = await pool(lb, 'api_pool');
    await lb.policy(toPool(listener, api.id), [
      { type: 'HOST_NAME', compare_type: 'EQUAL_TO', value: 'api.example.com' },
      path('STARTS_WITH', '/api'),
    ]);
    await lb.expectOutcome('api_pool', { ...host('api.example.com'), path: '/api/v1' });
    await lb.expectOutcome('pool1', { ...host('api.example.com'), path: '/' });
    await lb.expectOutcome('pool1', { ...host('www.example.com'), path: '/api/v1' });
  });

  test('LC-09 FM-LP-08 A/B test: the order of policies decides', async () => {
    const { lb, listener, policy: first } = await staticContent('lc9');
    const [poolB, staticB] = [await pool(lb, 'pool_B', 2), await pool(lb, 'static_pool_B', 2)];
    const site_version = { type: 'COOKIE', key: 'site_version', compare_type: 'EQUAL_TO', value: 'B' };
    const second = await lb.policy(toPool(listener, staticB.id, { position: 1 }), [
      path('REGEX', '^/(js|images)'),
      site_version,
    ]);
    const third = await lb.policy(toPool(listener, poolB.id, { position: 2 }), [site_version]);
    const positions = async (): Promise<string[]> => {
      const { body } = await site.call('GET', `lbaas/l7policies?listener_id=${listener}`);
      return body.l7policies.toSorted((a: Json, b: Json) => a.position - b.position).map(({ id }: Json) => id);
    };
    expect(await positions()).toEqual([second.id, third.id, first.id]);
    const b = cookie('site_version=B');
    await lb.expectOutcome('static_pool_B', { ...b, path: '/images/a.jpg' });
    await lb.expectOutcome('pool_B', b);
    await expectStaticContent(lb);
    await lb.change('PUT', `l7policies/${third.id}`, { position: 1 });
    expect(await positions()).toEqual([third.id, second.id, first.id]);
    await lb.expectOutcome('pool_B', { ...b, path: '/images/a.jpg' });
  });

  test('LC-10 FM-LR-15 who presents no certificate is sent to sign up', async () => {
    const optional = { client_authentication: 'OPTIONAL', client_ca_tls_container_ref: refs.clientCa };
    const { lb, listener } = await scene('lc10', terminated(optional));
    const signUp = { action: 'REDIRECT_TO_URL', redirect_url: 'http://www.example.com/signup' };
    await lb.policy({ listener_id: listener, ...signUp }, [
      { type: 'SSL_CONN_HAS_CERT', compare_type: 'EQUAL_TO', value: 'True', invert: true },
    ]);
    await lb.expectOutcome('302 http://www.example.com/signup', { tls: {} });
    for (const client of [clients.hr, clients.foreign]) await lb.expectOutcome('pool1', as(client));
  });

  test('LC-11 FM-LR-16 FM-LR-17 the finance department has a pool of its own', async () => {
    const lb = await site.balancer('lc11');
    const mandatory = { client_authentication: 'MANDATORY', client_ca_tls_container_ref: refs.clientCa };
    const { id: listener } = await lb.listener(terminated(mandatory));
    const finance = await pool(lb, 'pool2');
    await lb.policy(toPool(listener, finance.id), [
      { type: 'SSL_CONN_HAS_CERT', compare_type: 'EQUAL_TO', value: 'True' },
      { type: 'SSL_VERIFY_RESULT', compare_type: 'EQUAL_TO', value: '0' },
      { type: 'SSL_DN_FIELD', key: 'OU', compare_type: 'EQUAL_TO', value: 'finance' },
    ]);
    await lb.expectOutcome('pool2', as(clients.finance));
    await lb.expectOutcome('503', as(clients.hr));
    const before = finance.members[0]!.seen.length;
    await lb.expectOutcome(/ERR|closed|alert|no answer/i, { tls: {} });
    expect(finance.members[0]!.seen.length).toBe(before);
  });
});
