/** Members on several subnets: one port a network, an address in each subnet, no more and no fewer. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { deterministicUuid } from '../../src/domain/deterministic-uuid.ts';
import type { OperationKind } from '../../src/domain/operations.ts';
import type { LoadBalancer, Pool } from '../../src/domain/resources.ts';
import { OctaviaError } from '../../src/errors.ts';
import * as amphorae from '../../src/store/resources/amphorae.ts';
import * as members from '../../src/store/resources/members.ts';
import * as pools from '../../src/store/resources/pools.ts';
import { setStatuses } from '../support/statuses.ts';
import { aMember, aPool } from '../support/store.ts';
import { Lab } from './lab.ts';

const PRIVATE = {
  network: deterministicUuid('noop', 'private-net'),
  subnet: deterministicUuid('noop', 'private-subnet'),
};
const PUBLIC = { network: deterministicUuid('noop', 'public-net'), subnet: deterministicUuid('noop', 'public-subnet') };

let lab: Lab;
let loadBalancer: LoadBalancer;
let pool: Pool;
beforeAll(async () => {
  lab = await Lab.open();
});
afterAll(() => lab.close());
beforeEach(async () => {
  lab.calm();
  loadBalancer = await lab.balancer('ACTIVE_STANDBY');
  pool = aPool(loadBalancer.id);
  await lab.store.transaction((tx) => pools.insert(tx, pool));
});

let subnets = 0;
async function subnetOf(network: string, version: 4 | 6 = 4): Promise<string> {
  const id = randomUUID();
  subnets += 1;
  await lab.store.pool.query(
    `insert into local_subnet (id, network_id, name, cidr, ip_version) values ($1, $2, 'more', $3, $4)`,
    [id, network, version === 4 ? `10.${subnets}.0.0/24` : `fd00:${subnets}::/64`, version],
  );
  return id;
}

/** As the API writes a change of a member. */
async function change(id: string, attributes: Parameters<typeof members.update>[2]): Promise<void> {
  await members.update(lab.store.db, id, attributes);
  await setStatuses(lab.store.db, 'member', id, { provisioningStatus: 'PENDING_UPDATE' });
}

let hosts = 0;
/** Each member is waiting for this operation. */
async function run(kind: OperationKind, ...waiting: { subnet: string; id?: string }[]): Promise<string[]> {
  await lab.pending(loadBalancer.id);
  const ids: string[] = [];
  await lab.store.transaction(async (tx) => {
    for (const { subnet, id } of waiting) {
      hosts += 1;
      const address = `192.0.2.${hosts}`;
      const member = aMember(pool.id, { address, subnetId: subnet, provisioningStatus: 'PENDING_CREATE' });
      if (id === undefined) await members.insert(tx, member);
      else await setStatuses(tx, 'member', id, { provisioningStatus: 'PENDING_DELETE' });
      ids.push(id ?? member.id);
    }
  });
  lab.calls.length = 0;
  lab.dataplane.calls.length = 0;
  const resource = { type: 'member' as const, id: ids[0] ?? '' };
  const input = kind === 'batch_update_members' ? { memberIds: ids } : {};
  const ended = await lab.run(kind, loadBalancer, { resource, input });
  expect(ended).toMatchObject({ state: 'succeeded', reason: null });
  return ids;
}

/** Subnets in which each amphora has addresses, by the port's network. */
async function addresses(): Promise<Record<string, string[]>[]> {
  const all = await lab.amphorae(loadBalancer);
  return Promise.all(
    all.map(async ({ id, vrrpPortId }) => {
      const ports = [
        await lab.network.getPort(vrrpPortId ?? ''),
        ...(await lab.network.listPorts(`octavia-lb-member-${id}`)),
      ];
      const entries = ports.map((port) => [
        port?.networkId,
        (port?.fixedIps ?? []).map(({ subnetId }) => subnetId).toSorted(),
      ]);
      return Object.fromEntries(entries);
    }),
  );
}

/** What the agents were told, in order, without the name of the amphora. */
const told = (): unknown[] =>
  lab.dataplane.calls.flatMap((call) =>
    call.call === 'plugNetwork' || call.call === 'plugVip' ? [[call.call, call.memberSubnets.toSorted()]] : [],
  );

const both = <T>(value: T): T[] => [value, value];

describe('a member network', () => {
  test('takes an address in each subnet of both versions when members come, and gives it back with the last one', async () => {
    const [second, sixth] = [await subnetOf(PRIVATE.network), await subnetOf(PRIVATE.network, 6)];
    const [first = ''] = await run('create_member', { subnet: PRIVATE.subnet });
    expect(await addresses()).toEqual(both({ [PUBLIC.network]: [PUBLIC.subnet], [PRIVATE.network]: [PRIVATE.subnet] }));
    const [other = ''] = await run('create_member', { subnet: second });
    const [last = ''] = await run('create_member', { subnet: sixth });
    const all = [PRIVATE.subnet, second, sixth].toSorted();
    expect(await addresses()).toEqual(both({ [PUBLIC.network]: [PUBLIC.subnet], [PRIVATE.network]: all }));
    expect(told()).toEqual(both(['plugNetwork', all]));

    await run('delete_member', { subnet: second, id: other });
    const rest = [PRIVATE.subnet, sixth].toSorted();
    expect(await addresses()).toEqual(both({ [PUBLIC.network]: [PUBLIC.subnet], [PRIVATE.network]: rest }));
    // Nobody speaks from it any more before it is given back.
    expect(told().slice(-2)).toEqual(both(['plugNetwork', rest]));
    const { calls } = lab;
    const position = (call: string) => calls.findLastIndex((entry) => entry.call === call);
    expect(position('dataplane.apply')).toBeLessThan(position('dataplane.plugNetwork'));
    expect(position('dataplane.plugNetwork')).toBeLessThan(position('network.unplugFixedIp'));

    await run('delete_member', { subnet: sixth, id: last });
    await run('delete_member', { subnet: PRIVATE.subnet, id: first });
    expect(await addresses()).toEqual(both({ [PUBLIC.network]: [PUBLIC.subnet] }));
    for (const { id } of await lab.amphorae(loadBalancer))
      expect(await amphorae.memberPorts(lab.store.db, id)).toEqual([]);
  });

  test('with one subnet is told once', async () => {
    await run('create_member', { subnet: PRIVATE.subnet });
    expect(told()).toEqual(both(['plugNetwork', [PRIVATE.subnet]]));
    await run('create_member', { subnet: PRIVATE.subnet });
    expect(told()).toEqual([]);
  });

  test('whose members change subnet at once serves both until the configuration names the new ones alone', async () => {
    const [old, fresh] = [await subnetOf(PRIVATE.network), await subnetOf(PRIVATE.network)];
    const [id = ''] = await run('create_member', { subnet: old });
    await run('batch_update_members', { subnet: fresh }, { subnet: old, id });
    const between = [old, fresh].toSorted();
    expect(told()).toEqual([...both(['plugNetwork', between]), ...both(['plugNetwork', [fresh]])]);
    expect(await addresses()).toEqual(both({ [PUBLIC.network]: [PUBLIC.subnet], [PRIVATE.network]: [fresh] }));
  });

  test('of a member that moves to another goes, once the configuration does without it', async () => {
    const other = await subnetOf(PUBLIC.network);
    const [id = ''] = await run('create_member', { subnet: PRIVATE.subnet });
    await change(id, { subnetId: other });
    await run('batch_update_members', { subnet: PUBLIC.subnet });
    expect(await addresses()).toEqual(both({ [PUBLIC.network]: [PUBLIC.subnet, other].toSorted() }));
    await change(id, { subnetId: null });
    await run('batch_update_members', { subnet: PUBLIC.subnet });
    expect(await addresses()).toEqual(both({ [PUBLIC.network]: [PUBLIC.subnet] }));
  });

  test('gets a port of another type when members ask for it, before the first one goes', async () => {
    const names = async () => {
      const all = await lab.amphorae(loadBalancer);
      const ports = await Promise.all(all.map((own) => lab.network.listPorts(`octavia-lb-member-${own.id}-`)));
      return ports.flat().map(({ name }) => name.replace(/^octavia-lb-member-.{36}-/, ''));
    };
    const [id = ''] = await run('create_member', { subnet: PRIVATE.subnet });
    const normal = await names();
    expect(normal).toEqual(both(PRIVATE.network));
    for (const [vnicType, expected] of [
      ['direct', both(`${PRIVATE.network}-direct`)],
      ['normal', normal],
    ] as const) {
      await change(id, { vnicType });
      await run('batch_update_members', { subnet: PUBLIC.subnet });
      expect(await names()).toEqual(expected);
      expect(await addresses()).toEqual(
        both({ [PUBLIC.network]: [PUBLIC.subnet], [PRIVATE.network]: [PRIVATE.subnet] }),
      );
      const position = (call: string) => lab.calls.findLastIndex((entry) => entry.call === call);
      expect(position('network.createPort')).toBeLessThan(position('dataplane.apply'));
      expect(position('dataplane.apply')).toBeLessThan(position('network.deletePort'));
      for (const { id: amphora } of await lab.amphorae(loadBalancer)) {
        expect(await amphorae.memberPorts(lab.store.db, amphora)).toHaveLength(1);
      }
    }
  });

  test('whose port is gone from the cloud gets a new one with the next member', async () => {
    await run('create_member', { subnet: PRIVATE.subnet });
    for (const port of await lab.network.listPorts('octavia-lb-member-')) await lab.network.deletePort(port.id);
    await run('create_member', { subnet: PRIVATE.subnet });
    expect(await addresses()).toEqual(both({ [PUBLIC.network]: [PUBLIC.subnet], [PRIVATE.network]: [PRIVATE.subnet] }));
  });

  test('keeps an address that an agent cannot be told of, until it can', async () => {
    const second = await subnetOf(PRIVATE.network);
    const [, id = ''] = await run('batch_update_members', { subnet: PRIVATE.subnet }, { subnet: second });
    const error = new OctaviaError('AMPHORA_UNREACHABLE', { id: 'a', address: 'b', detail: 'c' });
    let applied = false;
    lab.interfere = (call) => {
      applied ||= call === 'dataplane.apply';
      if (applied && call === 'dataplane.plugNetwork') throw error;
    };
    await run('delete_member', { subnet: second, id });
    const kept = { [PUBLIC.network]: [PUBLIC.subnet], [PRIVATE.network]: [PRIVATE.subnet, second].toSorted() };
    expect(await addresses()).toEqual(both(kept));
    lab.calm();
    await run('create_member', { subnet: PRIVATE.subnet });
    expect(await addresses()).toEqual(both({ ...kept, [PRIVATE.network]: [PRIVATE.subnet] }));
  });

  test('keeps its addresses when an amphora is replaced', async () => {
    const second = await subnetOf(PRIVATE.network);
    const beside = await subnetOf(PUBLIC.network);
    await run('batch_update_members', { subnet: PRIVATE.subnet }, { subnet: second }, { subnet: beside });
    const before = await addresses();
    expect(before).toEqual(
      both({
        [PUBLIC.network]: [PUBLIC.subnet, beside].toSorted(),
        [PRIVATE.network]: [PRIVATE.subnet, second].toSorted(),
      }),
    );
    expect(await lab.failover(loadBalancer)).toMatchObject({ state: 'succeeded' });
    expect(await addresses()).toEqual(before);
  });
});

describe('the network of the VIP', () => {
  test('with members in another subnet of it: the port of the VIP takes the address, and gives it back', async () => {
    const beside = await subnetOf(PUBLIC.network, 6);
    const [id = ''] = await run('create_member', { subnet: beside });
    expect(await addresses()).toEqual(both({ [PUBLIC.network]: [PUBLIC.subnet, beside].toSorted() }));
    expect(told()).toEqual(both(['plugVip', [beside]]));
    await run('delete_member', { subnet: beside, id });
    expect(told()).toEqual(both(['plugVip', []]));
    expect(await addresses()).toEqual(both({ [PUBLIC.network]: [PUBLIC.subnet] }));
  });

  test('with members in the subnet of the VIP needs nothing', async () => {
    await run('create_member', { subnet: PUBLIC.subnet });
    expect(told()).toEqual([]);
  });
});
