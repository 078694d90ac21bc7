/** A driver that is served over the driver protocol is given what it would be given in the API's process. */
import { mkdtempSync, rmSync } from 'node:fs';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Channel } from '../src/conformance/channel.ts';
import { answerOf, type Method, requestBody } from '../src/driver-protocol.ts';
import { driverServer } from '../src/driver-server.ts';
import {
  Conflict,
  HealthMonitor,
  isUnset,
  Listener,
  LoadBalancer,
  Member,
  NotImplementedError,
  Pool,
  ProviderDriver,
} from '../src/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'octavia-served-'));
const seen: unknown[][] = [];
let raises: unknown = null;

class RecordingDriver extends ProviderDriver {
  override name = 'acme';
}
for (const method of [
  'loadbalancer_create',
  'listener_update',
  'member_batch_update',
  'listener_delete',
  'create_vip_port',
] as Method[]) {
  Object.assign(RecordingDriver.prototype, {
    [method]: (...given: unknown[]) => {
      seen.push(given);
      if (raises !== null) throw raises;
      return method === 'create_vip_port' ? [{ vip_address: '192.0.2.1' }, []] : undefined;
    },
  });
}

let server: Server;
let channel: Channel;
beforeAll(async () => {
  server = driverServer(new RecordingDriver());
  const path = join(folder, 'driver.sock');
  await new Promise<void>((listening) => server.listen(path, listening));
  channel = new Channel(`unix:${path}`);
});
afterAll(async () => {
  await new Promise((closed) => server.close(closed));
  rmSync(folder, { recursive: true });
});

const call = async (method: Method, ...given: unknown[]) => {
  seen.length = 0;
  const { text } = await channel.ask('POST', `/v1/${method}`, requestBody(method, given, 1000), 60_000);
  return answerOf(text);
};

it('says who it is', async () => {
  const { text } = await channel.ask('GET', '/', null, 60_000);
  expect(JSON.parse(text)).toEqual({ protocol: 'octavia-provider-driver', versions: [1], provider: 'acme', calls: 0 });
});

it('a tree is made of the classes again', async () => {
  const pool = new Pool({
    pool_id: 'p',
    members: [new Member({ member_id: 'm' })],
    healthmonitor: new HealthMonitor(),
  });
  const listeners = [new Listener({ listener_id: 'l', default_pool: pool })];
  const given = new LoadBalancer({ loadbalancer_id: 'b', listeners, pools: [pool], flavor: { size: 1 } });
  expect(await call('loadbalancer_create', given)).toEqual({ result: null });
  const [[balancer]] = seen as [[LoadBalancer]];
  expect(balancer).toBeInstanceOf(LoadBalancer);
  expect(balancer.to_dict({ recurse: true })).toEqual(given.to_dict({ recurse: true }));
  const [{ default_pool: made }] = balancer.listeners as [Listener];
  expect((made as Pool).healthmonitor).toBeInstanceOf(HealthMonitor);
  expect(isUnset(balancer.name)).toBe(true);
});

it('what is cleared is null, what is not mentioned Unset', async () => {
  await call('listener_update', new Listener({ listener_id: 'l' }), new Listener({ listener_id: 'l', name: null }));
  const [[, change]] = seen as [[Listener, Listener]];
  expect([change.name, isUnset(change.description)]).toEqual([null, true]);
});

it('lists and plain arguments', async () => {
  await call('member_batch_update', 'p', [new Member({ member_id: 'm', weight: 0 })]);
  expect(seen).toEqual([['p', [new Member({ member_id: 'm', weight: 0 })]]]);
  expect(await call('create_vip_port', 'b', 'project', { vip_address: null }, [])).toEqual({
    result: [{ vip_address: '192.0.2.1' }, []],
  });
  expect(seen).toEqual([['b', 'project', { vip_address: null }, []]]);
});

const ask = async (method: string, given: object) => {
  const body = JSON.stringify({ arguments: given, deadline_ms: 1 });
  return answerOf((await channel.ask('POST', `/v1/${method}`, body, 60_000)).text);
};

it('what this library has no field for is refused where it is wished, if it says something', async () => {
  const listener = { listener_id: 'l', quic: true };
  const text = 'The library of this driver does not know quic of Listener.';
  const refusal = { error: { kind: 'UnsupportedOptionError', user_fault_string: text, operator_fault_string: text } };
  expect(await ask('listener_update', { old_listener: {}, new_listener: listener })).toEqual(refusal);
  expect(await ask('listener_update', { old_listener: listener, new_listener: {} })).toEqual({ result: null });
  expect(await ask('listener_update', { old_listener: {}, new_listener: { quic: false } })).toEqual({ result: null });
  expect(await ask('listener_delete', { listener })).toEqual({ result: null });
});

it.each([
  [
    new Conflict({ user_fault_string: 'taken', operator_fault_string: 'by x' }),
    { kind: 'Conflict', user_fault_string: 'taken', operator_fault_string: 'by x' },
  ],
  [
    new NotImplementedError({ user_fault_string: 'not this' }),
    { kind: 'NotImplementedError', user_fault_string: 'not this', operator_fault_string: 'not this' },
  ],
  [new TypeError('secret'), { kind: 'Error', operator_fault_string: 'TypeError: secret' }],
  ['words', { kind: 'Error', operator_fault_string: 'words' }],
])('%s', async (error, fault) => {
  raises = error;
  expect(await call('listener_delete', new Listener())).toEqual({ error: fault });
  raises = null;
});

it('what the driver does not have', async () => {
  const text = 'This provider does not support creating pools.';
  expect(await call('pool_create', new Pool())).toEqual({
    error: { kind: 'NotImplementedError', user_fault_string: text, operator_fault_string: text },
  });
});
