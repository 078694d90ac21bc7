/** What an amphora is sent after its HAProxy refused a listener. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { L7Policy, L7Rule, LoadBalancerTree } from '../../src/domain/resources.ts';
import type { ScriptedAnswer, SeenRequest } from './support/agent-server.ts';
import { playAgent } from './support/played-agent.ts';
import { listenerId, makeAmphora, makeTree, policyId, poolId, type TreeInput } from './support/tree.ts';

let stored: string | null;
/** Lines that HAProxy refuses. */
let bad: RegExp;

const WORDS = `[NOTICE]   (54) : haproxy version is 2.6.12-1+deb12u4
[NOTICE]   (54) : path to executable is /usr/sbin/haproxy
`;

function refusal(text: string): string | null {
  const alerts = text.split('\n').flatMap((line, index) => {
    if (!bad.test(line)) return [];
    const said = `no '${line.trim().split(' ')[0]}' from file '/var/lib/octavia/x/f.pem' : bad.`;
    return [`[ALERT]    (54) : config : parsing [haproxy.cfg:${index + 1}] : ${said}\n`];
  });
  return alerts.length === 0
    ? null
    : `${WORDS}${alerts.join('')}[ALERT]    (54) : config : Fatal errors found in configuration.\n`;
}

function answer({ method, path, body }: SeenRequest): ScriptedAnswer {
  if (!path.endsWith('/haproxy')) return { status: 202, body: { message: 'OK' } };
  if (method === 'GET') return stored === null ? { status: 404, body: {} } : { status: 200, body: stored };
  const details = refusal(body);
  if (details !== null) return { status: 400, body: { message: 'Invalid request', details } };
  stored = body;
  return { status: 201, body: { message: 'OK', uploaded: body, running: null } };
}

beforeEach(() => {
  stored = null;
  bad = /^ {4}bind \S+:82\b/;
});
const played = playAgent(answer);

const apply = (tree: LoadBalancerTree) => played.driver.apply(makeAmphora(), tree);
const uploads = (): number =>
  played.agent.seen.filter(({ method, path }) => method === 'PUT' && path.endsWith('/haproxy')).length;
const reasonOf = (n: number, word: string): string =>
  `HAProxy refused the configuration of listener ${listenerId(n)}: no '${word}' : bad.`;
const refusedListener = (n: number, word: string) => ({
  listenerId: listenerId(n),
  reason: reasonOf(n, word),
  code: 'CONFIGURATION_REFUSED',
});

/** Listeners at ports 81, 82, …, each with a pool of its own. */
const ports = (count: number, more: TreeInput = {}): LoadBalancerTree =>
  makeTree({
    listeners: Array.from({ length: count }, (_, index) => ({
      protocolPort: 81 + index,
      defaultPoolId: poolId(index + 1),
    })),
    pools: Array.from({ length: count }, () => ({})),
    ...more,
  });
const frontends = (): string[] => [...(stored ?? '').matchAll(/^frontend (\S+)$/gm)].map((match) => match[1]!).sort();

it('serves everything but the listener that is refused, and says why', async () => {
  const unusable = [refusedListener(2, 'bind')];
  expect(await apply(ports(3))).toEqual({ method: 'start', unusable });
  expect(frontends()).toEqual([listenerId(1), listenerId(3)]);
  expect(stored).not.toContain(poolId(2));
  expect(uploads()).toBe(2);
});

it('names the listener by the backend that is refused', async () => {
  bad = /^ {4}server .*198\.18\.8\.1:/;
  const tree = ports(2, { members: [{ poolId: poolId(2) }] });
  const unusable = [refusedListener(2, 'server')];
  expect(await apply(tree)).toEqual({ method: 'start', unusable });
  expect(frontends()).toEqual([listenerId(1)]);
});

it('takes a refused listener by its name where HAProxy tells no line', async () => {
  played.agent.answer = (seen) => {
    if (seen.method !== 'PUT' || !seen.body.includes(listenerId(1))) return answer(seen);
    const details = `[ALERT]    (9) : config : Proxy '${listenerId(1)}': no way.\n`;
    return { status: 400, body: { message: 'Invalid request', details } };
  };
  bad = /nothing/;
  expect((await apply(ports(2))).unusable?.map((broken) => broken.listenerId)).toEqual([listenerId(1)]);
  expect(frontends()).toEqual([listenerId(2)]);
});

it('stops HAProxy when every listener is refused', async () => {
  bad = /^ {4}bind /;
  expect(await apply(ports(2))).toMatchObject({ method: 'stop', unusable: [{}, {}] });
});

it('lets a listener go on with what it has in force', async () => {
  bad = /nothing/;
  await apply(ports(2));
  bad = /^ {4}timeout client 1234$/;
  const tree = ports(2, { members: [{ poolId: poolId(1) }] });
  tree.listeners[1]!.timeoutClientData = 1234;
  const unusable = [refusedListener(2, 'timeout')];
  expect(await apply(tree)).toMatchObject({ unusable });
  expect(frontends()).toEqual([listenerId(1), listenerId(2)]);
  expect(stored).toContain('198.18.8.1:8080');
  expect(stored).toContain(`backend ${poolId(2)}:${listenerId(2)}\n`);
  // The same once more: what it has in force is still there.
  expect(await apply(tree)).toMatchObject({ unusable });
  expect(frontends()).toEqual([listenerId(1), listenerId(2)]);
});

it('leaves it out when that is refused too', async () => {
  bad = /nothing/;
  await apply(ports(2));
  bad = /^ {4}bind \S+:82\b/;
  expect(await apply(ports(2))).toMatchObject({ unusable: [{ listenerId: listenerId(2) }] });
  expect(frontends()).toEqual([listenerId(1)]);
  expect(uploads()).toBe(4);
});

describe('on a new amphora', () => {
  const refused = {
    provisioningStatus: 'PENDING_UPDATE',
    operatingStatus: 'OFFLINE',
    statusReason: 'any words',
    statusCode: 'CONFIGURATION_REFUSED',
    updatedAt: new Date(),
  } as const;
  const unusable = [refusedListener(1, 'acl')];
  /** The first policy has a good rule, and one that HAProxy refuses. */
  const withRules = (rule: Partial<L7Rule>, policy: Partial<L7Policy> = {}): LoadBalancerTree =>
    ports(2, {
      l7policies: [policy, {}],
      l7rules: [{ value: '/first' }, { value: '/bad', ...rule }, { value: '/other', l7policyId: policyId(2) }],
    });
  beforeEach(() => {
    bad = /\/bad/;
  });

  it('leaves out a rule alone that was refused from the beginning', async () => {
    expect(await apply(withRules(refused))).toEqual({ method: 'start', unusable });
    expect(frontends()).toEqual([listenerId(1), listenerId(2)]);
    expect(stored).toContain('/first');
    expect(stored).toContain('/other');
  });

  it('leaves out a policy alone that was refused from the beginning', async () => {
    expect(await apply(withRules({}, refused))).toEqual({ method: 'start', unusable });
    expect(frontends()).toEqual([listenerId(1), listenerId(2)]);
    expect(stored).not.toContain('/first');
    expect(stored).toContain('/other');
  });

  it.each<[string, Partial<L7Rule>]>([
    ['was in force as something else', { ...refused, operatingStatus: 'ONLINE' }],
    ['has another fault, too', { ...refused, statusReason: reasonOf(1, 'acl'), statusCode: 'AMPHORA_UNREACHABLE' }],
  ])('leaves out the listener where what is refused %s', async (_what, rule) => {
    expect(await apply(withRules(rule))).toMatchObject({ unusable });
    expect(frontends()).toEqual([listenerId(2)]);
  });

  it('leaves out the listener where more is refused', async () => {
    bad = /\/bad|^ {4}bind \S+:81\b/;
    expect(await apply(withRules(refused))).toMatchObject({ unusable: [{ listenerId: listenerId(1) }] });
    expect(frontends()).toEqual([listenerId(2)]);
    expect(uploads()).toBe(3);
  });
});

it('fails the change whose own listener is refused, and leaves the amphora as it is', async () => {
  bad = /nothing/;
  await apply(ports(1));
  bad = /^ {4}bind \S+:82\b/;
  const tree = ports(2);
  tree.listeners[1]!.provisioningStatus = 'PENDING_CREATE';
  const error = { code: 'CONFIGURATION_REFUSED', message: reasonOf(2, 'bind') };
  await expect(apply(tree)).rejects.toMatchObject(error);
  expect(frontends()).toEqual([listenerId(1)]);
});

it('fails no change for what was in ERROR before, though its listener waits', async () => {
  const tree = ports(2);
  Object.assign(tree.listeners[1]!, {
    provisioningStatus: 'PENDING_UPDATE',
    statusReason: 'Before.',
    statusCode: 'AMPHORA_REFUSED',
  });
  expect(await apply(tree)).toMatchObject({ unusable: [{ listenerId: listenerId(2) }] });
  const below = ports(2, { members: [{ poolId: poolId(2), provisioningStatus: 'ERROR' }] });
  below.listeners[1]!.provisioningStatus = 'PENDING_UPDATE';
  expect(await apply(below)).toMatchObject({ unusable: [{ listenerId: listenerId(2) }] });
});

it('leaves out what is refused of a load balancer that is created', async () => {
  const tree = ports(2, { loadBalancer: { provisioningStatus: 'PENDING_CREATE' } });
  for (const listener of tree.listeners) listener.provisioningStatus = 'PENDING_CREATE';
  expect(await apply(tree)).toMatchObject({ unusable: [{ listenerId: listenerId(2) }] });
  expect(frontends()).toEqual([listenerId(1)]);
});

it('fails with the objection alone when it is about no listener', async () => {
  bad = /^defaults$/;
  const error = await apply(ports(1)).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'AMPHORA_REFUSED' });
  expect((error as Error).message).toMatch(/\/haproxy: no 'defaults' : bad\.$/);
});
