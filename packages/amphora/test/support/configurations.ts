/** HAProxy configurations as the controller writes them, small. */

export const LISTENER = '11111111-1111-4111-8111-111111111111';
export const POOL = '22222222-2222-4222-8222-222222222222';
export const MEMBER = '33333333-3333-4333-8333-333333333333';
export const LOAD_BALANCER = '44444444-4444-4444-8444-444444444444';

export interface ConfigurationOptions {
  base: string;
  bind: string;
  members: { id: string; address: string; options?: string }[];
  extra?: string;
}

export function configuration({ base, bind, members, extra = '' }: ConfigurationOptions): string {
  const backend = `${POOL}:${LISTENER}`;
  return `# Configuration for loadbalancer ${LOAD_BALANCER}
global
    stats socket ${base}/${LOAD_BALANCER}.sock mode 600 level admin expose-fd listeners
    maxconn 1000
defaults
    mode http
    timeout connect 1s
    timeout client 5s
    timeout server 5s
frontend ${LISTENER}
    bind ${bind}
    default_backend ${backend}
backend ${backend}
${members.map((m) => `    server ${m.id} ${m.address} ${m.options ?? ''}`).join('\n')}
${extra}
`;
}
