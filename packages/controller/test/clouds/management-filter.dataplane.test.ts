/** Tenants' networks and the management network of a host, in traffic. */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LocalInstance, LocalNetworkKind } from '../../src/clouds/local-host/instance.ts';
import { openTestStore, type TestStore } from '../support/store.ts';
import { type Controller, Rig } from './support/rig.ts';

/** Serves HTTP and echoes datagrams on every address. */
const SERVER = `
require('node:http').createServer((q, r) => r.end('reached')).listen(8080, '0.0.0.0', () => {
  const socket = require('node:dgram').createSocket('udp4');
  socket.on('message', (text, from) => socket.send(text, from.port, from.address));
  socket.bind(5555, '0.0.0.0', () => console.log('ready'));
});`;

const DATAGRAM = `
const socket = require('node:dgram').createSocket('udp4');
const end = (word) => { console.log(word); process.exit(); };
socket.on('message', () => end('answer'));
socket.send('beat', 5555, process.argv[1]);
setTimeout(end, 500, 'silence');`;

/** Of `bootstrap`; filters of bridges are another matter. */
const NOTHING_LACKS = expect.not.arrayContaining([expect.stringContaining('(nf_tables)')]);

let database: TestStore;
let rig: Rig;
let controller: Controller;
let instance: LocalInstance;
const places = new Map<LocalNetworkKind, { netns: string; address: string }>();
const servers: ChildProcess[] = [];

async function serve(netns: string): Promise<void> {
  const child = spawn('ip', ['netns', 'exec', netns, process.execPath, '-e', SERVER], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  servers.push(child);
  await once(child.stdout, 'data');
}

/** A host on the network, with the network's router as its own. */
async function settle(kind: LocalNetworkKind, host: number): Promise<void> {
  const { bridge, subnet } = instance.networks[kind];
  const netns = `${rig.netns}-${kind.slice(0, 3)}`;
  const address = subnet.gatewayIp.replace(/\d+$/, String(host));
  const inside = (...command: string[]) => execFileSync('ip', ['-n', netns, ...command]);
  execFileSync('ip', ['netns', 'add', netns]);
  places.set(kind, { netns, address });
  rig.run('ip', 'link', 'add', `t-${kind}`, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', netns);
  rig.run('ip', 'link', 'set', `t-${kind}`, 'up', 'master', bridge);
  inside('link', 'set', 'lo', 'up');
  inside('addr', 'add', `${address}/${subnet.prefixLength}`, 'dev', 'eth0');
  inside('link', 'set', 'eth0', 'up');
  inside('route', 'add', 'default', 'via', subnet.gatewayIp);
  await serve(netns);
}

const addressOf = (kind: LocalNetworkKind): string => places.get(kind)?.address ?? '';
const gatewayOf = (kind: LocalNetworkKind): string => instance.networks[kind].subnet.gatewayIp;

/** Over TCP, and over UDP. */
function reaches(from: LocalNetworkKind | 'host', target: string): { tcp: boolean; udp: boolean } {
  const netns = from === 'host' ? rig.netns : (places.get(from)?.netns ?? '');
  const within = (...command: string[]) => spawnSync('ip', ['netns', 'exec', netns, ...command], { encoding: 'utf8' });
  const answer = within('curl', '-s', '-m', '1', `http://${target}:8080/`).stdout;
  return {
    tcp: answer === 'reached',
    udp: within(process.execPath, '-e', DATAGRAM, target).stdout.trim() === 'answer',
  };
}

const YES = { tcp: true, udp: true };
const NO = { tcp: false, udp: false };

beforeAll(async () => {
  database = await openTestStore();
  rig = new Rig(database.url);
  controller = await rig.controller(rig.newStateDir());
  instance = await controller.call<LocalInstance>('instance');
  await controller.call('bridges');
  await serve(rig.netns);
  await settle('management', 20);
  await settle('public', 30);
  await settle('private', 40);
});

afterAll(async () => {
  for (const child of servers) child.kill('SIGKILL');
  for (const { netns } of places.values()) execFileSync('ip', ['netns', 'delete', netns]);
  await rig?.close();
  await database?.close();
});

describe('the management network', () => {
  it('would be open to tenants, for the host routes between its networks', () => {
    expect(reaches('private', gatewayOf('management'))).toEqual(YES);
    expect(reaches('private', addressOf('management'))).toEqual(YES);
  });

  describe('once the networks are known', () => {
    beforeAll(async () => {
      expect(await controller.call('bootstrap')).toEqual(NOTHING_LACKS);
      expect(await controller.call('bootstrap')).toEqual(NOTHING_LACKS);
    });

    it.each(['public', 'private'] as const)(
      'is closed to the %s one: the address of the host, and its amphorae',
      (kind) => {
        expect(reaches(kind, gatewayOf('management'))).toEqual(NO);
        expect(reaches(kind, addressOf('management'))).toEqual(NO);
      },
    );

    it('connects amphorae and the host in both directions', () => {
      expect(reaches('management', gatewayOf('management'))).toEqual(YES);
      expect(reaches('host', addressOf('management'))).toEqual(YES);
    });

    it('is all that is closed', () => {
      expect(reaches('private', gatewayOf('private'))).toEqual(YES);
      expect(reaches('private', addressOf('public'))).toEqual(YES);
      expect(reaches('public', addressOf('private'))).toEqual(YES);
      expect(reaches('host', addressOf('private'))).toEqual(YES);
    });
  });

  it('leaves no rule behind', async () => {
    expect(rig.run('nft', 'list', 'tables')).toContain(`ip octavia_${instance.tag}`);
    await controller.call('removeBridges');
    await controller.call('removeBridges');
    expect(rig.run('nft', 'list', 'tables')).toBe('');
  });
});
