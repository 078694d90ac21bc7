/** HAProxy is the judge: where it sends a request, and what it answers itself, `routeOf` says before. */
import { request } from 'node:http';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { freePort } from '../../../../test/kit/free-port.ts';
import type { L7Policy, L7Rule } from '../../src/domain/resources.ts';
import { type RoutedRequest, routeOf } from '../../src/domain/route.ts';
import { RunningHaproxy } from '../dataplane/support/running-haproxy.ts';
import { makeTree, policyId, poolId } from '../dataplane/support/tree.ts';
import { WebServer } from '../dataplane/support/web-server.ts';

const LOCAL = '127.0.0.1';
/** Each round is a HAProxy of its own and many requests. */
const ROUNDS = 6;
const REQUESTS = 50;

let haproxy: RunningHaproxy;
const servers: WebServer[] = [];
beforeAll(async () => {
  haproxy = new RunningHaproxy();
  for (const name of ['1', '2', '3']) servers.push(await new WebServer(name).listen());
});
afterAll(async () => {
  await haproxy.close();
  for (const server of servers) await server.close();
});

const parts = fc.constantFrom(
  'a',
  'b',
  'ab',
  'A',
  'admin',
  '.',
  '..',
  '...',
  '%2e',
  '%2E%2e',
  '%2f',
  '%61',
  '%25',
  '%3f',
  '%',
  '%zz',
  'x.php',
  '%00',
  '+',
  '~',
  ';',
  '%23',
);
const path = fc.array(fc.oneof(parts, fc.constant('/')), { maxLength: 6 }).map((words) => `/${words.join('')}`);
const slashed = fc.array(parts, { maxLength: 5 }).map((words) => `/${words.join('/')}`);
const query = fc.option(fc.constantFrom('a=b', 'x=/admin', ''), { nil: undefined });
const target = fc
  .tuple(fc.oneof(path, slashed), query)
  .map(([own, asked]) => (asked === undefined ? own : `${own}?${asked}`));

const hosts = [
  'a.example.com',
  'A.Example.COM',
  'a.example.com:8080',
  'a.example.com.',
  'b.example.com',
  '[::1]',
  '[::1]:80',
  'example',
];
const values = ['a', 'b', 'ab', 'a,b', ' a , b', '"a,b"', 'abc', ''];
const cookies = ['s=a', 's=ab; t=b', 't=a; s=b', 's=', 'x=s', 's=a=b'];
const headers = fc.tuple(
  fc.constantFrom(...hosts),
  fc.array(fc.constantFrom(...values), { maxLength: 2 }),
  fc.option(fc.constantFrom(...cookies), { nil: undefined }),
);

const compareType = fc.constantFrom('STARTS_WITH', 'ENDS_WITH', 'CONTAINS', 'EQUAL_TO' as const);
const rule = fc
  .oneof(
    fc.record({
      type: fc.constant('PATH' as const),
      compareType,
      key: fc.constant(null),
      value: slashed.map((text) => text.slice(0, 8)),
    }),
    fc.record({
      type: fc.constant('PATH' as const),
      compareType,
      key: fc.constant(null),
      value: fc.constantFrom('/admin', '/a', 'b', '/', '/a/b', '//', '..'),
    }),
    fc.record({
      type: fc.constant('FILE_TYPE' as const),
      compareType: fc.constant('EQUAL_TO' as const),
      key: fc.constant(null),
      value: fc.constantFrom('php', 'b'),
    }),
    fc.record({
      type: fc.constant('HOST_NAME' as const),
      compareType,
      key: fc.constant(null),
      value: fc.constantFrom('a.example.com', 'example.com', 'a.', 'b.EXAMPLE.com.', 'a.example.com:8080', '::1'),
    }),
    fc.record({
      type: fc.constant('HEADER' as const),
      compareType,
      key: fc.constantFrom('X-One', 'x-one'),
      value: fc.constantFrom('a', 'b', 'ab', 'a,b', '"a b"'),
    }),
    fc.record({
      type: fc.constant('COOKIE' as const),
      compareType,
      key: fc.constantFrom('s', 't'),
      value: fc.constantFrom('a', 'b', 'ab'),
    }),
  )
  .chain((own) => fc.boolean().map((invert) => ({ ...own, invert })));

const policy = fc.record({
  action: fc.constantFrom(
    'REJECT',
    'REDIRECT_TO_URL',
    'REDIRECT_PREFIX',
    'REDIRECT_TO_POOL',
    'REDIRECT_TO_POOL' as const,
  ),
  pool: fc.constantFrom(2, 3),
  rules: fc.array(rule, { minLength: 1, maxLength: 3 }),
});

/** What HAProxy did: the member, or its own status and location. */
const ask = (port: number, { method, target: path, headers: given }: RoutedRequest): Promise<string> =>
  new Promise((resolve, reject) => {
    const sent = request(
      { host: LOCAL, port, method, path, headers: given.flat(), agent: false, setHost: false },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (part: string) => (text += part));
        response.on('end', () =>
          resolve(response.statusCode === 200 ? text : `${response.statusCode} ${response.headers.location ?? ''}`),
        );
      },
    );
    sent.on('error', reject);
    sent.end();
  });

it('says where HAProxy sends a request', async () => {
  const port = await freePort();
  for (const policies of fc.sample(fc.array(policy, { minLength: 1, maxLength: 5 }), { numRuns: ROUNDS, seed: 14 })) {
    const tree = makeTree({
      loadBalancer: { vip: { address: LOCAL } },
      listeners: [{ protocolPort: port, defaultPoolId: poolId(1) }],
      pools: [{}, {}, {}],
      members: servers.map((server, index) => ({
        address: LOCAL,
        protocolPort: server.port,
        poolId: poolId(index + 1),
      })),
      l7policies: policies.map(
        ({ action, pool }, index): Partial<L7Policy> => ({
          action,
          position: index + 1,
          ...(action === 'REDIRECT_TO_POOL' ? { redirectPoolId: poolId(pool) } : {}),
          ...(action === 'REDIRECT_TO_URL' ? { redirectUrl: `http://url-${index}/` } : {}),
          ...(action === 'REDIRECT_PREFIX' ? { redirectPrefix: `http://prefix-${index}/` } : {}),
        }),
      ),
      l7rules: policies.flatMap(({ rules }, index) =>
        rules.map((own): Partial<L7Rule> => ({ ...own, l7policyId: policyId(index + 1) })),
      ),
    });
    await haproxy.serve(tree);
    const listener = tree.listeners[0]!;
    const requests = fc.sample(fc.tuple(fc.constantFrom('GET', 'POST', 'OPTIONS'), target, headers), {
      numRuns: REQUESTS,
      seed: 15,
    });
    for (const [method, wanted, [host, lines, cookie]] of requests) {
      const asked: RoutedRequest = {
        method,
        target: wanted,
        headers: [
          ['Host', host],
          ...lines.map((line) => ['X-One', line] as const),
          ...(cookie === undefined ? [] : [['Cookie', cookie] as const]),
        ],
        clientAddress: LOCAL,
        clientCertificate: null,
      };
      const { outcome } = routeOf(tree, listener, asked, () => null);
      const said =
        outcome.kind === 'pool'
          ? outcome.pool.id.slice(-1)
          : outcome.kind === 'redirect'
            ? `${outcome.status} ${outcome.location}`
            : `${'status' in outcome ? outcome.status : ''} `;
      const what = JSON.stringify({ asked, policies });
      expect(said, what).toBe(await ask(port, asked));
    }
  }
});
