/** The agent with a real HAProxy and real interfaces: what it promises the controller and the tenants. */
import type { ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { agentPaths } from '@octavia/protocol/agent-api';
import { decodeHeartbeat, type HeartbeatMessage } from '@octavia/protocol/heartbeat';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { endChild } from '../../../test/kit/children.ts';
import { freePort } from '../../../test/kit/free-port.ts';
import { until } from '../../../test/kit/until.ts';
import type { AgentClient } from './support/agent-client.ts';
import { AMPHORA_ID, AmphoraLab } from './support/amphora-lab.ts';
import { configuration, LISTENER, LOAD_BALANCER, MEMBER, POOL } from './support/configurations.ts';

const KEY = 'heartbeat key of the test';
const VIP = '10.77.0.10';
const MEMBER_SERVER = `
const { createServer } = require('node:http');
const [name, address] = process.argv.slice(1);
createServer((q, r) => r.end(name + ' ' + q.socket.remoteAddress)).listen(8080, address, () => console.log('ready'));`;
const GET = `
require('node:http').get(process.argv[1], (r) => { let t = ''; r.on('data', (c) => t += c); r.on('end', () => console.log(r.statusCode + ' ' + t)); })
  .on('error', (e) => console.log('error ' + e.code));`;

const lab = new AmphoraLab();
const receiver = createSocket('udp4');
const heartbeats: { at: number; message: HeartbeatMessage }[] = [];
let client: AgentClient;
let memberServer: ChildProcess;

async function startMember(name: string): Promise<void> {
  memberServer = lab.spawnInTestbed(process.execPath, '-e', MEMBER_SERVER, name, '10.78.0.20');
  await new Promise((resolve) => memberServer.stdout?.once('data', resolve));
}

const stopMember = () => endChild(memberServer);

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const lastBeat = (): HeartbeatMessage | undefined => heartbeats.at(-1)?.message;
/** Until one more has come, with everything that happened so far. They come every five seconds, and after changes. */
async function nextBeat(): Promise<void> {
  const count = heartbeats.length;
  await until('a heartbeat', () => heartbeats.length > count);
}
const member = (): string | undefined => lastBeat()?.pools[`${POOL}:${LISTENER}`]?.members[MEMBER];

async function get(url: string): Promise<string> {
  const child = lab.spawnInTestbed(process.execPath, '-e', GET, url);
  let text = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  await new Promise((resolve) => child.once('close', resolve));
  return text.trim();
}

const config = (bind: string, extra = '', options = 'check inter 200ms fall 2 rise 1'): string =>
  configuration({
    base: lab.base,
    bind,
    members: [{ id: MEMBER, address: '10.78.0.20:8080', options }],
    extra,
  });

const upload = (text: string) => client.send('PUT', agentPaths.uploadHaproxy(AMPHORA_ID, LOAD_BALANCER), text);
const act = (action: 'start' | 'stop' | 'reload') =>
  client.send('PUT', agentPaths.loadBalancerAction(LOAD_BALANCER, action));
const masterPid = (): string => readFileSync(join(lab.base, LOAD_BALANCER, `${LOAD_BALANCER}.pid`), 'utf8').trim();

let vipMac = '';
let memberMac = '';
const vipRequest = () => ({
  subnet_cidr: '10.77.0.0/24',
  gateway: '10.77.0.1',
  mac_address: vipMac,
  mtu: 1400,
  host_routes: [{ destination: '10.99.0.0/16', nexthop: '10.77.0.9' }],
  additional_vips: [{ ip_address: 'fd77::10', subnet_cidr: 'fd77::/64' }],
});

beforeAll(async () => {
  const port = await freePort();
  await new Promise<void>((resolve) => receiver.bind(port, '127.0.0.1', resolve));
  receiver.on('message', (datagram) => {
    heartbeats.push({ at: Date.now(), message: decodeHeartbeat(datagram, KEY) });
  });
  await lab.create({ port, interval: 5, key: KEY });
  vipMac = lab.plugCable(['10.77.0.1/24', 'fd77::1/64']);
  memberMac = lab.plugCable(['10.78.0.20/24']);
  await startMember('member-a');
  await lab.startAgent();
  client = lab.client();
});

afterAll(async () => {
  receiver.close();
  client?.close();
  await lab.destroy();
});

describe('before any configuration', () => {
  test('heartbeats flow and are empty', async () => {
    const message = await until('a heartbeat', lastBeat);
    expect(message).toMatchObject({ id: AMPHORA_ID, ver: 3, listeners: {}, pools: {} });
  });

  test('starting an unknown load balancer is 404', async () => {
    const answer = await act('start');
    expect(answer.status).toBe(404);
    expect(answer.json()).toEqual({
      message: 'Listener Not Found',
      details: `No loadbalancer with UUID: ${LOAD_BALANCER}`,
    });
  });
});

describe('plugging', () => {
  test('an unknown MAC address is 404', async () => {
    const request = { ...vipRequest(), mac_address: '02:00:00:00:00:99' };
    const answer = await client.send('POST', agentPaths.plugVip(VIP), request);
    expect(answer.status).toBe(404);
    expect(answer.json().message).toBe('No suitable network interface found');
  });

  test('the VIP interface is moved, named, addressed and routed; again changes nothing', async () => {
    for (let round = 0; round < 2; round += 1) {
      const answer = await client.send('POST', agentPaths.plugVip(VIP), vipRequest());
      expect(answer.text).toBe(JSON.stringify({ message: 'OK', details: `VIP ${VIP} plugged on interface eth1` }));
      expect(answer.status).toBe(202);
      const link = lab.traffic('ip', 'address', 'show', 'dev', 'eth1');
      expect(link).toContain('mtu 1400');
      expect(link).toContain(`inet ${VIP}/24`);
      expect(link).toContain('inet6 fd77::10/64');
      expect(link).not.toMatch(/scope global[^\n]*tentative/);
      const routes = lab.traffic('ip', 'route');
      expect(routes).toContain('default via 10.77.0.1 dev eth1');
      expect(routes).toContain('10.99.0.0/16 via 10.77.0.9 dev eth1');
      expect(lab.traffic('ip', 'route', 'show', 'table', '1')).toContain('default via 10.77.0.1');
      expect(lab.traffic('ip', 'rule').match(new RegExp(`from ${VIP} lookup 1`, 'g'))).toHaveLength(1);
    }
  });

  test('a re-plug removes what is no longer wanted', async () => {
    const answer = await client.send('POST', agentPaths.plugVip(VIP), { ...vipRequest(), host_routes: [] });
    expect(answer.status).toBe(202);
    expect(lab.traffic('ip', 'route')).not.toContain('10.99.0.0/16');
  });

  test('neighbours that knew another owner of the addresses learn the new one', async () => {
    const stale = '02:00:00:00:00:ff';
    for (const address of [VIP, 'fd77::10']) {
      lab.inTestbed('ip', 'neigh', 'replace', address, 'lladdr', stale, 'dev', 'far1', 'nud', 'reachable');
    }
    expect((await client.send('POST', agentPaths.plugVip(VIP), vipRequest())).status).toBe(202);
    await until('both entries follow', () => !lab.inTestbed('ip', 'neigh').includes(stale));
    expect(lab.inTestbed('ip', 'neigh', 'show', VIP, 'dev', 'far1')).toContain(vipMac);
  });

  test('a member network is plugged beside it, with and without trailing slash', async () => {
    const request = {
      mac_address: memberMac.toUpperCase(),
      mtu: 1450,
      fixed_ips: [{ ip_address: '10.78.0.5', subnet_cidr: '10.78.0.0/24', host_routes: [] }],
    };
    for (const path of ['/1.0/plug/network', '/1.0/plug/network/']) {
      const answer = await client.send('POST', path, request);
      expect(answer.text).toBe(JSON.stringify({ message: 'OK', details: 'Plugged interface eth2' }));
      expect(answer.status).toBe(202);
    }
    expect(lab.traffic('ip', 'address', 'show', 'dev', 'eth2')).toContain('inet 10.78.0.5/24');
  });

  test('the interface of an address is found', async () => {
    expect((await client.send('GET', agentPaths.interface(VIP))).json()).toEqual({ message: 'OK', interface: 'eth1' });
    const long = agentPaths.interface('FD77:0:0:0:0:0:0:10');
    expect((await client.send('GET', long)).json()).toEqual({ message: 'OK', interface: 'eth1' });
    const unknown = await client.send('GET', agentPaths.interface('10.1.2.3'));
    expect([unknown.status, unknown.json().message]).toEqual([404, 'Error interface not found for IP address']);
    const bad = await client.send('GET', agentPaths.interface('10.1.2'));
    expect([bad.status, bad.json().message]).toEqual([400, 'Bad IP address version']);
  });

  test('the state file is private', () => {
    expect(statSync(join(lab.base, 'agent-state.json')).mode & 0o777).toBe(0o600);
  });
});

describe('configuration and HAProxy', () => {
  test('a configuration HAProxy refuses leaves no trace', async () => {
    const answer = await upload('global\n\nBAD_LINE here\n');
    expect(answer.status).toBe(400);
    expect(answer.json().message).toBe('Invalid request');
    expect(answer.json().details).toContain("parsing [haproxy.cfg:3] : unknown keyword 'BAD_LINE'");
    expect((await client.send('GET', agentPaths.getHaproxy(LOAD_BALANCER))).status).toBe(404);
    expect((await client.send('GET', agentPaths.listeners())).json()).toEqual([]);
  });

  test('upload, then start: traffic flows', async () => {
    const text = config(`${VIP}:80`);
    const uploaded = await upload(text);
    expect(uploaded.status).toBe(201);
    expect(uploaded.json()).toMatchObject({ message: 'OK', uploaded: sha256(text), running: null });
    const listeners = await client.send('GET', agentPaths.listeners());
    expect(listeners.json()).toEqual([{ status: 'STOPPED', uuid: LISTENER, type: 'HTTP' }]);
    const started = await act('start');
    expect(started.status).toBe(202);
    expect(started.json()).toEqual({
      message: 'OK',
      details: `Configuration file is valid\nhaproxy daemon for ${LOAD_BALANCER} started`,
      applied: 'start',
    });
    expect(await get(`http://${VIP}/`)).toBe('200 member-a 10.78.0.5');
    expect((await upload(text)).json().running).toBe(sha256(text));
    expect((await client.send('GET', agentPaths.getHaproxy(LOAD_BALANCER))).text).toBe(text);
  });

  test('HAProxy does not inherit what keeps the agent small', () => {
    const environment = lab.inside('cat', `/proc/${masterPid()}/environ`);
    expect(environment).toContain('PATH=');
    expect(environment).not.toContain('MALLOC_');
  });

  test('a refused configuration leaves the stored one', async () => {
    const before = (await client.send('GET', agentPaths.getHaproxy(LOAD_BALANCER))).text;
    expect((await upload('frontend x\n  bind nonsense\n')).status).toBe(400);
    expect((await client.send('GET', agentPaths.getHaproxy(LOAD_BALANCER))).text).toBe(before);
  });

  test('details tell what is served', async () => {
    const details = (await client.send('GET', agentPaths.details())).json();
    expect(details).toMatchObject({ uuid: AMPHORA_ID, active: true, haproxy_count: 1, listeners: [LISTENER] });
    expect(Object.keys(details.networks as object)).toEqual(['eth1', 'eth2']);
  });

  test('reload keeps serving, the answer comes when the new configuration serves', async () => {
    const pid = masterPid();
    const text = config(`${VIP}:80`, '    http-response set-header x 1').replace(
      `bind ${VIP}:80`,
      `bind ${VIP}:80\n    bind ${VIP}:81`,
    );
    expect((await upload(text)).json().running).not.toBe(sha256(text));
    const results: Promise<string>[] = [];
    for (let i = 0; i < 5; i += 1) results.push(get(`http://${VIP}/`));
    const answer = await act('reload');
    expect(answer.status).toBe(202);
    expect(await get(`http://${VIP}:81/`)).toContain('200 member-a');
    for (const result of await Promise.all(results)) expect(result).toContain('200 member-a');
    expect(answer.json().applied).toBe('reload');
    expect((await upload(text)).json().running).toBe(sha256(text));
    expect(masterPid()).toBe(pid);
  });

  test('a member more needs no reload, and the answer says so', async () => {
    const text = (await client.send('GET', agentPaths.getHaproxy(LOAD_BALANCER))).text;
    const more = text.replace(/^( *server )\S+( .*)$/m, (line, before, after) => `${line}\n${before}another${after}`);
    expect(more).not.toBe(text);
    await upload(more);
    expect((await act('reload')).json().applied).toBe('runtime');
    expect((await upload(more)).json().running).toBe(sha256(more));
    await upload(text);
    expect((await act('reload')).json().applied).toBe('runtime');
    // The very same configuration: somebody wants a reload.
    expect((await act('reload')).json().applied).toBe('reload');
  });

  test('an address that cannot be bound: 500, the old configuration keeps serving', async () => {
    const before = (await upload(config(`${VIP}:80`))).json();
    const good = await act('reload');
    expect([before.message, good.status]).toEqual(['OK', 202]);
    await upload(config('10.200.0.1:80'));
    const answer = await act('reload');
    expect(answer.status).toBe(500);
    expect(answer.json().message).toBe('Error reload_config haproxy');
    expect(answer.json().details).toContain('cannot bind socket');
    expect(await get(`http://${VIP}/`)).toContain('200 member-a');
    const again = (await upload(config(`${VIP}:80`))).json();
    expect(again.running).toBe(again.uploaded);
    expect((await act('start')).status).toBe(202);
  });

  test('an unknown action is 400', async () => {
    const answer = await client.send('PUT', `/1.0/loadbalancer/${LOAD_BALANCER}/explode`);
    expect([answer.status, answer.json()]).toEqual([
      400,
      { message: 'Invalid Request', details: 'Unknown action: explode' },
    ]);
  });
});

describe('heartbeats', () => {
  test('report listener, pool, member and traffic as differences', async () => {
    await until('member UP', () => member() === 'UP');
    expect(lastBeat()?.listeners[LISTENER]?.status).toBe('OPEN');
    expect(lastBeat()?.pools[`${POOL}:${LISTENER}`]?.status).toBe('UP');
    const total = (): number =>
      heartbeats.reduce((sum, { message }) => sum + (message.listeners[LISTENER]?.stats.totconns ?? 0), 0);
    await nextBeat();
    const before = total();
    for (let i = 0; i < 4; i += 1) await get(`http://${VIP}/`);
    await until('four connections counted', () => total() - before === 4);
  });

  test('a member that dies is reported at once', async () => {
    // Right after a regular beat, so that the next regular one is about five seconds away.
    await nextBeat();
    await stopMember();
    await until('member DOWN', () => member() === 'DOWN', 4_000);
    await startMember('member-a');
    await until('member UP', () => member() === 'UP', 4_000);
  });

  test('a hung HAProxy does not stop them; its listener is not reported', async () => {
    const pid = Number(masterPid());
    const worker = lab.inside('pgrep', '-P', String(pid)).trim();
    lab.inside('kill', '-STOP', worker);
    try {
      await until('a beat without the listener', () => lastBeat()?.listeners[LISTENER] === undefined, 10_000);
    } finally {
      lab.inside('kill', '-CONT', worker);
    }
    await until('the listener is back', () => lastBeat()?.listeners[LISTENER]?.status === 'OPEN', 10_000);
  });
});

describe('restarts', () => {
  test('an agent that is killed leaves HAProxy serving and adopts it; no count is lost or repeated', async () => {
    const total = (): number =>
      heartbeats.reduce((sum, { message }) => sum + (message.listeners[LISTENER]?.stats.totconns ?? 0), 0);
    await nextBeat();
    const before = total();
    const pid = masterPid();
    await get(`http://${VIP}/`);
    await lab.stopAgent('SIGKILL');
    await get(`http://${VIP}/`);
    expect(await get(`http://${VIP}/`)).toContain('200 member-a');
    await lab.startAgent();
    expect(masterPid()).toBe(pid);
    await until('three connections counted', () => total() - before === 3);
    const text = config(`${VIP}:80`);
    expect((await upload(text)).json().running).toBe(sha256(text));
    expect((await act('reload')).status).toBe(202);
    expect(masterPid()).toBe(pid);
  });

  test('a killed HAProxy comes back by itself', async () => {
    const pid = masterPid();
    lab.inside('kill', '-KILL', pid);
    await until(
      'a new master',
      () => existsSync(join(lab.base, LOAD_BALANCER, `${LOAD_BALANCER}.pid`)) && masterPid() !== pid,
    );
    await until('traffic', async () => (await get(`http://${VIP}/`)).includes('200 member-a'));
  });

  test('after a reboot everything is rebuilt without the controller, interfaces may come late', async () => {
    await stopMember();
    await lab.reboot();
    await lab.startAgent();
    await until('the agent wants to run it', async () =>
      (await client.send('GET', agentPaths.listeners())).text.includes('ERROR'),
    );
    lab.plugCable(['10.77.0.1/24'], vipMac);
    lab.plugCable(['10.78.0.20/24'], memberMac);
    await startMember('member-b');
    await until('traffic', async () => (await get(`http://${VIP}/`)).includes('200 member-b'), 20_000);
    // Members answer through the first one's gateway as well: the second may still be waited for.
    await until('both interfaces', () => /eth1.*eth2/s.test(lab.traffic('ip', '-o', 'link')), 40_000);
  });

  test('what was stopped stays stopped', async () => {
    const answer = await act('stop');
    expect([answer.status, answer.json().details]).toEqual([202, `haproxy daemon for ${LOAD_BALANCER} stopped`]);
    expect((await act('stop')).status).toBe(202);
    await lab.stopAgent('SIGTERM');
    await lab.startAgent();
    await sleep(1_500);
    expect((await client.send('GET', agentPaths.listeners())).json()).toEqual([
      { status: 'STOPPED', uuid: LISTENER, type: 'HTTP' },
    ]);
    expect(await get(`http://${VIP}/`)).toBe('error ECONNREFUSED');
  });

  test('deleting the last listener removes everything', async () => {
    expect((await act('start')).status).toBe(202);
    const answer = await client.send('DELETE', agentPaths.deleteListener(LISTENER));
    expect([answer.status, answer.json()]).toEqual([200, { message: 'OK' }]);
    expect(existsSync(join(lab.base, LOAD_BALANCER))).toBe(false);
    expect(existsSync(join(lab.base, `${LOAD_BALANCER}.sock`))).toBe(false);
    const again = await client.send('DELETE', agentPaths.deleteListener(LISTENER));
    expect([again.status, again.json()]).toEqual([
      404,
      { message: 'Listener Not Found', details: `No listener with UUID: ${LISTENER}` },
    ]);
  });
});
