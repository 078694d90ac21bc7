/** FM-HM-14: PING monitors run a program inside a real amphora, as an unprivileged user. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Started } from '../../demo/control-plane.ts';
import { Balancers } from './balancers.ts';
import { Bench } from './harness.ts';

let bench: Bench;
let started: Started;

beforeAll(async () => {
  bench = new Bench();
  started = await bench.up('ping', 19_991);
});
afterAll(() => bench.remove());

test('FM-HM-14 members that answer a ping are ONLINE, others are not', async () => {
  const { public: vips, private: members } = started.controlPlane.subnets;
  const balancers = new Balancers(bench, bench.stateDir('ping'), vips.id);
  const silent = members.gatewayIp.replace(/\.1$/, '.9');
  const { id } = await balancers.create({
    listeners: [
      {
        protocol: 'HTTP',
        protocol_port: 80,
        default_pool: {
          name: 'pinged',
          protocol: 'HTTP',
          lb_algorithm: 'ROUND_ROBIN',
          healthmonitor: { type: 'PING', delay: 2, timeout: 2, max_retries: 1, max_retries_down: 1 },
          members: [members.gatewayIp, silent].map((address) => ({
            address,
            protocol_port: 80,
            subnet_id: members.id,
          })),
        },
      },
    ],
  });
  const statuses = async () => {
    const { statuses: tree } = (await balancers.call('GET', `/v2/lbaas/loadbalancers/${id}/status`)).body;
    const [pool] = tree.loadbalancer.listeners[0].pools;
    return Object.fromEntries(
      pool.members.map((member: { address: string; operating_status: string }) => [
        member.address,
        member.operating_status,
      ]),
    );
  };
  await expect.poll(statuses, { timeout: 60_000, interval: 500 }).toEqual({
    [members.gatewayIp]: 'ONLINE',
    [silent]: 'ERROR',
  });
});
