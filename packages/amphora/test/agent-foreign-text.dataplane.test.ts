/** A configuration in another hand than our controller's: HAProxy takes it, so the agent reads it as HAProxy does. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { agentPaths } from '@octavia/protocol/agent-api';
import { peerName } from '@octavia/protocol/peer-name';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { currentWorkers } from '../src/haproxy/socket.ts';
import type { AgentClient } from './support/agent-client.ts';
import { AMPHORA_ID, AmphoraLab } from './support/amphora-lab.ts';
import { LISTENER, LOAD_BALANCER, MEMBER, POOL } from './support/configurations.ts';
import { selfSigned } from './support/test-certificates.ts';

const SECURE = '55555555-5555-4555-8555-555555555555';

const lab = new AmphoraLab();
let client: AgentClient;
let list: string;

beforeAll(async () => {
  await lab.create();
  await lab.startAgent();
  client = lab.client();
  const folder = join(lab.base, 'certs', LOAD_BALANCER);
  const { pem } = selfSigned(lab.folder, 'site', ['site.test']);
  const put = async (path: string, content: string) =>
    expect((await client.send('PUT', path, content)).status).toBe(201);
  await put(agentPaths.certificateFile(LOAD_BALANCER, 'site.pem'), pem);
  await put(agentPaths.trustFile(LOAD_BALANCER, 'list.pem', 'crt-list'), `${join(folder, 'site.pem')}\n`);
  list = join(folder, 'list.pem');
});
afterAll(async () => {
  client?.close();
  await lab.destroy();
});

/** Line ends of Windows, tabs, quotes, escapes, notes, named defaults, and a byte that is no UTF-8. */
const text = (servers: string[]): Buffer =>
  Buffer.from(
    `# frontend ${SECURE}: a note\r
.notice "by another controller"\r
global # the process\r
\tstats socket "${lab.base}/${LOAD_BALANCER}.sock" mode 600 level 'admin' expose-fd listeners\r
\tdescription Gr\xf6\xdfe\\ 1\r
\tmaxconn 100\r
\r
  peers \\x70eople\r
\tpeer "${peerName(AMPHORA_ID)}" 127.0.0.1:1025\r
defaults web\r
\tmode http\r
\ttimeout connect 1s\r
\ttimeout client 5s\r
\ttimeout server 5s\r
defaults bytes\r
\tmode tcp\r
  frontend "${LISTENER}" from web # plain\r
\tbind 127.0.0.1:8080 # not ssl\r
\tdefault_backend '${POOL}':${LISTENER}\r
\tfrontend ${SECURE} from web\r
\tbind 127.0.0.1:8443  ssl crt-list '${list}' alpn "h2,http/1.1"\r
backend ${POOL}:${SECURE} from web\r
backend "${POOL}:${LISTENER}" from web\r
\tstick-table type ip peers people size 10k # shared\r
\tstick on src if { src 127.0.0.0/8 }\r
${servers.map((server) => `\tserver ${server}\r\n`).join('')}`,
    'latin1',
  );

const upload = (servers: string[]) =>
  client.send('PUT', agentPaths.uploadHaproxy(AMPHORA_ID, LOAD_BALANCER), text(servers));
const act = async (action: 'start' | 'reload') =>
  (await client.send('PUT', agentPaths.loadBalancerAction(LOAD_BALANCER, action))).json().applied;
const fileOf = (name: string): string => readFileSync(join(lab.base, LOAD_BALANCER, name), 'latin1');
const workers = (): Promise<number[]> => currentWorkers(join(lab.base, `${LOAD_BALANCER}.master.sock`), 2_000);
const listeners = async () =>
  ((await client.send('GET', '/1.0/listeners')).json() as unknown as { uuid: string; type: string }[]).map(
    ({ uuid, type }) => [uuid, type],
  );

test('it runs, and the agent knows what is in it', async () => {
  expect((await upload([`${MEMBER} 127.0.0.1:1`])).status).toBe(201);
  expect(await act('start')).toBe('start');
  expect(await listeners()).toEqual([
    [LISTENER, 'HTTP'],
    [SECURE, 'TERMINATED_HTTPS'],
  ]);
  expect((await client.send('GET', agentPaths.sessions(LOAD_BALANCER))).json()).toMatchObject({ kept: true });
});

test('what HAProxy runs with differs where the agent changes it, and nowhere else', () => {
  const [sent, running] = [fileOf('haproxy.cfg').split('\n'), fileOf('running.cfg').split('\n')];
  expect(sent.filter((line) => !running.includes(line)).map((line) => line.trim().split(' ')[0])).toEqual([
    'bind',
    'stick-table',
    'stick',
  ]);
  expect(running).toContain(`    table ${POOL}:${LISTENER} type ip size 10k`);
  expect(running).toContain(`\tstick on src table people/${POOL}:${LISTENER} if { src 127.0.0.0/8 }\r`);
  expect(running.find((line) => line.includes('alpn'))).toMatch(
    / {2}ssl crt-list \S+\/certificates-[ab]\/\S+\.list alpn "h2/,
  );
});

test('a member more needs no reload, nor does another spelling', async () => {
  const before = await workers();
  await upload([`"${MEMBER}" '127.0.0.1':1 # first`, 'second\t127.0.0.1:"2" # more']);
  expect(await act('reload')).toBe('runtime');
  expect(await workers()).toEqual(before);
});

test('a listener goes, and not a byte else', async () => {
  expect((await client.send('DELETE', `/1.0/listeners/${SECURE}`)).status).toBe(200);
  const left = text([`"${MEMBER}" '127.0.0.1':1 # first`, 'second\t127.0.0.1:"2" # more'])
    .toString('latin1')
    .replace(/\tfrontend .*?(?=backend ")/s, '');
  expect(fileOf('haproxy.cfg')).toBe(left);
  expect(await listeners()).toEqual([[LISTENER, 'HTTP']]);
});
