/** What L7 policies do to real requests. */

import { request as httpRequest } from 'node:http';
import { type ClientHttp2Session, connect } from 'node:http2';
import { request } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../../../../test/kit/free-port.ts';
import type { L7Policy, L7Rule } from '../../src/domain/resources.ts';
import { RunningHaproxy } from './support/running-haproxy.ts';
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
      'FM-LR-13 FM-LR-04 of host names compares without case, port and final dot',
      [{ type: 'HOST_NAME', compareType: 'EQUAL_TO', value: 'www2.example.com' }],
      [
        ['/', { host: 'WWW2.example.com' }, true],
        ['/', { host: 'www2.example.com:8080' }, true],
        ['/', { host: 'www2.example.com.' }, true],
        ['/', { host: 'WWW2.EXAMPLE.com.:8080' }, true],
        ['/', { host: 'www2.example.com.org' }, false],
        ['/', { host: 'www2.example.com.org:8080' }, false],
      ],
    ],
    [
      'FM-LR-03 of host names by their end',
      [{ type: 'HOST_NAME', compareType: 'ENDS_WITH', value: 'example.com.' }],
      [
        ['/', { host: 'badexample.com' }, true],
        ['/', { host: 'badexample.com:8080' }, true],
        ['/', { host: 'example.org' }, false],
        ['/', { host: 'example.org:8080' }, false],
      ],
    ],
    [
      'of host names by expression',
      [{ type: 'HOST_NAME', compareType: 'REGEX', value: '^(?:www|api)\\.example\\.com$' }],
      [
        ['/', { host: 'API.example.com' }, true],
        ['/', { host: 'www.example.com:8080' }, true],
        ['/', { host: 'www.example.com.' }, true],
        ['/', { host: 'xwww.example.com:8080' }, false],
      ],
    ],
    [
      'of host names by expression that names a port',
      [{ type: 'HOST_NAME', compareType: 'REGEX', value: '^www\\.example\\.com(:8080)?$' }],
      [
        ['/', { host: 'www.example.com:8080' }, true],
        ['/', { host: 'www.example.com' }, true],
        // The name alone fits.
        ['/', { host: 'www.example.com:81' }, true],
      ],
    ],
    [
      'of host names by expression that demands a port',
      [{ type: 'HOST_NAME', compareType: 'REGEX', value: ':8080$' }],
      [
        ['/', { host: 'www.example.com:8080' }, true],
        ['/', { host: 'www.example.com' }, false],
      ],
    ],
    [
      'of host names that names a port compares it',
      [{ type: 'HOST_NAME', compareType: 'EQUAL_TO', value: 'www2.example.com:8080' }],
      [
        ['/', { host: 'WWW2.example.com:8080' }, true],
        ['/', { host: 'www2.example.com' }, false],
        ['/', { host: 'www2.example.com:80' }, false],
      ],
    ],
    ...['[2001:db8::1]', '2001:db8::1'].map(
      (value): [string, Partial<L7Rule>[], [string, Record<string, string>, boolean][]] => [
        `of an IPv6 address as host name, written as ${value}`,
        [{ type: 'HOST_NAME', compareType: 'EQUAL_TO', value }],
        [
          ['/', { host: '[2001:db8::1]' }, true],
          ['/', { host: '[2001:DB8::1]:8080' }, true],
          ['/', { host: '[2001:db8::2]' }, false],
        ],
      ],
    ),
    [
      'of host names that contain digits, not those of the port',
      [{ type: 'HOST_NAME', compareType: 'CONTAINS', value: '80' }],
      [
        ['/', { host: 'web80.example.com' }, true],
        ['/', { host: 'web.example.com:8080' }, false],
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

/** As it stands here, byte for byte: other clients tidy a path up before they send it. */
function askRaw(path: string, method = 'GET'): Promise<number> {
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest({ host: LOCAL, port, path, method, agent: false }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode ?? 0));
    });
    outgoing.on('error', reject).end();
  });
}

function askHttp2(client: ClientHttp2Session, path: string): Promise<number> {
  return new Promise((resolve, reject) => {
    client
      .request({ ':path': path })
      .on('response', ({ ':status': status }) => resolve(status ?? 0))
      .on('error', reject)
      .resume();
  });
}

describe('a path that a member may understand in another way', () => {
  const reject = { action: 'REJECT' } as const;
  const ADMIN = [
    '/admin',
    '//admin',
    '/%61dmin',
    '/%2Fadmin',
    '/./admin',
    '/x/../admin',
    '/x/%2e%2e/admin',
    '/x%2f..%2fadmin/',
    '/../../admin',
    '//x//..//%41/../%61dmin?q=/public',
    '/%61dmin/%zz',
    '/%61dmin%00',
    '/%zz/../%61dmin%',
    '/public/../admin',
    '/admin/../public',
    `${'/a'.repeat(1000)}${'/..'.repeat(1000)}/admin`,
    // An encoded question mark is a part of the path.
    '/x%3f/../admin/',
    '/%3F%2f..%2fadmin',
    '/public/x%3f/%2e%2e/../admin?q',
    // A server that leaves empty segments ends there.
    '/x/../admin//../y',
    '/./admin//../y',
    '/%61dmin//../y',
  ];
  const PUBLIC = [
    '/public',
    '/public?next=/admin',
    '/public/%61%2f%2F%zz?x=%61//../.',
    '/public//%C3%A9',
    '/public/x?a?b',
    '/public/%2561dmin',
    '/public/x%3f%3F/y',
    '/x/../public//../y',
    '/%',
  ];

  it('FM-LR-14 is refused in every spelling, and passed on as it was sent', async () => {
    await serve([reject, [{ value: '/admin' }]]);
    const client = connect(`http://${LOCAL}:${port}`);
    for (const path of ADMIN) {
      expect(await askRaw(path), path).toBe(403);
      expect(await askHttp2(client, path), path).toBe(403);
    }
    for (const path of PUBLIC) {
      expect(await askRaw(path), path).toBe(200);
      expect(main.seen.at(-1)?.url).toBe(path);
      expect(await askHttp2(client, path), path).toBe(200);
      expect(main.seen.at(-1)?.url).toBe(path);
    }
    client.destroy();
  });

  it('FM-LR-07 is refused when only one way to read it is allowed', async () => {
    await serve([reject, [{ value: '/public', invert: true }]]);
    for (const path of ['/public', '/public/x', '/public/%61']) expect(await askRaw(path), path).toBe(200);
    for (const path of ['/admin', '/public/../admin', '/public/%2e%2e/admin', '/admin/../public']) {
      expect(await askRaw(path), path).toBe(403);
    }
    expect(await askRaw('/public/x%3f/../../admin')).toBe(403);
  });

  it('keeps an encoded question mark: /secret%3f is not /secret', async () => {
    await serve([reject, [{ compareType: 'EQUAL_TO', value: '/secret' }]]);
    expect(await askRaw('/secret%3f')).toBe(200);
    expect(await askRaw('/%73ecret?x')).toBe(403);
  });

  it('is refused when it has more characters to keep than there is room to read it', async () => {
    await serve([reject, [{ value: '/admin' }]]);
    for (const sign of ['%', '%3f']) {
      const end = '/../../admin';
      expect(await askRaw(`/${sign.repeat(12_000 / sign.length)}${end}`), sign).toBeGreaterThanOrEqual(400);
      expect(await askRaw(`/${sign.repeat(1_000)}${end}`), sign).toBe(403);
    }
    expect(await askRaw(`/${'a'.repeat(14_000)}`)).toBe(200);
  });

  it('is still found by an expression about what was sent', async () => {
    await serve(
      [reject, [{ compareType: 'REGEX', value: '//|%2e|\\.\\.' }]],
      [
        reject,
        [
          { type: 'FILE_TYPE', compareType: 'EQUAL_TO', value: 'php' },
          { compareType: 'STARTS_WITH', value: '/x' },
        ],
      ],
    );
    for (const path of ['//a', '/a/%2eb', '/a/..', '/%78/b.php', '/x/b.ph%70'])
      expect(await askRaw(path), path).toBe(403);
    for (const path of ['/a/b', '/a/b.php', '/x/b.html']) expect(await askRaw(path), path).toBe(200);
  });

  it('FM-LP-11 goes to its pool, and a redirect keeps it as it was sent', async () => {
    await serve(
      [toOther, [{ value: '/api' }]],
      [{ action: 'REDIRECT_PREFIX', redirectPrefix: 'https://www.example.com' }, [{ value: '/old' }]],
    );
    const seen = other.seen.length;
    expect(await askRaw('//api/x')).toBe(200);
    expect(other.seen.slice(seen).map(({ url }) => url)).toEqual(['//api/x']);
    expect(await ask('/%6fld/%41?b')).toBe('302 https://www.example.com/%6fld/%41?b');
  });

  it('is none: OPTIONS of the whole server', async () => {
    await serve([reject, [{ value: '/admin' }]]);
    expect(await askRaw('*', 'OPTIONS')).toBe(200);
    expect(main.seen.at(-1)?.url).toBe('*');
  });
});
