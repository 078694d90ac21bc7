/** What L7 policies do to real requests. */

import { request } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { L7Policy, L7Rule } from '../../src/domain/resources.ts';
import { freePort, RunningHaproxy } from './support/running-haproxy.ts';
import { makeTree, policyId, poolId } from './support/tree.ts';
import { WebServer } from './support/web-server.ts';

const LOCAL = '127.0.0.1';

let haproxy: RunningHaproxy;
let port = 0;
let main: WebServer;
let other: WebServer;
beforeAll(async () => {
  haproxy = new RunningHaproxy();
  port = await freePort();
  main = await new WebServer('main').listen();
  other = await new WebServer('other').listen();
});
afterAll(async () => {
  await haproxy.close();
  await main.close();
  await other.close();
});

type Entry = [Partial<L7Policy>, Partial<L7Rule>[]];

/** Pool 1 is the default pool with member `main`, pool 2 has member `other`. */
async function serve(...entries: Entry[]): Promise<void> {
  const tree = makeTree({
    loadBalancer: { vip: { address: LOCAL } },
    listeners: [{ protocolPort: port, defaultPoolId: poolId(1) }],
    pools: [{}, {}],
    members: [
      { address: LOCAL, protocolPort: main.port },
      { address: LOCAL, protocolPort: other.port, poolId: poolId(2) },
    ],
    l7policies: entries.map(([policy]) => policy),
    l7rules: entries.flatMap(([, rules], index) =>
      rules.map((rule): Partial<L7Rule> => ({ l7policyId: policyId(index + 1), ...rule })),
    ),
  });
  await haproxy.serve(tree);
}

/** The name of the member that answered, or status and address of the load balancer's own answer. */
async function ask(path: string, headers: Record<string, string> = {}): Promise<string> {
  const {
    statusCode,
    headers: given,
    body,
  } = await request(`http://${LOCAL}:${port}${path}`, {
    headers,
    reset: true,
  });
  const text = await body.text();
  return statusCode === 200 ? text : [statusCode, ...(given.location ? [given.location] : [])].join(' ');
}

const toOther = { action: 'REDIRECT_TO_POOL', redirectPoolId: poolId(2) } as const;

it('FM-LP-01 FM-LP-04 FM-LP-05 FM-LP-08 FM-LP-10 FM-LR-01 refusals come first, then redirects, then pools, each by position; none matches: the default pool', async () => {
  await serve(
    [{ ...toOther, position: 1 }, [{ value: '/a' }]],
    [{ action: 'REDIRECT_TO_URL', redirectUrl: 'http://two/', position: 3 }, [{ value: '/ab' }]],
    [{ action: 'REDIRECT_TO_URL', redirectUrl: 'http://one/', position: 2 }, [{ value: '/abc' }]],
    [{ action: 'REJECT', position: 4 }, [{ value: '/abcd' }]],
    [{ action: 'REJECT', position: 5 }, []],
    [{ action: 'REJECT', position: 6 }, [{ adminStateUp: false }]],
  );
  const seen = main.seen.length + other.seen.length;
  expect(await ask('/abcde')).toBe('403');
  expect(await ask('/abc')).toBe('302 http://one/');
  expect(await ask('/ab')).toBe('302 http://two/');
  expect(main.seen.length + other.seen.length).toBe(seen);
  expect(await ask('/a')).toBe('other');
  expect(await ask('/b')).toBe('main');
});

it('FM-LP-02 FM-LP-03 FM-LP-09 FM-LP-11 FM-LP-12 a prefix keeps path and query and makes no double slash; a URL is sent as it is', async () => {
  await serve(
    [{ action: 'REDIRECT_PREFIX', redirectPrefix: 'https://www.example.com/' }, [{ value: '/keep' }]],
    [
      { action: 'REDIRECT_TO_URL', redirectUrl: 'https://x/%41?a=%[src]&b="$HOME"', redirectHttpCode: 308 },
      [{ value: '/fixed' }],
    ],
  );
  expect(await ask('/keep/a?b=c')).toBe('302 https://www.example.com/keep/a?b=c');
  expect(await ask('/fixed/a?b=c')).toBe('308 https://x/%41?a=%[src]&b="$HOME"');
});

it.each([301, 302, 303, 307, 308] as const)('FM-LP-09 redirects with %d', async (redirectHttpCode) => {
  const action = { action: 'REDIRECT_TO_URL', redirectUrl: 'http://one/', redirectHttpCode } as const;
  await serve([action, [{ value: '/' }]]);
  expect(await ask('/')).toBe(`${redirectHttpCode} http://one/`);
});

describe('a rule', () => {
  const cases: [string, Partial<L7Rule>[], [string, Record<string, string>, boolean][]][] = [
    [
      'FM-LR-13 FM-LR-04 of host names compares without case, and the port too',
      [{ type: 'HOST_NAME', compareType: 'EQUAL_TO', value: 'www2.example.com' }],
      [
        ['/', { host: 'WWW2.example.com' }, true],
        ['/', { host: 'www2.example.com:8080' }, false],
      ],
    ],
    [
      'FM-LR-03 of host names by their end',
      [{ type: 'HOST_NAME', compareType: 'ENDS_WITH', value: 'example.com' }],
      [
        ['/', { host: 'badexample.com' }, true],
        ['/', { host: 'example.org' }, false],
      ],
    ],
    [
      'FM-LR-14 FM-LR-05 of paths by expression, with case',
      [{ compareType: 'REGEX', value: '^/(js|images)' }],
      [
        ['/images/b.png', {}, true],
        ['/other/js', {}, false],
        ['/JS', {}, false],
      ],
    ],
    [
      'FM-LR-11 of file types',
      [{ type: 'FILE_TYPE', compareType: 'EQUAL_TO', value: 'jpg' }],
      [
        ['/a/b.jpg?x=y', {}, true],
        ['/a/b.png?x=.jpg', {}, false],
      ],
    ],
    [
      'FM-LR-12 FM-LR-02 FM-LR-08 FM-LR-18 of headers, their names without case',
      [{ type: 'HEADER', compareType: 'CONTAINS', key: 'X-Key', value: '"b, c#\\"' }],
      [
        ['/', { 'x-key': 'a b, c#\\ d' }, true],
        ['/', { 'x-key': 'A B, C#\\' }, false],
      ],
    ],
    [
      'FM-LR-07 FM-LR-10 that is turned round',
      [{ type: 'COOKIE', compareType: 'REGEX', key: 'auth_token', value: '.*', invert: true }],
      [
        ['/', {}, true],
        ['/', { cookie: 'auth_token=x' }, false],
      ],
    ],
    [
      'FM-LR-06 together with another',
      [
        { type: 'HOST_NAME', compareType: 'EQUAL_TO', value: 'api.example.com' },
        { compareType: 'STARTS_WITH', value: '/api' },
      ],
      [
        ['/api/x', { host: 'api.example.com' }, true],
        ['/api/x', { host: 'www.example.com' }, false],
        ['/x', { host: 'api.example.com' }, false],
      ],
    ],
    [
      'of client certificates, which nobody presents without TLS',
      [{ type: 'SSL_CONN_HAS_CERT', compareType: 'EQUAL_TO', value: 'True', invert: true }],
      [['/', {}, true]],
    ],
  ];

  it.each(cases)('%s', async (_title, rules, requests) => {
    await serve([toOther, rules]);
    for (const [path, headers, matches] of requests) {
      expect(await ask(path, headers), `${path} ${JSON.stringify(headers)}`).toBe(matches ? 'other' : 'main');
    }
  });
});
