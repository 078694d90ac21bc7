/** The load balancers of the API benchmark: the shape that the reference was measured with. */

const SUBNET = '11111111-1111-1111-1111-111111111111';

export type Provider = 'amphora' | 'noop_driver';

const ONE = 'a'.repeat(32);
/** Ten projects take turns. */
const project = (index: number): string => (index % 10).toString(16).padStart(32, '0');

const members = (index: number, pool: number, count: number) =>
  Array.from({ length: count }, (_, member) => ({
    address: `10.${pool}.${Math.floor(index / 250) % 250}.${(index % 250) + 1}`,
    protocol_port: 80 + member,
  }));

const pool = (index: number, number: number, count: number) => ({
  name: `p${number}-${index}`,
  protocol: 'HTTP',
  lb_algorithm: 'ROUND_ROBIN',
  members: members(index, number, count),
});

const base = (index: number, projectId: string, provider: Provider) => ({
  name: `lb-${index}`,
  project_id: projectId,
  provider,
  vip_subnet_id: SUBNET,
});

export const simple = (index: number, oneProject: boolean, provider: Provider) => ({
  loadbalancer: base(index, oneProject ? ONE : project(index), provider),
});

/** 2 listeners, 2 pools, 3 members each, 1 health monitor. */
export function full(index: number, provider: Provider) {
  const healthmonitor = { type: 'HTTP', delay: 10, timeout: 5, max_retries: 3, url_path: '/' };
  return {
    loadbalancer: {
      ...base(index, project(index), provider),
      listeners: [
        {
          name: `l0-${index}`,
          protocol: 'HTTP',
          protocol_port: 80,
          default_pool: { ...pool(index, 0, 3), healthmonitor },
        },
        { name: `l1-${index}`, protocol: 'HTTP', protocol_port: 81, default_pool: pool(index, 1, 3) },
      ],
    },
  };
}

/** 50 pools with 2 members each. */
export const wide = () => ({
  loadbalancer: {
    ...base(0, 'wide', 'noop_driver'),
    pools: Array.from({ length: 50 }, (_, number) => pool(0, number, 2)),
  },
});

/** An empty pool of a load balancer that is there. */
export const poolOf = (loadBalancerId: string) => ({
  pool: { loadbalancer_id: loadBalancerId, name: 'batches', protocol: 'HTTP', lb_algorithm: 'ROUND_ROBIN' },
});

export const hundredMembers = (weight: number) => ({
  members: Array.from({ length: 100 }, (_, member) => ({
    address: `10.9.0.${member + 1}`,
    protocol_port: 80,
    weight,
  })),
});
