/** Nothing that a tenant says makes an amphora talk to a reserved address, or answer as one. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Json, PROJECT, TestApi } from './support/api.ts';

let api: TestApi;
let lb: Json;
let pool: Json;
let member: Json;
beforeAll(async () => {
  api = await TestApi.start({ api_settings: { api_v1_enabled: true } });
  lb = await api.loadBalancer();
  pool = await api.pool(lb.id);
  member = await api.member(pool.id, { address: '192.0.2.1', monitor_address: '192.0.2.2' });
});
afterAll(() => api.stop());

const SPELLINGS = [
  '169.254.169.254',
  '::ffff:169.254.169.254',
  '::FFFF:A9FE:A9FE',
  '0:0:0:0:0:ffff:169.254.169.254',
  '64:ff9b::169.254.169.254',
  '2002:a9fe:a9fe::',
];

const AT = { address: '192.0.2.9', protocol_port: 80 };
const inTree = (parts: object) => ({
  pools: [{ name: 'p', protocol: 'HTTP', lb_algorithm: 'ROUND_ROBIN', members: [{ ...AT, ...parts }] }],
});
const members = () => `/v2/lbaas/pools/${pool.id}/members`;
const v1 = () => `/v1/loadbalancers/${lb.id}/pools/${pool.id}/members`;
const create = (loadbalancer: object) =>
  api.call('POST', '/v2/lbaas/loadbalancers', {
    loadbalancer: { project_id: PROJECT, vip_subnet_id: randomUUID(), ...loadbalancer },
  });

type Way = (address: string) => ReturnType<TestApi['call']>;
const WAYS: Record<string, Way> = {
  'address of a member': (address) => api.call('POST', members(), { member: { ...AT, address } }),
  'monitor address of a member': (address) =>
    api.call('POST', members(), { member: { ...AT, monitor_address: address } }),
  'monitor address in a change': (address) =>
    api.call('PUT', `${members()}/${member.id}`, { member: { monitor_address: address } }),
  'address in a batch': (address) => api.call('PUT', members(), { members: [{ ...AT, address }] }),
  'monitor address in a batch': (address) =>
    api.call('PUT', members(), { members: [{ ...AT, monitor_address: address }] }),
  'monitor address of a member that is there, in a batch': (address) =>
    api.call('PUT', members(), { members: [{ ...AT, address: '192.0.2.1', monitor_address: address }] }),
  'address of a member, API v1': (address) => api.call('POST', v1(), { ip_address: address, protocol_port: 80 }),
  'monitor address in a change, API v1': (address) =>
    api.call('PUT', `${v1()}/${member.id}`, { monitor_address: address }),
  'address in a tree': (address) => create(inTree({ address })),
  'monitor address in a tree': (address) => create(inTree({ monitor_address: address })),
  'VIP, API v1': (address) =>
    api.call('POST', '/v1/loadbalancers', { vip: { subnet_id: randomUUID(), ip_address: address } }),
  VIP: (address) => create({ vip_address: address }),
  'additional VIP': (address) => create({ additional_vips: [{ subnet_id: randomUUID(), ip_address: address }] }),
};

describe.each(Object.entries(WAYS))('%s', (_name, way) => {
  it.each(SPELLINGS)('%s', async (address) => {
    const before = await api.snapshot();
    const { status, body } = await way(address);
    expect({ status, text: body?.faultstring }).toEqual({
      status: 400,
      text: expect.stringMatching(/ is not a valid option for (member (monitor_)?address|vip_address|additional_vips)/),
    });
    expect(await api.snapshot()).toBe(before);
  });

  it.each(['0.0.0.0', '2852039166', '0xa9fea9fe', '169.254.43518', '0251.0376.0251.0376', '169.254.169.254%lo'])(
    '%s is none at all',
    async (address) => {
      expect((await way(address)).status).toBe(400);
    },
  );
});
