/** What an agent does when the certificates of a configuration change: seen by clients, by the next start, after a crash. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { agentPaths } from '@octavia/protocol/agent-api';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../../../test/kit/until.ts';
import { askSocket, currentWorkers } from '../src/haproxy/socket.ts';
import type { AgentClient } from './support/agent-client.ts';
import { AMPHORA_ID, AmphoraLab } from './support/amphora-lab.ts';
import { configuration, LISTENER, LOAD_BALANCER, MEMBER } from './support/configurations.ts';
import { type Issued, selfSigned } from './support/test-certificates.ts';

const lab = new AmphoraLab();
let client: AgentClient;
const issued: Issued[] = [];

beforeAll(async () => {
  await lab.create();
  await lab.startAgent();
  client = lab.client();
  for (const name of ['first', 'second', 'third', 'fourth']) {
    issued.push(selfSigned(lab.folder, name, ['www.test', `${name}.test`]));
  }
  issued.push(selfSigned(lab.folder, 'shop', ['shop.test']));
});
afterAll(async () => {
  client?.close();
  await lab.destroy();
});

const folder = (): string => join(lab.base, LOAD_BALANCER);
const uploads = (): string => join(lab.base, 'certs', LOAD_BALANCER);
const SHOP = 4;

async function putFile(content: string, kind?: 'ca' | 'crt-list'): Promise<string> {
  const name = `${createHash('sha1').update(content).digest('hex')}.pem`;
  const path = kind ? agentPaths.trustFile(LOAD_BALANCER, name, kind) : agentPaths.certificateFile(LOAD_BALANCER, name);
  expect((await client.send('PUT', path, content)).status).toBe(201);
  return join(uploads(), name);
}

interface Wanted {
  /** Where clients' certificates come from. */
  ca?: string;
  /** Another address to listen on. */
  alsoOn?: string;
}

/** Sends certificates and the configuration that names them, as the controller does. */
async function upload(pems: string[], { ca, alsoOn }: Wanted = {}): Promise<string> {
  const files: string[] = [];
  for (const pem of pems) files.push(await putFile(pem));
  const list = await putFile(files.map((file) => `${file}\n`).join(''), 'crt-list');
  const verify = ca === undefined ? '' : ` ca-file ${await putFile(ca, 'ca')} verify optional`;
  const tls = `ssl crt-list ${list}${verify}`;
  const bind = `127.0.0.1:8443 ${tls}${alsoOn === undefined ? '' : `\n    bind ${alsoOn} ${tls}`}`;
  const text = configuration({ base: lab.base, bind, members: [{ id: MEMBER, address: '127.0.0.1:1' }] });
  expect((await client.send('PUT', agentPaths.uploadHaproxy(AMPHORA_ID, LOAD_BALANCER), text)).status).toBe(201);
  return text;
}

async function activate(action: 'start' | 'reload' = 'reload'): Promise<unknown> {
  const answer = await client.send('PUT', agentPaths.loadBalancerAction(LOAD_BALANCER, action));
  return answer.status === 202 ? answer.json().applied : answer.status;
}

const pem = (index: number): string => issued[index]?.pem ?? '';

/** Number of the certificate that a client gets for a host. */
function presented(host = 'unknown.test'): number {
  const script = `echo | openssl s_client -connect 127.0.0.1:8443 -servername ${host} 2>/dev/null | openssl x509 -noout -fingerprint -sha256`;
  const fingerprint = lab.traffic('sh', '-c', script).trim().replace(/^.*=/, '');
  return issued.findIndex((one) => one.fingerprint === fingerprint);
}

const workers = (): Promise<number[]> => currentWorkers(join(lab.base, `${LOAD_BALANCER}.master.sock`), 2_000);

/** HAProxy dies; the agent starts it again from the files on its disk. */
async function killHaproxy(): Promise<void> {
  const pid = Number(readFileSync(join(folder(), `${LOAD_BALANCER}.pid`), 'utf8'));
  const [before] = await workers();
  lab.inside('sh', '-c', `kill -9 -${pid}`);
  await until('HAProxy is back', async () => !(await workers()).includes(before ?? 0) && presented() >= 0);
}

test('a renewed certificate is presented without a reload, and again after HAProxy has died', async () => {
  await upload([pem(0)]);
  expect(await activate('start')).toBe('start');
  expect(presented()).toBe(0);
  const before = await workers();
  const former = readdirSync(uploads());
  await upload([pem(1)]);
  expect(await activate()).toBe('runtime');
  expect([presented(), presented('second.test'), presented('first.test')]).toEqual([1, 1, 1]);
  expect(await workers()).toEqual(before);
  expect(await activate()).toBe('reload');
  expect(presented()).toBe(1);
  // The controller removes what no configuration names any more.
  for (const name of former) await client.send('DELETE', agentPaths.certificateFile(LOAD_BALANCER, name));
  await killHaproxy();
  expect(presented()).toBe(1);
});

test('one more name comes and goes without a reload', async () => {
  const before = await workers();
  await upload([pem(1), pem(SHOP)]);
  expect(await activate()).toBe('runtime');
  expect([presented(), presented('shop.test')]).toEqual([1, SHOP]);
  await upload([pem(1)]);
  expect(await activate()).toBe('runtime');
  expect(presented('shop.test')).toBe(1);
  expect(await workers()).toEqual(before);
});

test('only root reads what HAProxy is given, and one folder of it is kept', () => {
  const kept = readdirSync(folder()).filter((name) => name.startsWith('certificates-'));
  expect(kept).toHaveLength(1);
  const files = join(folder(), kept[0] ?? '');
  expect(readdirSync(files).sort()).toEqual([`${LISTENER}.0.pem`, `${LISTENER}.list`]);
  expect(statSync(files).mode & 0o777).toBe(0o700);
  for (const name of readdirSync(files)) expect(statSync(join(files, name)).mode & 0o777).toBe(0o600);
});

test('another authority of clients is a reload', async () => {
  const before = await workers();
  await upload([pem(1)], { ca: issued[SHOP]?.cert ?? '' });
  expect(await activate()).toBe('reload');
  await upload([pem(2)], { ca: issued[SHOP]?.cert ?? '' });
  expect(await activate()).toBe('runtime');
  expect(presented()).toBe(2);
  expect(await workers()).not.toEqual(before);
});

test('what HAProxy refuses on its socket comes with a reload', async () => {
  // More than the 16 kB that fit into one command.
  const long = pem(3) + (issued[SHOP]?.cert ?? '').repeat(30);
  await upload([long]);
  expect(await activate()).toBe('reload');
  expect(presented()).toBe(3);
});

test('a configuration that cannot be used leaves the certificates of before, on disk too', async () => {
  await upload([pem(0)]);
  await activate();
  expect(presented()).toBe(0);
  await upload([pem(2)], { alsoOn: '192.0.2.1:8443' });
  expect(await activate()).toBe(500);
  expect(presented()).toBe(0);
  await killHaproxy();
  expect(presented()).toBe(0);
  await upload([pem(1)]);
  expect(await activate()).toBe('runtime');
  expect(presented()).toBe(1);
});

test('an agent that dies before it tells HAProxy does so when it is asked again', async () => {
  await upload([pem(2)]);
  await lab.stopAgent('SIGKILL');
  expect(presented()).toBe(1);
  await lab.startAgent();
  const before = await workers();
  await upload([pem(2)]);
  expect(await activate()).toBe('runtime');
  expect(presented()).toBe(2);
  expect(await workers()).toEqual(before);
});

test('an agent that dies after it told HAProxy, before its disk knows, tells it again', async () => {
  const running = readFileSync(join(folder(), 'running.cfg'), 'utf8');
  const slot = /crt-list (\S+)\.list/.exec(running)?.[1] ?? '';
  await lab.stopAgent('SIGKILL');
  const ask = (command: string): Promise<string> => askSocket(join(lab.base, `${LOAD_BALANCER}.sock`), command, 2_000);
  await ask(`set ssl cert ${slot}.0.pem <<\n${pem(3).trim()}\n`);
  expect(await ask(`commit ssl cert ${slot}.0.pem`)).toContain('Success!');
  expect(presented()).toBe(3);
  await lab.startAgent();
  await upload([pem(3)]);
  expect(await activate()).toBe('runtime');
  await killHaproxy();
  expect(presented()).toBe(3);
});

test('a HAProxy that an older agent started is reloaded once, then told', async () => {
  const text = await upload([pem(3)]);
  await activate();
  await lab.powerOff();
  writeFileSync(join(folder(), 'running.cfg'), text);
  await lab.powerOn();
  await lab.startAgent();
  await until('it serves', () => presented() === 3);
  await upload([pem(0)]);
  expect(await activate()).toBe('reload');
  expect(presented()).toBe(0);
  await upload([pem(1)]);
  expect(await activate()).toBe('runtime');
  expect(presented()).toBe(1);
});

test('nothing of a key gets into the console', () => {
  const secrets = issued.flatMap((one) => one.pem.split('\n').filter((line) => line.length > 40));
  expect(secrets.filter((line) => lab.console.includes(line))).toEqual([]);
});
