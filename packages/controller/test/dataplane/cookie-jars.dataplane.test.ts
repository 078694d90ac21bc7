/** HTTP_COOKIE as a browser sees it: curl with a jar, which keeps one cookie of a name for a host, whatever its port. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { freePort } from '../../../../test/kit/free-port.ts';
import { RunningHaproxy } from './support/running-haproxy.ts';
import { TestSecrets } from './support/secrets.ts';
import { TestAuthority } from './support/test-authority.ts';
import { listenerId, makeTree, memberId, poolId, type TreeInput } from './support/tree.ts';
import { WebServer } from './support/web-server.ts';

const LOCAL = '127.0.0.1';
const HOST = 'www.example.com';
const run = promisify(execFile);
const secrets = new TestSecrets();
const members: WebServer[] = [];
let folder = '';
let haproxy: RunningHaproxy;
let ports: [number, number] = [0, 0];

beforeAll(async () => {
  const authority = await TestAuthority.create('CA');
  secrets.pair('www', await authority.issue({ subject: { CN: HOST }, dnsNames: [HOST] }));
  // Two members for each of three pools.
  for (let n = 1; n <= 6; n++) members.push(await new WebServer(memberId(n)).listen());
});
beforeEach(async () => {
  haproxy = new RunningHaproxy();
  folder = mkdtempSync(join(tmpdir(), 'jar-'));
  ports = [await freePort(), await freePort()];
});
afterEach(async () => {
  await haproxy.close();
  rmSync(folder, { recursive: true });
});
afterAll(async () => {
  for (const member of members) await member.close();
});

type Listeners = NonNullable<TreeInput['listeners']>;

/** @param pools how many of them there are; the second takes `/2` of the first listener, the third is that of the second listener */
async function serve(pools: 1 | 2 | 3, listeners?: Listeners): Promise<void> {
  const own: Listeners = [{ protocolPort: ports[0], defaultPoolId: poolId(1) }];
  if (pools > 2) own.push({ protocolPort: ports[1], defaultPoolId: poolId(3) });
  const tree = makeTree({
    loadBalancer: { vip: { address: LOCAL } },
    listeners: listeners ?? own,
    pools: Array.from({ length: pools }, () => ({ sessionPersistence: { type: 'HTTP_COOKIE' } })),
    members: members.slice(0, pools * 2).map((member, index) => ({
      address: LOCAL,
      protocolPort: member.port,
      poolId: poolId(1 + Math.floor(index / 2)),
    })),
    l7policies: pools > 1 ? [{ action: 'REDIRECT_TO_POOL', redirectPoolId: poolId(2), listenerId: listenerId(1) }] : [],
    l7rules: pools > 1 ? [{ value: '/2' }] : [],
  });
  await haproxy.serve(tree, secrets);
}

interface Visit {
  member: string;
  setCookie: string[];
}

async function visit(path: '/1' | '/2' | '/3', { tls = false } = {}): Promise<Visit> {
  const jar = join(folder, 'jar');
  const headers = join(folder, 'headers');
  const port = path === '/3' || tls ? ports[1] : ports[0];
  const to = ['--connect-to', `${HOST}:${port}:${LOCAL}:${port}`, `${tls ? 'https' : 'http'}://${HOST}:${port}${path}`];
  const { stdout } = await run('curl', ['-sSk', '-m', '10', '-c', jar, '-b', jar, '-D', headers, ...to]);
  const lines = readFileSync(headers, 'utf8').split('\r\n');
  const setCookie = lines.flatMap((line) => /^set-cookie: (.*)$/i.exec(line)?.[1] ?? []);
  return { member: stdout, setCookie };
}

/** Where the client is led on each of its ways, and how often it was told a cookie. */
async function wander(rounds: number, paths: ('/1' | '/2' | '/3')[]): Promise<{ members: string[][]; told: number }> {
  const found = paths.map(() => new Set<string>());
  let told = 0;
  for (let round = 0; round < rounds; round++) {
    for (const [index, path] of paths.entries()) {
      const { member, setCookie } = await visit(path);
      found[index]!.add(member);
      told += setCookie.length;
    }
  }
  return { members: found.map((set) => [...set]), told };
}

/** A jar with one cookie, as a session of before left it. */
function keep(name: string, value: string): void {
  writeFileSync(join(folder, 'jar'), `# Netscape HTTP Cookie File\n${HOST}\tFALSE\t/\tFALSE\t0\t${name}\t${value}\n`);
}

const nameOf = (n: number): string => `SRV_${poolId(n).replaceAll('-', '')}`;

it('FM-PL-20 pools behind one listener and one host leave each other alone', async () => {
  await serve(3);
  const { members: led, told } = await wander(10, ['/1', '/2', '/3']);
  expect(led.map((each) => each.length)).toEqual([1, 1, 1]);
  expect(told).toBe(3);
  const seen = members.flatMap((member) => member.seen.splice(0));
  // What is HAProxy's own does not reach members; that of other pools is nothing to it.
  for (const { headers } of seen) expect((headers.cookie ?? '').split('; ').length).toBeLessThanOrEqual(2);
});

it('a session goes on when another pool comes, and when it goes again', async () => {
  await serve(1);
  const { member, setCookie } = await visit('/1');
  expect(setCookie).toEqual([`SRV=${member}; path=/; HttpOnly`]);
  await serve(3);
  expect(await visit('/1')).toEqual({ member, setCookie: [] });
  expect(await wander(4, ['/2', '/1', '/3'])).toMatchObject({
    members: [[expect.any(String)], [member], [expect.any(String)]],
  });
  await serve(1);
  expect((await wander(4, ['/1'])).members).toEqual([[member]]);
});

it('the cookie of before is still read, and does not matter where it names no member', async () => {
  await serve(2);
  keep('SRV', memberId(2));
  expect(await visit('/1')).toEqual({ member: memberId(2), setCookie: [] });
  // Pool 2 has no such member.
  const { member } = await visit('/2');
  expect([memberId(3), memberId(4)]).toContain(member);
  expect((await wander(4, ['/1', '/2'])).members).toEqual([[memberId(2)], [member]]);
});

it('of two pools that were there the one that stays keeps its sessions under the only name', async () => {
  await serve(1);
  // The only name is that of a pool that went, the other is this pool's.
  keep('SRV', memberId(4));
  const jar = join(folder, 'jar');
  writeFileSync(jar, `${readFileSync(jar, 'utf8')}${HOST}\tFALSE\t/\tFALSE\t0\t${nameOf(1)}\t${memberId(2)}\n`);
  expect(await visit('/1')).toEqual({ member: memberId(2), setCookie: [] });
  expect(await wander(4, ['/1'])).toEqual({ members: [[memberId(2)]], told: 0 });
});

const TLS = { protocol: 'TERMINATED_HTTPS', defaultTlsContainerRef: 'www' } as const;

it('behind TLS alone it is sent over TLS alone, and wherever a page is embedded', async () => {
  await serve(1, [{ ...TLS, protocolPort: ports[1], defaultPoolId: poolId(1) }]);
  const { member, setCookie } = await visit('/1', { tls: true });
  expect(setCookie).toEqual([`SRV=${member}; path=/; HttpOnly; Secure; SameSite=None`]);
  expect((await visit('/1', { tls: true })).member).toBe(member);
});

it('a pool that is also reached without TLS keeps one session on both ways', async () => {
  await serve(1, [
    { protocolPort: ports[0], defaultPoolId: poolId(1) },
    { ...TLS, protocolPort: ports[1], defaultPoolId: poolId(1) },
  ]);
  const { member, setCookie } = await visit('/1', { tls: true });
  expect(setCookie).toEqual([`SRV=${member}; path=/; HttpOnly`]);
  for (const tls of [false, true, false]) expect(await visit('/1', { tls })).toEqual({ member, setCookie: [] });
});
