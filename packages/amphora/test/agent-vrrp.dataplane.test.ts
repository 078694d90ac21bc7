/** keepalived under the agent: upload, control, supervision, and what is refused meanwhile. */
import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { agentPaths, type VrrpAction } from '@octavia/protocol/agent-api';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { until } from '../../../test/kit/until.ts';
import type { AgentClient } from './support/agent-client.ts';
import { AMPHORA_ID, AmphoraLab } from './support/amphora-lab.ts';
import { configuration, LISTENER, LOAD_BALANCER, MEMBER } from './support/configurations.ts';
import { keepalivedConfiguration } from './support/keepalived-configurations.ts';

const VIP = '10.77.0.10';
const VIP6 = 'fd77::10';
const lab = new AmphoraLab();
let client: AgentClient;
let mac = '';

/** Stands for keepalived; takes its time where a file says so. */
const wrapper = (): string => `#!/bin/sh
[ -e ${lab.folder}/slow ] && [ "$1" = --dont-fork ] && sleep 2
exec /usr/sbin/keepalived "$@"
`;

beforeAll(async () => {
  lab.keepalivedCmd = join(lab.folder, 'keepalived');
  writeFileSync(lab.keepalivedCmd, wrapper());
  chmodSync(lab.keepalivedCmd, 0o755);
  await lab.create();
  mac = lab.plugCable(['10.77.0.1/24', 'fd77::1/64']);
  await lab.startAgent();
  client = lab.client();
});
afterAll(async () => {
  client?.close();
  await lab.destroy();
});

const plugRequest = (): object => ({
  subnet_cidr: '10.77.0.0/24',
  gateway: '10.77.0.1',
  mac_address: mac,
  vrrp_ip: '10.77.0.21',
  keepalived: true,
  host_routes: [{ destination: '10.99.0.0/16', nexthop: '10.77.0.9' }],
  additional_vips: [{ ip_address: VIP6, subnet_cidr: 'fd77::/64', vrrp_ip: 'fd77::21' }],
});
const plug = () => client.send('POST', agentPaths.plugVip(VIP), plugRequest());
const text = (extra = ''): string =>
  keepalivedConfiguration({ base: lab.base, vips: [VIP, VIP6], own: '10.77.0.21', extra });
const upload = (body: string) => client.send('PUT', agentPaths.uploadVrrp(), body);
const act = (action: VrrpAction) => client.send('PUT', agentPaths.vrrpAction(action));
const addresses = (): string => lab.traffic('ip', 'address', 'show', 'dev', 'eth1');
const holds = (): boolean => addresses().includes(`${VIP}/32`) && addresses().includes(`${VIP6}/128`);
const pid = (): string => readFileSync(join(lab.base, 'vrrp', 'keepalived.pid'), 'utf8').trim();
const details = async () => (await client.send('GET', agentPaths.details())).json();

describe('before keepalived runs', () => {
  test('start without a configuration is 500', async () => {
    const answer = await act('start');
    const reason = 'no keepalived configuration was uploaded';
    expect([answer.status, answer.json()]).toEqual([
      500,
      { message: `Failed to start keepalived service: ${reason}`, details: reason },
    ]);
    expect((await details()).keepalived).toBeNull();
  });

  test('the interface gets its own addresses, not the VIPs', async () => {
    for (let round = 0; round < 2; round += 1) expect((await plug()).status).toBe(202);
    expect(addresses()).toContain('inet 10.77.0.21/24');
    expect(addresses()).toContain('inet6 fd77::21/64');
    expect(holds()).toBe(false);
    expect(lab.traffic('ip', 'rule')).not.toContain(VIP);
    expect(lab.traffic('ip', 'route', 'show', 'table', '1')).toContain('10.99.0.0/16 via 10.77.0.9');
    const answer = await client.send('GET', agentPaths.interface('10.77.0.21'));
    expect(answer.json()).toEqual({ message: 'OK', interface: 'eth1' });
    expect((await client.send('GET', agentPaths.interface(VIP))).status).toBe(404);
    expect((await details()).topology).toBe('ACTIVE-STANDBY');
  });

  test('HAProxy can bind VIPs that are elsewhere', async () => {
    const config = configuration({
      base: lab.base,
      bind: `${VIP}:80,[${VIP6}]:80`,
      members: [{ id: MEMBER, address: '10.77.0.1:8080' }],
    });
    expect((await client.send('PUT', agentPaths.uploadHaproxy(AMPHORA_ID, LOAD_BALANCER), config)).status).toBe(201);
    expect((await client.send('PUT', agentPaths.loadBalancerAction(LOAD_BALANCER, 'start'))).status).toBe(202);
  });

  test('a configuration keepalived refuses is 500 with its words and leaves no trace', async () => {
    const answer = await upload(text('no_such_word 1'));
    expect(answer.status).toBe(500);
    expect(answer.json().message).toBe('Failed to upload keepalived configuration.');
    expect(answer.json().details).toContain('no_such_word');
    expect((await details()).keepalived).toBeNull();
    expect(existsSync(join(lab.base, 'vrrp', 'candidate.conf'))).toBe(false);
  });
});

describe('keepalived', () => {
  test('is started, and puts the VIPs and their rules in place', async () => {
    const uploaded = await upload(text());
    expect([uploaded.status, uploaded.json()]).toEqual([
      200,
      { message: 'OK', uploaded: expect.stringMatching(/^[0-9a-f]{64}$/), running: null },
    ]);
    expect(statSync(join(lab.base, 'vrrp', 'octavia-keepalived.conf')).mode & 0o777).toBe(0o600);
    const answer = await act('start');
    expect([answer.status, answer.json()]).toEqual([202, { message: 'OK', details: 'keepalived started' }]);
    await until('the VIPs', holds);
    expect(lab.traffic('ip', 'rule')).toContain(`from ${VIP} lookup 1`);
    expect((await details()).active).toBe(true);
    expect((await upload(text())).json()).toMatchObject({ running: expect.stringMatching(/^[0-9a-f]{64}$/) });
  });

  test('keeps the VIPs when the interface is plugged once more', async () => {
    expect((await plug()).status).toBe(202);
    expect(holds()).toBe(true);
    expect(lab.traffic('ip', 'rule').match(new RegExp(`from ${VIP} lookup 1`, 'g'))).toHaveLength(1);
  });

  test('is reloaded with a new configuration, the VIPs stay', async () => {
    const before = pid();
    const uploaded = (await upload(text('garp_master_refresh 7'))).json();
    expect(uploaded.running).not.toBe(uploaded.uploaded);
    const answer = await act('reload');
    expect([answer.status, answer.json()]).toEqual([202, { message: 'OK', details: 'keepalived reloaded' }]);
    expect(holds()).toBe(true);
    expect(pid()).toBe(before);
    const again = (await upload(text('garp_master_refresh 7'))).json();
    expect(again.running).toBe(again.uploaded);
  });

  test('an unknown action is 400', async () => {
    const answer = await client.send('PUT', '/1.0/vrrp/explode');
    expect([answer.status, answer.json()]).toEqual([
      400,
      { message: 'Invalid Request', details: 'Unknown action: explode' },
    ]);
  });

  test('gives the VIPs up while HAProxy does not serve', async () => {
    const worker = lab.inside('pgrep', '-f', 'running.cfg').trim().split('\n').at(-1) ?? '';
    lab.inside('kill', '-STOP', worker);
    await until('the VIPs are gone', () => !holds(), 10_000);
    expect((await details()).active).toBe(false);
    lab.inside('kill', '-CONT', worker);
    await until('the VIPs are back', holds);
  });

  test('comes back when it dies, and the agent tells so', async () => {
    const before = pid();
    const restarts = ((await details()).keepalived as { restarts: number }).restarts;
    lab.inside('kill', '-KILL', before);
    await until('another one', async () => {
      const { keepalived } = (await details()) as { keepalived: { running: boolean; restarts: number } };
      return keepalived.running && keepalived.restarts === restarts + 1;
    });
    expect(pid()).not.toBe(before);
    await until('the VIPs', holds);
  });

  test('is there again after a reboot, without the controller', async () => {
    await lab.reboot();
    await lab.startAgent();
    mac = lab.plugCable(['10.77.0.1/24', 'fd77::1/64'], mac);
    await until('the VIPs', holds);
  });

  test('stopped stays stopped, and holds no VIP', async () => {
    for (let round = 0; round < 2; round += 1) {
      const answer = await act('stop');
      expect([answer.status, answer.json()]).toEqual([202, { message: 'OK', details: 'keepalived stopped' }]);
    }
    await sleep(1_500);
    expect(holds()).toBe(false);
    expect((await details()).keepalived).toMatchObject({ wanted: false, running: false });
  });
});

describe('while keepalived is being started', () => {
  test('every change answers 503, every question is answered', async () => {
    writeFileSync(join(lab.folder, 'slow'), '');
    const started = act('start');
    const other = lab.client();
    await until('the change is under way', async () => {
      return (await other.send('GET', agentPaths.details())).json().topology_status === 'TOPOLOGY-CHANGE';
    });
    const requests: [string, string, (string | object)?][] = [
      ['PUT', agentPaths.loadBalancerAction(LOAD_BALANCER, 'reload')],
      ['DELETE', agentPaths.deleteListener(LISTENER)],
      ['PUT', agentPaths.certificateFile(LOAD_BALANCER, 'a.pem'), 'x'],
      ['DELETE', agentPaths.certificateFile(LOAD_BALANCER, 'a.pem')],
      ['PUT', agentPaths.uploadHaproxy(AMPHORA_ID, LOAD_BALANCER), 'x'],
      ['POST', agentPaths.plugVip(VIP), plugRequest()],
      ['POST', agentPaths.plugNetwork(), { mac_address: mac }],
    ];
    const answers = await Promise.all(requests.map(([method, url, body]) => other.send(method, url, body)));
    for (const answer of answers) {
      expect([answer.status, answer.json()]).toEqual([503, { message: 'Topology transition in progress' }]);
    }
    expect((await other.send('GET', agentPaths.listeners())).status).toBe(200);
    other.close();
    expect((await started).status).toBe(202);
    expect((await client.send('PUT', agentPaths.loadBalancerAction(LOAD_BALANCER, 'reload'))).status).toBe(202);
  });
});

describe('commands that fail', () => {
  test('a plug is 500 with the words of the command', async () => {
    // No host can have that address.
    const host_routes = [{ destination: '10.99.0.0/16', nexthop: '224.0.0.1' }];
    const answer = await client.send('POST', agentPaths.plugVip(VIP), { ...plugRequest(), host_routes });
    expect([answer.status, answer.json().message]).toEqual([500, 'Error plugging VIP']);
    expect(answer.json().details).toContain('Nexthop has invalid gateway');
    const fixed_ips = [{ ip_address: '10.78.0.5', subnet_cidr: '10.78.0.0/24', host_routes }];
    const network = { mac_address: lab.plugCable(['10.78.0.1/24']), fixed_ips };
    const member = await client.send('POST', agentPaths.plugNetwork(), network);
    expect([member.status, member.json().message]).toEqual([500, 'Error plugging Port']);
  });

  test('an MTU too small for IPv6 is 400', async () => {
    const answer = await client.send('POST', agentPaths.plugVip(VIP), { ...plugRequest(), mtu: 1000 });
    const details = 'IPv6 needs an MTU of at least 1280';
    expect([answer.status, answer.json()]).toEqual([400, { message: 'Invalid subnet information', details }]);
  });

  test('a keepalived that cannot start is 500', async () => {
    expect((await act('stop')).status).toBe(202);
    writeFileSync(lab.keepalivedCmd, '#!/bin/sh\necho broken >&2\nexit 3\n');
    const answer = await act('start');
    expect(answer.status).toBe(500);
    expect(answer.json().message).toMatch(/^Failed to start keepalived service: keepalived ended with code 3\nbroken/);
  });
});

describe.runIf(!existsSync('/proc/net/ip_vs'))('UDP listeners on a kernel without IPVS', () => {
  test('are refused with the reason, and nothing is kept', async () => {
    const answer = await client.send('PUT', agentPaths.lvsListener(AMPHORA_ID, LISTENER), 'virtual_server');
    expect([answer.status, answer.json()]).toEqual([
      400,
      {
        message: 'UDP and SCTP listeners are not possible here',
        details: 'The kernel of this amphora has no IP Virtual Server (IPVS, module ip_vs)',
      },
    ]);
    expect((await client.send('GET', agentPaths.lvsListener(AMPHORA_ID, LISTENER))).status).toBe(404);
    expect(existsSync(join(lab.base, 'lvs', LISTENER))).toBe(false);
  });

  test('are known to be impossible beforehand', async () => {
    expect((await client.send('GET', agentPaths.info())).json().ipvs).toBe(false);
    expect(await details()).toMatchObject({ ipvs: false, lvs_listener_process_count: 0 });
  });

  test.each([
    [LISTENER, LISTENER, `This amphora is ${AMPHORA_ID}`],
    [AMPHORA_ID, '..', 'The listener id is not a UUID'],
  ])('of amphora %s and id %s are not even looked at', async (amphora, id, reason) => {
    const answer = await client.send('PUT', agentPaths.lvsListener(amphora, id), 'virtual_server');
    expect([answer.status, answer.json()]).toEqual([400, { message: 'Invalid request', details: reason }]);
  });

  test('the program that checks SCTP members is there all the same', () => {
    expect(statSync(join(lab.base, 'lvs', 'check', 'sctp')).mode & 0o777).toBe(0o755);
  });
});
