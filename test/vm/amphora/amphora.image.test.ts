/** The image as a machine: boots by its own boot loader with a config drive, and is the same amphora after a reboot. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { agentPaths } from '@octavia/protocol/agent-api';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { AgentClient } from '../../../packages/amphora/test/support/agent-client.ts';
import { configuration, LOAD_BALANCER } from '../../../packages/amphora/test/support/configurations.ts';
import { freePort } from '../../kit/free-port.ts';
import { until } from '../../kit/until.ts';
import { AMPHORA_ID, agentAnswers, BOOT_PATIENCE_MS, makeIdentity } from './amphora.ts';
import { makeConfigDrive } from './config-drive.ts';
import { Machine, overlay } from './machine.ts';

const DISK = process.env.AMPHORA_DISK ?? '';
const VIP = '10.77.0.10';
const MAC = '52:54:00:00:00:02';
/** kB. Without KVM the figure is the same: it is of what runs, not of how fast. */
const MEMORY_BAR = 130_000;
const GROWN = '5G';
const COMMAND_MARK = 'RUNCMD-HERE';
const folder = mkdtempSync(join(tmpdir(), 'amphora-'));
const identity = makeIdentity(folder);
let machine: Machine;
let client: AgentClient;
let vipPort: number;

/** The configuration comes by Nova, the certificates in the user data, as `user_data_config_drive` has it. */
const { '/etc/octavia/amphora-agent.conf': agentConfiguration = '', ...certificates } = identity.files;
const userData = `#cloud-config
timezone: Europe/Berlin
write_files:
${Object.entries(certificates)
  .map(
    ([path, text]) =>
      `- {path: ${path}, permissions: '0600', encoding: b64, content: ${Buffer.from(text).toString('base64')}}`,
  )
  .join('\n')}
runcmd:
- systemctl restart rsyslog
- echo ${COMMAND_MARK} $(hostname) $(date +%Z) $(systemctl show -p SyslogFacility octavia-amphora-agent) > /dev/ttyS0
- echo DISK $(df -BM --output=size / | tail -1) $(ls /dev/shm /root | wc -l) > /dev/ttyS0
`;

beforeAll(async () => {
  const disk = join(folder, 'disk.qcow2');
  overlay(DISK, 'raw', disk, GROWN);
  const content = {
    metaData: { uuid: 'c0ffee00-0000-4000-8000-000000000001', hostname: 'amphora-test.novalocal' },
    files: { '/etc/octavia/amphora-agent.conf': agentConfiguration },
    userData,
  };
  vipPort = await freePort();
  const agentPort = await freePort();
  machine = new Machine({
    disk,
    format: 'qcow2',
    configDrive: { file: makeConfigDrive(folder, 'iso9660', content), kind: 'iso9660' },
    folder,
    agentPort,
    memory: 1024,
    more: ['-netdev', `user,id=tenant,restrict=on,net=10.77.0.0/24,hostfwd=tcp:127.0.0.1:${vipPort}-${VIP}:80`],
  });
  await machine.start();
  client = identity.connect(agentPort);
}, BOOT_PATIENCE_MS);

afterAll(async () => {
  client?.close();
  await machine?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const serves = async (): Promise<number> =>
  (await fetch(`http://127.0.0.1:${vipPort}/`, { signal: AbortSignal.timeout(20_000) })).status;

test('the agent answers after the first boot, and the drive was read', async () => {
  const seconds = await agentAnswers(machine, client);
  process.stdout.write(`power-on to the answer of the agent: ${seconds.toFixed(1)} s\n`);
  expect((await client.send('GET', agentPaths.info())).json()).toMatchObject({
    uuid: AMPHORA_ID,
    hostname: 'amphora-test',
    ipvs: true,
  });
  const said = await until(
    'the commands',
    () => new RegExp(`${COMMAND_MARK} .*`).exec(machine.serial)?.[0],
    BOOT_PATIENCE_MS,
  );
  expect(said.trim()).toBe(`${COMMAND_MARK} amphora-test CET SyslogFacility=19`);
});

test('a VIP that is plugged while it runs is served', async () => {
  await machine.tell('device_add', { driver: 'virtio-net-pci', id: 'vip', netdev: 'tenant', mac: MAC });
  const plugged = await until(
    'the interface',
    async () => {
      const body = { subnet_cidr: '10.77.0.0/24', gateway: '10.77.0.2', mac_address: MAC, vrrp_ip: '10.77.0.21' };
      const answer = await client.send('POST', agentPaths.plugVip(VIP), body);
      return answer.status === 404 ? null : answer;
    },
    BOOT_PATIENCE_MS,
  );
  expect(plugged).toMatchObject({ status: 202 });
  const text = configuration({ base: '/var/lib/octavia', bind: `${VIP}:80`, members: [] });
  expect(await client.send('PUT', agentPaths.uploadHaproxy(AMPHORA_ID, LOAD_BALANCER), text)).toMatchObject({
    status: 201,
  });
  expect(await client.send('PUT', agentPaths.loadBalancerAction(LOAD_BALANCER, 'start'))).toMatchObject({
    status: 202,
  });
  // HAProxy answers: there is no member.
  expect(await until('HAProxy', serves, BOOT_PATIENCE_MS)).toBe(503);
});

test('at rest it needs little memory, and has the whole disk', async () => {
  const { memory, disk } = (await client.send('GET', agentPaths.details())).json() as {
    memory: { total: number; available: number };
    disk: { used: number; available: number };
  };
  const used = memory.total - memory.available;
  process.stdout.write(`memory with HAProxy and agent at rest: ${(used / 1000).toFixed(0)} MB\n`);
  expect(used).toBeLessThan(MEMORY_BAR);
  // Of 5 GB, kB.
  expect(disk.used + disk.available).toBeGreaterThan(4_500_000);
});

test('after a reboot it serves what it served, and no other interface got an address', async () => {
  const before = machine.serial.length;
  await machine.reset();
  expect(await until('HAProxy', serves, BOOT_PATIENCE_MS)).toBe(503);
  const found = await client.send('GET', agentPaths.interface(VIP));
  expect(found).toMatchObject({ status: 200 });
  expect(machine.serial.slice(before)).not.toContain(COMMAND_MARK);
});

test('the power button switches it off', async () => {
  await machine.tell('system_powerdown');
  await machine.ended();
});
