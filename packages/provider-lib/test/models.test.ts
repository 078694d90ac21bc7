import { inspect } from 'node:util';
import { expect, it } from 'vitest';
import {
  isUnset,
  L7Policy,
  L7Rule,
  Listener,
  LoadBalancer,
  Member,
  orElse,
  Pool,
  ProviderDriver,
  Unset,
} from '../src/index.ts';

it('Unset is one value, prints its name, survives a copy, and leaves JSON', () => {
  const listener = { ...new Listener({ name: 'a' }) };
  expect(isUnset(listener.protocol)).toBe(true);
  expect(isUnset(null) || isUnset(undefined) || isUnset('Unset')).toBe(false);
  expect([String(Unset), `${Unset}`, inspect(Unset), JSON.stringify({ a: Unset })]).toEqual([
    'Unset',
    'Unset',
    'Unset',
    '{}',
  ]);
  expect([orElse<number, number>(Unset, 7), orElse(null, 7), orElse(0, 7)]).toEqual([7, null, 0]);
});

const member = () => new Member({ member_id: 'm', address: '192.0.2.1', weight: null });
const pool = () => new Pool({ pool_id: 'p', members: [member()], session_persistence: { type: 'SOURCE_IP' } });
const listener = () =>
  new Listener({
    listener_id: 'l',
    default_pool: pool(),
    allowed_cidrs: ['192.0.2.0/24'],
    default_tls_container_data: { certificate: 'CERT', private_key: 'KEY' },
  });

it('a shallow map leaves out what is not set, nested objects and lists', () => {
  expect(listener().to_dict()).toEqual({
    listener_id: 'l',
    default_tls_container_data: { certificate: 'CERT', private_key: 'KEY' },
  });
  expect(member().to_dict()).toEqual({ member_id: 'm', address: '192.0.2.1', weight: null });
});

it('rendered, all of them are null', () => {
  const dict = listener().to_dict({ render_unsets: true });
  expect(dict).toMatchObject({ listener_id: 'l', default_pool: null, allowed_cidrs: null, protocol: null });
  expect(Object.keys(dict)).toEqual(Object.keys(new Listener()));
});

it('a deep map holds lists and nested objects', () => {
  expect(listener().to_dict({ recurse: true })).toEqual({
    listener_id: 'l',
    allowed_cidrs: ['192.0.2.0/24'],
    default_tls_container_data: { certificate: 'CERT', private_key: 'KEY' },
    default_pool: {
      pool_id: 'p',
      members: [{ member_id: 'm', address: '192.0.2.1', weight: null }],
      session_persistence: { type: 'SOURCE_IP' },
    },
  });
  const rendered = new LoadBalancer({ listeners: [listener()] }).to_dict({ recurse: true, render_unsets: true });
  expect(rendered).toMatchObject({ pools: null, listeners: [{ default_pool: { members: [{ name: null }] } }] });
});

it('a reference back ends the walk', () => {
  const policy = new L7Policy({ l7policy_id: 'y' });
  const inner = new Listener({ listener_id: 'inner', l7policies: [new L7Policy({ l7policy_id: 'end' })] });
  // Nothing that the API makes looks like this; whoever builds objects by hand may.
  policy.rules = [inner as unknown as L7Rule];
  const outer = new Listener({ listener_id: 'outer', l7policies: [policy] });
  expect(outer.to_dict({ recurse: true })).toEqual({
    listener_id: 'outer',
    l7policies: [{ l7policy_id: 'y', rules: [{ listener_id: 'inner', l7policies: [null] }] }],
  });
});

it('fields can be left out, and private ones are', () => {
  const rule = Object.assign(new L7Rule({ l7rule_id: 'r', key: 'k', value: 'v' }), { _private: 1 });
  expect(rule.to_dict({ exclude: ['key'] })).toEqual({ l7rule_id: 'r', value: 'v' });
});

it('equal are objects of one class that say the same', () => {
  expect(member().equals(member())).toBe(true);
  expect(member().equals(new Member({ member_id: 'm', address: '192.0.2.1' }))).toBe(false);
  expect(new Pool({ name: 'x' }).equals(new Listener({ name: 'x' }))).toBe(false);
  expect(pool().equals(new Pool({ pool_id: 'p', session_persistence: { type: 'SOURCE_IP' } }))).toBe(true);
});

it('a field that there is not is refused', () => {
  expect(() => Member.from_dict({ adress: '192.0.2.1' })).toThrow("Member has no field 'adress'.");
  expect(Member.from_dict({ address: '192.0.2.1' })).toBeInstanceOf(Member);
  expect(Member.from_dict({ address: undefined }).address).toBe(Unset);
});

it('the text of an object names what identifies it, and no secret', () => {
  expect(String(listener())).toBe('Listener(listener_id=l)');
  expect(String(member())).toBe('Member(address=192.0.2.1, member_id=m, weight=null)');
  expect(String(new LoadBalancer({ loadbalancer_id: 'i', name: 'n', project_id: 'p', description: 'd' }))).toBe(
    'LoadBalancer(loadbalancer_id=i, name=n, project_id=p)',
  );
});

class Nothing extends ProviderDriver {}

it('the interface is 28 methods, each refused until a driver has it', async () => {
  const methods = Object.getOwnPropertyNames(ProviderDriver.prototype).filter((name) => name !== 'constructor');
  const crud = (kind: string) => ['create', 'delete', 'update'].map((verb) => `${kind}_${verb}`);
  expect(methods.sort()).toEqual(
    [
      'create_vip_port',
      ...crud('loadbalancer'),
      'loadbalancer_failover',
      ...['listener', 'pool', 'member', 'health_monitor', 'l7policy', 'l7rule'].flatMap(crud),
      'member_batch_update',
      'get_supported_flavor_metadata',
      'validate_flavor',
      'get_supported_availability_zone_metadata',
      'validate_availability_zone',
    ].sort(),
  );
  expect(methods).toHaveLength(28);
  const driver = new Nothing() as unknown as Record<string, () => unknown>;
  for (const method of methods) {
    expect(() => driver[method]?.()).toThrow(
      expect.objectContaining({
        name: 'NotImplementedError',
        user_fault_string: expect.stringMatching(/^This provider does not support [a-zA-Z0-9 ]+\.$/),
      }),
    );
  }
});
