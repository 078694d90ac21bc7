import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkHost } from '../../src/clouds/local-host/check.ts';
import type { LocalInstance } from '../../src/clouds/local-host/instance.ts';
import { openTestStore, type TestStore } from '../support/store.ts';
import { Rig } from './support/rig.ts';

let database: TestStore;
let rig: Rig;

beforeAll(async () => {
  database = await openTestStore();
  rig = new Rig(database.url);
});

afterAll(async () => {
  await rig?.close();
  await database?.close();
});

interface ShownLink {
  ifname: string;
  flags: string[];
  address: string;
  addr_info: { family: string; local: string; prefixlen: number }[];
}

const show = (device: string): ShownLink =>
  (JSON.parse(rig.run('ip', '-j', 'addr', 'show', 'dev', device)) as ShownLink[])[0] as ShownLink;

describe('the host', () => {
  it('has what the local cloud needs', async () => {
    expect(await checkHost()).toEqual([]);
  });
});

describe('the bridges of an instance', () => {
  it('carry the gateway addresses, have a carrier at once and no IPv6 address that the kernel chose', async () => {
    const controller = await rig.controller(rig.newStateDir());
    const instance = await controller.call<LocalInstance>('instance');
    await controller.call('bridges');
    for (const { bridge, subnet, ipv6Subnet } of Object.values(instance.networks)) {
      const { addr_info: addresses, flags } = show(bridge);
      expect(flags).toEqual(expect.arrayContaining(['UP', 'LOWER_UP']));
      expect(addresses).toEqual([
        expect.objectContaining({ local: subnet.gatewayIp, prefixlen: 22 }),
        ...(ipv6Subnet === null ? [] : [expect.objectContaining({ local: ipv6Subnet.gatewayIp, prefixlen: 64 })]),
      ]);
    }
    expect(rig.run('ip', 'route')).toContain(`unreachable ${instance.block} metric 4294967294`);
    expect(rig.run('ip', '-6', 'route')).toMatch(new RegExp(`unreachable ${instance.ipv6Block} .*metric 4294967294`));
    expect(rig.run('sysctl', '-n', 'net.ipv4.ip_forward', 'net.ipv6.conf.all.forwarding')).toBe('1\n1\n');
    await controller.call('removeBridges');
  });

  it('stay as they are when they are ensured again, and are mended when something is missing', async () => {
    const controller = await rig.controller(rig.newStateDir());
    await controller.call('bridges');
    const before = rig.run('ip', '-j', 'link', 'show');
    await controller.call('bridges');
    expect(rig.run('ip', '-j', 'link', 'show')).toBe(before);
    const { networks, block } = await controller.call<LocalInstance>('instance');
    rig.run('ip', 'addr', 'flush', 'dev', networks.public.bridge);
    rig.run('ip', 'link', 'delete', networks.private.bridge);
    rig.run('ip', 'route', 'delete', 'unreachable', block, 'metric', '4294967294');
    await controller.call('bridges');
    expect(show(networks.public.bridge).addr_info).toHaveLength(2);
    expect(show(networks.private.bridge).addr_info).toHaveLength(2);
    expect(rig.run('ip', 'route')).toContain(`unreachable ${block}`);
    await controller.call('removeBridges');
    await controller.call('removeBridges');
    expect(rig.linkNames().filter((name) => name.startsWith('o'))).toEqual([]);
    expect(rig.run('ip', 'route') + rig.run('ip', '-6', 'route')).not.toContain('unreachable');
  });

  it('keep their carrier when the last port goes', async () => {
    const controller = await rig.controller(rig.newStateDir());
    await controller.call('bridges');
    const { networks } = await controller.call<LocalInstance>('instance');
    rig.run('ip', 'link', 'add', 'port0', 'type', 'veth', 'peer', 'name', 'port1');
    rig.run('ip', 'link', 'set', 'port0', 'up', 'master', networks.public.bridge);
    rig.run('ip', 'link', 'delete', 'port0');
    await sleep(1200);
    expect(show(networks.public.bridge).flags).toContain('LOWER_UP');
    await controller.call('removeBridges');
  });
});

describe('the block of an instance', () => {
  it('is kept over restarts and avoids what the host already routes', async () => {
    const stateDir = rig.newStateDir();
    const first = await rig.controller(stateDir);
    const { block } = await first.call<LocalInstance>('instance');
    await first.kill();
    const second = await rig.controller(stateDir);
    expect((await second.call<LocalInstance>('instance')).block).toBe(block);
  });

  it('is refused with a sentence when something else took it meanwhile', async () => {
    const stateDir = rig.newStateDir();
    const controller = await rig.controller(stateDir);
    const { networks, block } = await controller.call<LocalInstance>('instance');
    rig.run('ip', 'link', 'add', 'other0', 'type', 'bridge');
    rig.run('ip', 'addr', 'add', `${networks.private.subnet.gatewayIp}/24`, 'dev', 'other0');
    await expect(controller.call('bridges')).rejects.toThrow(
      new RegExp(`${block}.* is now used by ${networks.private.subnet.gatewayIp}/24 \\(other0\\)`),
    );
    rig.run('ip', 'link', 'delete', 'other0');
    await controller.call('bridges');
    await controller.call('removeBridges');
  });

  it('is not shared with a copy of the state directory', async () => {
    const [stateDir, copy] = [rig.newStateDir(), rig.newStateDir()];
    const original = await rig.controller(stateDir);
    await original.call('bridges');
    const { tag, block } = await original.call<LocalInstance>('instance');
    await writeFile(join(copy, 'instance.json'), JSON.stringify({ tag, block, netns: rig.netns }));
    const copied = await rig.controller(copy);
    await expect(copied.call('bridges')).rejects.toThrow(`belongs to the instance in ${stateDir}`);
    await original.call('removeBridges');
  });
});
