import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ComputeInstance } from '../../src/clouds/compute/interface.ts';
import { hostInterface, type LocalInstance } from '../../src/clouds/local-host/instance.ts';
import type { Port } from '../../src/clouds/network/interface.ts';
import { openTestStore, type TestStore } from '../support/store.ts';
import { type Controller, Rig } from './support/rig.ts';

interface AgentAnswer {
  conf: string;
  starts: number;
  links: { ifname: string; address: string; flags: string[] }[];
  hostname: string;
}

let database: TestStore;
let rig: Rig;
let stateDir: string;
let controller: Controller;
let instance: LocalInstance;

async function start(directory: string, agentBundle?: string): Promise<Controller> {
  const started = await rig.controller(directory, agentBundle);
  await started.call('bridges');
  await started.call('bootstrap');
  return started;
}

const privatePort = (owner: Controller, on: LocalInstance, name: string): Promise<Port> =>
  owner.call<Port>('createPort', {
    name,
    networkId: on.networks.private.id,
    fixedIps: [{ subnetId: on.networks.private.subnet.id }],
    deviceId: '',
    deviceOwner: 'Octavia',
  });

const vethsOf = (on: LocalInstance): string[] =>
  rig.linkNames().filter((name) => new RegExp(`^o${on.tag}[0-9a-f]{8}$`).test(name));

/** bwrap outside and bwrap inside: the two processes that one sandbox shows on its command line. */
const PROCESSES_OF_ONE_SANDBOX = 2;

async function expectNothingOf(id: string): Promise<void> {
  expect(rig.processesWith(id)).toEqual([]);
  expect(existsSync(join(stateDir, 'amphorae', id))).toBe(false);
  expect(await controller.call<Port[]>('listPorts', `octavia-mgmt-${id}`)).toEqual([]);
  expect(await controller.call('get', id)).toBeNull();
}

beforeAll(async () => {
  database = await openTestStore();
  rig = new Rig(database.url);
  stateDir = rig.newStateDir();
  controller = await start(stateDir);
  instance = await controller.call<LocalInstance>('instance');
});

afterAll(async () => {
  await rig?.close();
  await database?.close();
});

describe('an instance', () => {
  const id = randomUUID();
  let built: ComputeInstance;

  it('is built in well under a second and answers on the management network', async () => {
    const { value, ms } = await controller.time<ComputeInstance>('build', id);
    built = value;
    expect(built).toMatchObject({ id, name: `amphora-${id}`, status: 'ACTIVE', fault: null });
    expect(built).toMatchObject({ imageId: expect.any(String), flavor: 'm1.amphora', zone: 'rack-1' });
    expect(ms).toBeLessThan(1000);
    const answer = await controller.call<AgentAnswer>('ask', built.lbNetworkIp);
    expect(answer).toMatchObject({ conf: `conf of ${id}`, starts: 1, hostname: `amphora-${id}` });
  });

  it('keeps its private key readable by root alone', () => {
    const file = join(stateDir, 'amphorae', id, 'etc/certs/server.pem');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(join(stateDir, 'amphorae', id)).mode & 0o777).toBe(0o700);
  });

  it('is adopted when it is built again', async () => {
    expect(await controller.call('build', id)).toEqual(built);
    expect(rig.processesWith(id)).toHaveLength(PROCESSES_OF_ONE_SANDBOX);
    expect((await controller.call<AgentAnswer>('ask', built.lbNetworkIp)).starts).toBe(1);
  });

  it('gets a port as an interface with its MAC, down, on the bridge of its network', async () => {
    const port = await privatePort(controller, instance, `port-of-${id}`);
    await controller.call('attach', id, port);
    await controller.call('attach', id, port);
    const { links } = await controller.call<AgentAnswer>('ask', built.lbNetworkIp);
    const [inner] = links.filter((link) => link.address === port.macAddress);
    expect(inner?.flags).not.toContain('UP');
    const outer = JSON.parse(rig.run('ip', '-j', 'link', 'show', 'master', instance.networks.private.bridge));
    expect(outer).toContainEqual(expect.objectContaining({ ifname: hostInterface(instance.tag, port.id) }));
    await controller.call('detach', id, port.id);
    await controller.call('detach', id, port.id);
    const after = await controller.call<AgentAnswer>('ask', built.lbNetworkIp);
    expect(after.links.map((link) => link.address)).not.toContain(port.macAddress);
  });

  it('outlives its controller', async () => {
    await controller.kill();
    controller = await start(stateDir);
    expect(await controller.call('get', id)).toEqual(built);
    await controller.call('recover');
    expect((await controller.call<AgentAnswer>('ask', built.lbNetworkIp)).starts).toBe(1);
  });

  it('is booted again with its files, state and ports when its sandbox died', async () => {
    const port = await privatePort(controller, instance, `second-port-of-${id}`);
    await controller.call('attach', id, port);
    const [victim] = await rig.sandboxes(stateDir);
    process.kill(victim?.pid ?? Number.NaN, 'SIGKILL');
    await sleep(100);
    for (const left of rig.processesWith(id)) process.kill(left, 'SIGKILL');
    await sleep(100);
    expect(await controller.call('get', id)).toMatchObject({ status: 'ERROR' });
    expect(await controller.call('recover')).toEqual([]);
    expect(await controller.call('get', id)).toEqual(built);
    const answer = await controller.call<AgentAnswer>('ask', built.lbNetworkIp);
    expect(answer.starts).toBe(2);
    expect(answer.links.map((link) => link.address)).toContain(port.macAddress);
    expect(rig.processesWith(id)).toHaveLength(PROCESSES_OF_ONE_SANDBOX);
  });

  it('keeps its files through a stop and boots at the next start', async () => {
    await controller.call('stopAll');
    expect(rig.processesWith(id)).toEqual([]);
    expect(vethsOf(instance)).toEqual([]);
    expect(await controller.call('get', id)).toMatchObject({ status: 'STOPPED' });
    await controller.call('removeBridges');
    await controller.call('bridges');
    expect(await controller.call('recover')).toEqual([]);
    expect(await controller.call('get', id)).toEqual(built);
    expect((await controller.call<AgentAnswer>('ask', built.lbNetworkIp)).starts).toBe(3);
  });

  it('leaves nothing when it is deleted, also when that is repeated', async () => {
    await controller.call('delete', id);
    await controller.call('delete', id);
    await expectNothingOf(id);
    expect(vethsOf(instance)).toEqual([]);
    expect(await controller.call('list')).toEqual([]);
  });
});

describe('a controller killed while it builds', () => {
  it.each([1, 5, 9, 13, 17, 21, 26, 32, 40, 60])(
    'after %d ms leaves something that building again makes whole',
    async (ms) => {
      const id = randomUUID();
      controller.send('build', id);
      await sleep(ms);
      await controller.kill();
      controller = await start(stateDir);
      const built = await controller.call<ComputeInstance>('build', id);
      expect(built.status).toBe('ACTIVE');
      expect((await controller.call<AgentAnswer>('ask', built.lbNetworkIp)).conf).toBe(`conf of ${id}`);
      expect(rig.processesWith(`${stateDir}/amphorae/`)).toHaveLength(PROCESSES_OF_ONE_SANDBOX);
      expect(vethsOf(instance)).toHaveLength(1);
      await controller.call('delete', id);
      await expectNothingOf(id);
      expect(vethsOf(instance)).toEqual([]);
    },
  );

  it.each([7, 19, 30])('after %d ms leaves something that can be deleted at once', async (ms) => {
    const id = randomUUID();
    controller.send('build', id);
    await sleep(ms);
    await controller.kill();
    controller = await start(stateDir);
    await controller.call('recover');
    await controller.call('delete', id);
    await expectNothingOf(id);
    expect(vethsOf(instance)).toEqual([]);
  });
});

describe('a build that fails', () => {
  it('refuses an id that is no name of a directory', async () => {
    await expect(controller.call('build', '../escape')).rejects.toThrow('is not a compute instance id');
  });

  it('says what is missing, leaves no process and no interface, and can be repeated', async () => {
    const id = randomUUID();
    const other = await start(rig.newStateDir());
    await other.call('removeBridges');
    await expect(other.call('build', id)).rejects.toThrow(/could not be built: .*o[0-9a-f]{6}mgt/);
    expect(rig.processesWith(id)).toEqual([]);
    await other.call('bridges');
    expect(await other.call('build', id)).toMatchObject({ status: 'ACTIVE' });
    await other.call('purgeAll');
    await other.call('removeBridges');
  });

  it('gives the words of bubblewrap when the sandbox cannot be made', async () => {
    const id = randomUUID();
    const other = await start(rig.newStateDir(), '/nonexistent/agent.cjs');
    await expect(other.call('build', id)).rejects.toThrow(/could not be built: .*bwrap: .*\/nonexistent\/agent.cjs/);
    expect(rig.processesWith(id)).toEqual([]);
    await other.call('purgeAll');
    await other.call('removeBridges');
  });
});

describe('two installations in one network namespace', () => {
  it('do not touch each other', async () => {
    const otherDir = rig.newStateDir();
    const other = await start(otherDir);
    const otherInstance = await other.call<LocalInstance>('instance');
    expect(otherInstance.block).not.toBe(instance.block);
    const [here, there] = [randomUUID(), randomUUID()];
    const [mine, theirs] = await Promise.all([
      controller.call<ComputeInstance>('build', here),
      other.call<ComputeInstance>('build', there),
    ]);
    expect((await other.call<AgentAnswer>('ask', mine.lbNetworkIp)).conf).toBe(`conf of ${here}`);
    await other.call('purgeAll');
    await other.call('removeBridges');
    expect(rig.processesWith(there)).toEqual([]);
    expect(readdirSync(otherDir)).toEqual(['instance.json']);
    expect(rig.linkNames().filter((name) => name.startsWith(`o${otherInstance.tag}`))).toEqual([]);
    expect(rig.run('ip', 'route')).not.toContain(otherInstance.block);
    expect(await controller.call('get', here)).toEqual(mine);
    expect((await controller.call<AgentAnswer>('ask', mine.lbNetworkIp)).starts).toBe(1);
    expect(theirs.lbNetworkIp).not.toBe(mine.lbNetworkIp);
    await controller.call('delete', here);
  });
});
