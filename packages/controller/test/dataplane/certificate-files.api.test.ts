/** Which certificate files an agent is sent, and when they go. */
import { beforeAll, beforeEach, expect, it } from 'vitest';
import type { LoadBalancerTree } from '../../src/domain/resources.ts';
import type { ScriptedAnswer, SeenRequest } from './support/agent-server.ts';
import { playAgent } from './support/played-agent.ts';
import { TestSecrets } from './support/secrets.ts';
import { TestAuthority } from './support/test-authority.ts';
import { LOAD_BALANCER_ID, listenerId, makeAmphora, makeTree, poolId } from './support/tree.ts';

const amphora = makeAmphora();
let authority: TestAuthority;
let secrets: TestSecrets;
/** What the agent has: files by name, and its configuration. */
let files: Map<string, string>;
let stored: string | null;
let running: string | null;

const FILE = new RegExp(
  `^/1.0/loadbalancer/${LOAD_BALANCER_ID}/certificates/([0-9a-f]{40}\\.pem)(?:/(ca|crl|crt-list))?$`,
);

function answer({ method, path, body }: SeenRequest): ScriptedAnswer {
  const [, name] = FILE.exec(path) ?? [];
  if (name !== undefined) {
    if (method === 'PUT') files.set(name, body);
    else files.delete(name);
    return { status: method === 'PUT' ? 201 : 200, body: { message: 'OK' } };
  }
  if (path.endsWith('/certificates')) return { status: 200, body: { certificates: [...files.keys()].sort() } };
  if (path.endsWith('/haproxy') && method === 'PUT') {
    stored = body;
    return { status: 201, body: { message: 'OK', uploaded: body, running, certificates: files.size } };
  }
  if (path.endsWith('/haproxy')) {
    return stored === null
      ? { status: 404, body: { message: 'Loadbalancer Not Found' } }
      : { status: 200, body: stored };
  }
  running = stored;
  return { status: 202, body: { message: 'OK' } };
}

beforeAll(async () => {
  authority = await TestAuthority.create('CA');
});

beforeEach(async () => {
  files = new Map();
  stored = null;
  running = null;
  secrets = new TestSecrets();
  secrets
    .pair('a', await authority.issue({ subject: { CN: 'a' } }))
    .pair('b', await authority.issue({ subject: { CN: 'b' } }));
  secrets.text('ca', authority.certificate).text('crl', await authority.revocationList());
});
const played = playAgent(answer, () => ({ certificates: secrets }));

const tls = { protocol: 'TERMINATED_HTTPS', protocolPort: 443, defaultTlsContainerRef: 'a' } as const;
const http = { protocol: 'HTTP', protocolPort: 80 } as const;
const apply = (tree: LoadBalancerTree) => played.driver.apply(amphora, tree);
const uploads = (): string[] =>
  played.agent.seen
    .filter(({ method, path }) => method === 'PUT' && FILE.test(path))
    .map(({ path }) => FILE.exec(path)?.[2] ?? 'pair');

it('sends each file before the configuration that names it, and only once', async () => {
  const tree = makeTree({
    listeners: [
      {
        ...tls,
        sniContainerRefs: ['b'],
        clientAuthentication: 'MANDATORY',
        clientCaTlsContainerRef: 'ca',
        clientCrlContainerRef: 'crl',
      },
      { ...http, defaultPoolId: poolId(1) },
    ],
    pools: [{ tlsEnabled: true, tlsContainerRef: 'b', caTlsContainerRef: 'ca' }],
  });
  expect(await apply(tree)).toEqual({ method: 'start' });
  expect(uploads().sort()).toEqual(['ca', 'crl', 'crt-list', 'pair', 'pair']);
  const names = [...(stored ?? '').matchAll(/([0-9a-f]{40}\.pem)/g)].map((match) => match[1]!);
  expect(names.every((name) => files.has(name))).toBe(true);
  const paths = played.agent.seen.map(({ method, path }) => `${method} ${path}`);
  expect(paths.findLastIndex((path) => /PUT .*certificates/.test(path))).toBeLessThan(
    paths.findIndex((path) => path.endsWith('/haproxy')),
  );
  expect(await apply(tree)).toEqual({ method: 'none' });
  expect(uploads()).toHaveLength(5);
});

it('renewed certificates come under new names; the old ones go after the reload', async () => {
  await apply(makeTree({ listeners: [tls] }));
  const before = [...files.keys()];
  secrets.pair('a', await authority.issue({ subject: { CN: 'a' } }));
  expect(await apply(makeTree({ listeners: [tls] }))).toEqual({ method: 'reload' });
  expect(before.some((name) => files.has(name))).toBe(false);
  expect(files.size).toBe(2);
  const calls = played.agent.seen.map(({ method, path }) => `${method} ${path}`);
  expect(calls.findLastIndex((call) => call.endsWith('/reload'))).toBeLessThan(
    calls.findIndex((call) => call.startsWith('DELETE')),
  );
  await apply(makeTree({ listeners: [http] }));
  expect(files.size).toBe(0);
});

it('asks nothing about certificates for a load balancer that has none', async () => {
  await apply(makeTree({ listeners: [http] }));
  expect(played.agent.seen.some(({ path }) => path.includes('certificates'))).toBe(false);
});

it('a certificate whose key none of the ciphers can use takes its listener out, with the reason', async () => {
  const rsa = { tlsCiphers: 'ECDHE-RSA-AES128-GCM-SHA256' };
  const tree = makeTree({ listeners: [{ ...tls, ...rsa, tlsVersions: ['TLSv1.2'] }, http] });
  expect(await apply(tree)).toMatchObject({
    method: 'start',
    unusable: [
      {
        listenerId: listenerId(1),
        reason: 'None of tls_ciphers can be used with TLSv1.2 and the EC key of a.',
        code: 'CIPHERS_UNUSABLE',
      },
    ],
  });
  // With TLS 1.3 clients come in all the same.
  const other = makeTree({ listeners: [{ ...tls, ...rsa, tlsVersions: ['TLSv1.2', 'TLSv1.3'] }, http] });
  expect(await apply(other)).toEqual({ method: 'reload' });
});

it('a secret that cannot be read takes its listener out, with the reason, and no other', async () => {
  const tree = makeTree({ listeners: [{ ...tls, defaultTlsContainerRef: 'gone' }, http] });
  expect(await apply(tree)).toEqual({
    method: 'start',
    unusable: [
      { listenerId: listenerId(1), reason: 'Could not retrieve certificate: gone', code: 'CERTIFICATE_UNREADABLE' },
    ],
  });
  expect(stored).not.toContain(`frontend ${listenerId(1)}`);
  expect(stored).toContain(`frontend ${listenerId(2)}`);
});

it('a pool whose CA cannot be read gets no unverified members, and its listener the reason', async () => {
  const tree = makeTree({
    listeners: [{ ...http, defaultPoolId: poolId(1) }],
    pools: [{ tlsEnabled: true, caTlsContainerRef: 'gone' }],
    members: [{}],
  });
  const { unusable } = await apply(tree);
  expect(unusable).toEqual([
    {
      listenerId: listenerId(1),
      reason: `Pool ${poolId(1)}: Could not retrieve certificate: gone`,
      code: 'CERTIFICATE_UNREADABLE',
    },
  ]);
  expect(stored).not.toContain('server 4');
});

it('a store that is down changes nothing for what is served, whatever else changes or is deleted', async () => {
  const pool = { tlsEnabled: true, tlsContainerRef: 'b', caTlsContainerRef: 'ca' };
  const listeners = [{ ...tls, defaultPoolId: poolId(1) }, http];
  await apply(makeTree({ listeners, pools: [pool], members: [{}] }));
  const used = (stored ?? '').match(/[0-9a-f]{40}\.pem/g);
  secrets.down = true;
  const less = makeTree({ listeners: [listeners[0]!], pools: [pool], members: [{}, {}] });
  expect(await apply(less)).toEqual({ method: 'reload' });
  expect(new Set((stored ?? '').match(/[0-9a-f]{40}\.pem/g))).toEqual(new Set(used));
  expect(stored).not.toContain(listenerId(2));
  expect(files.size).toBeGreaterThan(0);
  // Other references are another matter: what is there was not made of them.
  const other = makeTree({ listeners: [{ ...listeners[0]!, defaultTlsContainerRef: 'b' }, http], pools: [pool] });
  expect((await apply(other)).unusable).toEqual([
    { listenerId: listenerId(1), reason: 'Could not retrieve certificate: b', code: 'CERTIFICATE_UNREADABLE' },
  ]);
});

it('keys are nowhere in what the driver says', async () => {
  const tree = makeTree({ listeners: [tls] });
  played.agent.answer = (request) => {
    const { path } = request;
    if (FILE.test(path)) return { status: 400, body: { message: 'Certificate and key do not match' } };
    return answer(request);
  };
  const error: unknown = await apply(tree).catch((thrown: unknown) => thrown);
  expect(String(error)).toContain('Certificate and key do not match');
  expect(`${String(error)}${JSON.stringify(error)}${(error as Error).stack}`).not.toContain('PRIVATE KEY');
});
