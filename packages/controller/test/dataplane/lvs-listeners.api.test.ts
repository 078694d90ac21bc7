/** What an agent is told of UDP and SCTP listeners, and in which order. */
import { createHash } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import type { ScriptedAnswer, SeenRequest } from './support/agent-server.ts';
import { playAgent } from './support/played-agent.ts';
import {
  AMPHORA_ID,
  LOAD_BALANCER_ID,
  listenerId,
  makeAmphora,
  makeTree,
  poolId,
  type TreeInput,
} from './support/tree.ts';

const amphora = makeAmphora();

/** What the agent holds: text of the configuration and whether it runs, by listener; `haproxy` is HAProxy's. */
interface Stored {
  text: string;
  running: string | null;
}
let held: Map<string, Stored>;

const hash = (text: string): string => createHash('sha256').update(text).digest('hex');
const OK: ScriptedAnswer = { status: 200, body: { message: 'OK' } };
const UNKNOWN: ScriptedAnswer = { status: 404, body: { message: 'Listener Not Found' } };

function store(key: string, text: string): ScriptedAnswer {
  const running = held.get(key)?.running ?? null;
  held.set(key, { text, running });
  return { status: 200, body: { message: 'OK', uploaded: hash(text), running } };
}

function act(id: string, action: string): ScriptedAnswer {
  const stored = held.get(id === LOAD_BALANCER_ID ? 'haproxy' : id);
  if (stored === undefined) return UNKNOWN;
  stored.running = action === 'stop' ? null : hash(stored.text);
  return { status: 202, body: { message: 'OK' } };
}

function answer({ method, path, body }: SeenRequest): ScriptedAnswer {
  const [, , kind, id = '', third = '', fourth] = path.split('/');
  if (fourth === 'haproxy') return store('haproxy', body);
  if (fourth === 'udp_listener') return store(third, body);
  if (kind === 'loadbalancer') return act(id, third);
  if (method === 'DELETE') return held.delete(id) ? OK : UNKNOWN;
  const kernel = [...held].filter(([key]) => key !== 'haproxy');
  const listeners = kernel.map(([uuid, { running }]) => ({
    uuid,
    status: running ? 'ACTIVE' : 'STOPPED',
    type: 'UDP',
  }));
  return { status: 200, body: [{ uuid: 'h', status: 'ACTIVE', type: 'HTTP' }, ...listeners] };
}

beforeEach(() => {
  held = new Map();
});
const played = playAgent(answer);

const apply = (input: TreeInput) => played.driver.apply(amphora, makeTree(input));

/** Requests since the last call, with the ids by their names. */
function told(): string[] {
  const names: [string, string][] = [
    [`/${AMPHORA_ID}`, ''],
    [LOAD_BALANCER_ID, 'lb'],
    ...[1, 2, 3].map((n): [string, string] => [listenerId(n), String(n)]),
  ];
  return played.agent.seen
    .splice(0)
    .map(({ method, path }) =>
      names.reduce((text, [id, name]) => text.replace(id, name), `${method} ${path}`).replace('/1.0/', ''),
    );
}

const udp = { protocol: 'UDP', protocolPort: 53 } as const;
const sctp = { protocol: 'SCTP', protocolPort: 53 } as const;
const http = { protocol: 'HTTP', protocolPort: 53 } as const;
const UPLOAD_HAPROXY = 'PUT loadbalancer/lb/haproxy';
const LIST = 'GET listeners';
const uploadTo = (n: number): string => `PUT listeners/${n}/udp_listener`;

describe('UDP and SCTP listeners', () => {
  it('are uploaded as keepalived configurations and started, one by one; HAProxy is not needed', async () => {
    expect(await apply({ listeners: [udp, sctp] })).toEqual({ method: 'start' });
    const { body, contentType } = played.agent.seen.find(({ path }) => path.endsWith('udp_listener'))!;
    expect(told()).toEqual([
      LIST,
      'PUT loadbalancer/lb/stop',
      uploadTo(1),
      'PUT loadbalancer/1/start',
      uploadTo(2),
      'PUT loadbalancer/2/start',
    ]);
    expect(contentType).toBe('text/plain');
    expect(body).toMatch(/^global_defs \{\n/);
    expect([...held.keys()]).toEqual([listenerId(1), listenerId(2)]);
  });

  it('are reloaded when they changed, and only those', async () => {
    const pools = [{ protocol: 'UDP' as const }];
    const listeners = [{ ...udp, defaultPoolId: poolId(1) }, sctp];
    await apply({ listeners, pools });
    told();
    expect(await apply({ listeners, pools, members: [{}] })).toEqual({ method: 'reload' });
    expect(told()).toEqual([LIST, 'PUT loadbalancer/lb/stop', uploadTo(1), 'PUT loadbalancer/1/reload', uploadTo(2)]);
    expect(await apply({ listeners, pools, members: [{}] })).toEqual({ method: 'none' });
  });

  it('stand beside HAProxy, which they do not touch', async () => {
    expect(await apply({ listeners: [http, udp] })).toEqual({ method: 'start' });
    expect(told()).toEqual([
      LIST,
      UPLOAD_HAPROXY,
      'PUT loadbalancer/lb/start',
      uploadTo(2),
      'PUT loadbalancer/2/start',
    ]);
    expect(held.get('haproxy')?.text).toContain(listenerId(1));
    expect(held.get('haproxy')?.text).not.toContain(listenerId(2));
    expect(await apply({ listeners: [http, udp] })).toEqual({ method: 'none' });
    expect(told()).toEqual([LIST, UPLOAD_HAPROXY, uploadTo(2)]);
    // HAProxy's last listener leaves.
    await apply({ listeners: [{ ...http, provisioningStatus: 'PENDING_DELETE' }, udp] });
    expect(held.get('haproxy')?.running).toBeNull();
    expect(held.get(listenerId(2))?.running).not.toBeNull();
  });

  it('are not looked for where there are none', async () => {
    await apply({ listeners: [http] });
    expect(told()).toEqual([UPLOAD_HAPROXY, 'PUT loadbalancer/lb/start']);
  });

  it.each<[string, TreeInput]>([
    ['on their way out', { listeners: [{ ...udp, provisioningStatus: 'PENDING_DELETE' }] }],
    ['switched off', { listeners: [{ ...udp, adminStateUp: false }] }],
    ['of a load balancer that is switched off', { loadBalancer: { adminStateUp: false }, listeners: [udp] }],
  ])('%s are deleted before anything else, once', async (_, input) => {
    await apply({ listeners: [udp] });
    told();
    expect(await apply(input)).toEqual({ method: 'stop' });
    expect(told()).toEqual([LIST, 'DELETE listeners/1', 'PUT loadbalancer/lb/stop']);
    expect(held.size).toBe(0);
    await apply(input);
    expect(told()).toEqual([LIST, 'PUT loadbalancer/lb/stop']);
  });

  it('give their port to the one that follows', async () => {
    await apply({ listeners: [udp] });
    told();
    await apply({ listeners: [{ ...udp, provisioningStatus: 'PENDING_DELETE' }, udp] });
    const requests = told();
    expect(requests.indexOf('DELETE listeners/1')).toBeLessThan(requests.indexOf(uploadTo(2)));
    expect([...held.keys()]).toEqual([listenerId(2)]);
  });

  it('that are gone already are no failure', async () => {
    played.agent.answer = (request) => (request.method === 'DELETE' ? UNKNOWN : answer(request));
    held.set(listenerId(1), { text: '', running: null });
    expect(await apply({ listeners: [{ ...udp, adminStateUp: false }] })).toEqual({ method: 'stop' });
  });

  it('are reloaded always by agents that do not say what runs', async () => {
    played.agent.answer = (request) => (request.path.endsWith('udp_listener') ? OK : answer(request));
    held.set(listenerId(1), { text: '', running: null });
    expect(await apply({ listeners: [udp] })).toEqual({ method: 'reload' });
    expect(told().slice(-2)).toEqual([uploadTo(1), 'PUT loadbalancer/1/reload']);
  });

  it('that the amphora refuses fail the operation in the amphora’s own words', async () => {
    const details = 'The kernel of this amphora has no IP Virtual Server (IPVS, module ip_vs)';
    const refusal = { status: 400, body: { message: 'UDP and SCTP listeners are not possible here', details } };
    played.agent.answer = (request) => (request.path.endsWith('udp_listener') ? refusal : answer(request));
    await expect(apply({ listeners: [udp] })).rejects.toMatchObject({
      code: 'AMPHORA_REFUSED',
      message: expect.stringContaining(`UDP and SCTP listeners are not possible here: ${details}`),
    });
  });

  it('of an agent that answers something else are not taken for none', async () => {
    played.agent.answer = (request) => (request.path === '/1.0/listeners' ? OK : answer(request));
    await expect(apply({ listeners: [udp] })).rejects.toThrow('another shape than expected');
  });
});
