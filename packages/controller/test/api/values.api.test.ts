/** Values that have the right form and still mean nothing, or mean a forbidden thing in another spelling. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { upsertNetworks } from '../../src/store/resources/local-network.ts';
import { PROJECT, TestApi } from './support/api.ts';

let api: TestApi;
let pool: string;
beforeAll(async () => {
  api = await TestApi.start();
  pool = (await api.pool((await api.loadBalancer()).id)).id;
});
afterAll(() => api.stop());

describe('addresses of members', () => {
  const path = () => `/v2/lbaas/pools/${pool}/members`;

  it.each(['0.0.0.0', '::', '0:0:0:0:0:0:0:0', '255.255.255.255', '224.0.0.18', 'FF02::1', '::ffff:169.254.169.254'])(
    '%s is refused: alone, in a batch, in a tree',
    async (address) => {
      const member = { address, protocol_port: 80 };
      const tree = {
        vip_subnet_id: randomUUID(),
        project_id: PROJECT,
        pools: [{ name: 'p', protocol: 'HTTP', lb_algorithm: 'ROUND_ROBIN', members: [member] }],
      };
      const before = await api.snapshot();
      for (const answer of [
        await api.call('POST', path(), { member }),
        await api.call('PUT', path(), { members: [member] }),
        await api.call('POST', '/v2/lbaas/loadbalancers', { loadbalancer: tree }),
      ]) {
        expect(answer.status).toBe(400);
        expect(answer.body.faultstring).toMatch(/ is not a valid option for member address$/);
      }
      expect(await api.snapshot()).toBe(before);
    },
  );

  it('may be those of the load balancer: another of its listeners can be a member', async () => {
    const { vip_address: address } = (await api.get('/v2/lbaas/loadbalancers')).body.loadbalancers[0];
    expect(await api.member(pool, { address, protocol_port: 8080 })).toMatchObject({ address });
  });
});

describe('expected_codes', () => {
  const monitor = (expected_codes: string) => ({ type: 'HTTP', delay: 5, timeout: 5, max_retries: 3, expected_codes });

  it.each([
    ['600', '100 to 599'],
    ['099', '100 to 599'],
    ['000', '100 to 599'],
    ['200,600', '100 to 599'],
    ['500-999', '100 to 599'],
    ['299-200', 'from low to high'],
    ['200-204,206', 'match the pattern'],
  ])('%s would leave every member down: refused', async (codes, reason) => {
    const healthmonitor = { pool_id: pool, ...monitor(codes) };
    const { status, body } = await api.call('POST', '/v2/lbaas/healthmonitors', { healthmonitor });
    expect(status).toBe(400);
    expect(body.faultstring).toMatch(/^Invalid input for field\/attribute expected_codes\. Value: '/);
    expect(body.faultstring).toContain(reason);
  });

  it.each(['100', '599', '200, 301,302', '200-204', '200-200'])('%s is accepted and stored as it is', async (codes) => {
    const other = (await api.pool((await api.loadBalancer()).id)).id;
    const made = await api.monitor(other, monitor(codes));
    expect(made.expected_codes).toBe(codes);
    const put = { healthmonitor: { expected_codes: '299-200' } };
    expect((await api.call('PUT', `/v2/lbaas/healthmonitors/${made.id}`, put)).status).toBe(400);
  });
});

describe('additional VIPs', () => {
  it('are on the port of the VIP, and say so everywhere', async () => {
    const [network] = await api.network.listNetworks();
    const second = randomUUID();
    await upsertNetworks(
      api.database.store.db,
      [],
      [
        {
          id: second,
          networkId: network!.id,
          name: 'second',
          cidr: '10.200.0.0/24',
          gatewayIp: null,
          ipVersion: 4,
          hostRoutes: [],
        },
      ],
    );
    const made = await api.loadBalancer({
      vip_subnet_id: network!.subnetIds[0],
      additional_vips: [{ subnet_id: second, ip_address: '10.200.0.77' }],
    });
    const shown = [{ subnet_id: second, ip_address: '10.200.0.77', port_id: made.vip_port_id }];
    expect(made.additional_vips).toEqual(shown);
    expect((await api.get(`/v2/lbaas/loadbalancers/${made.id}`)).body.loadbalancer.additional_vips).toEqual(shown);
    const listed = await api.get(`/v2/lbaas/loadbalancers?id=${made.id}`);
    expect(listed.body.loadbalancers[0].additional_vips).toEqual(shown);
    const asked = { vip_subnet_id: second, project_id: PROJECT, additional_vips: shown };
    const refused = await api.call('POST', '/v2/lbaas/loadbalancers', { loadbalancer: asked });
    expect(refused.body.faultstring).toMatch(/^Unknown attribute .*: port_id$/);
  });
});
