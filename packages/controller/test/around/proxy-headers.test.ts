import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { forwardedRequest, parseForwarded } from '../../src/api/proxy-headers.ts';
import { around } from './support.ts';

describe('what a proxy says', () => {
  it.each([
    [{}, {}],
    [{ 'x-forwarded-proto': 'HTTPS' }, { protocol: 'https' }],
    [{ 'x-forwarded-proto': 'gopher' }, {}],
    [{ 'x-forwarded-host': 'a.example, b.example' }, { host: 'a.example' }],
    [{ 'x-forwarded-host': 'a.example', 'x-forwarded-port': '8443' }, { host: 'a.example:8443' }],
    [{ 'x-forwarded-host': 'a.example:1', 'x-forwarded-port': '8443' }, { host: 'a.example:1' }],
    [{ 'x-forwarded-host': '[2001:db8::1]', 'x-forwarded-port': '81' }, { host: '[2001:db8::1]:81' }],
    [
      { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'a.example', 'x-forwarded-port': '443' },
      { protocol: 'https', host: 'a.example' },
    ],
    [{ host: 'own.example', 'x-forwarded-port': '8443' }, { host: 'own.example:8443' }],
    [{ 'x-forwarded-host': 'a.example/evil' }, {}],
    [{ 'x-forwarded-host': '"><script>' }, {}],
    [{ 'x-forwarded-prefix': '/load-balancer/' }, { prefix: '/load-balancer' }],
    [{ 'x-forwarded-prefix': '/' }, { prefix: '' }],
    [{ 'x-forwarded-prefix': 'http://evil' }, {}],
    [{ 'x-forwarded-for': '192.0.2.1, 10.0.0.1' }, { client: '192.0.2.1' }],
    [{ 'x-forwarded-for': '2001:db8::1' }, { client: '2001:db8::1' }],
    [
      { forwarded: 'for=192.0.2.60;proto=https;host=a.example' },
      { client: '192.0.2.60', protocol: 'https', host: 'a.example' },
    ],
    [{ forwarded: 'Host="a.example:8443"; Proto=http, host=b.example' }, { host: 'a.example:8443', protocol: 'http' }],
    [{ forwarded: 'for="[2001:db8::1]:4711"' }, { client: '2001:db8::1' }],
    [
      { forwarded: 'proto=https', 'x-forwarded-host': 'ignored.example', 'x-forwarded-prefix': '/p' },
      { protocol: 'https', prefix: '/p' },
    ],
  ])('%j', (headers, expected) => {
    const { protocol, host, client, prefix } = forwardedRequest(headers);
    const known = Object.entries({ protocol, host, client, prefix }).filter(([, value]) => value !== undefined);
    expect(Object.fromEntries(known)).toEqual(expected);
  });

  it('is read as it was quoted', () => {
    expect(parseForwarded(String.raw`host="a\"b;c,d";by=x`)).toEqual({ host: 'a"b;c,d', by: 'x' });
  });

  it('never makes an address that is none', () => {
    const text = fc.string({ unit: 'binary' });
    fc.assert(
      fc.property(text, text, text, (host, prefix, forwarded) => {
        for (const said of [
          forwardedRequest({ 'x-forwarded-host': host, 'x-forwarded-prefix': prefix }),
          forwardedRequest({ forwarded }),
        ]) {
          expect(`${said.host ?? ''}${said.prefix ?? ''}`).not.toMatch(/[\s"'<>\\?#@]/);
        }
      }),
    );
  });
});

describe('links of the version list', () => {
  const href = async (believe: boolean, url: string, headers: Record<string, string>) => {
    const { server } = around({ oslo_middleware: { enable_proxy_headers_parsing: believe } });
    const answer = await server.inject({ url, headers: { host: 'api.example:9876', ...headers } });
    return answer.json().versions[0].links[0].href;
  };
  const headers = {
    'x-forwarded-proto': 'https',
    'x-forwarded-host': 'lb.example',
    'x-forwarded-prefix': '/load-balancer',
  };

  it.each([
    [false, '/', {}, 'http://api.example:9876/v2'],
    [false, '/', headers, 'http://api.example:9876/v2'],
    [true, '/', headers, 'https://lb.example/load-balancer/v2'],
    [true, '/', { forwarded: 'proto=https;host=lb.example:8443' }, 'https://lb.example:8443/v2'],
    [false, '/load-balancer/', {}, 'http://api.example:9876/load-balancer/v2'],
    [true, '/load-balancer/', headers, 'https://lb.example/load-balancer/v2'],
  ])('believing proxies: %j, %s with %j', async (believe, url, given, expected) => {
    expect(await href(believe, url, given)).toBe(expected);
  });
});
