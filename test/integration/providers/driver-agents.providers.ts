/**
 * Both sides of the sockets twice: the driver agents are ours and that of OpenStack Octavia, the driver libraries ours and that of
 * OpenStack. The same objects stand in both databases, so what is said can be compared byte by byte.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DriverLibrary, type SocketPaths, UpdateStatisticsError, UpdateStatusError } from '@octavia/provider-lib';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { LoadBalancerTree } from '../../../packages/controller/src/domain/resources.ts';
import { pythonJson } from '../../../packages/controller/src/driver-agent/python-json.ts';
import * as loadBalancers from '../../../packages/controller/src/store/resources/load-balancers.ts';
import {
  type AgentRig,
  ask,
  inUse,
  LIST_OF,
  PLANTED_KINDS,
  type Planted,
  plant,
  startAgent,
  statuses,
} from '../../../packages/controller/test/driver-agent/support.ts';
import { type OctaviaAgent, startOctaviaAgent } from './octavia-agent.ts';
import { type Exchange, type Recorder, record } from './recorder.ts';

const PYTHON = '/usr/bin/python3';
const run = process.env.OCTAVIA_PROVIDERS_FOLDER ?? tmpdir();
const folder = mkdtempSync(join(run, 'sockets-'));

let ours: AgentRig;
let theirs: OctaviaAgent;
beforeAll(async () => {
  ours = await startAgent({ settings: { status_request_timeout: 1 } });
  theirs = await startOctaviaAgent(join(run, 'octavia'));
});
afterAll(async () => {
  await ours?.close();
  await theirs?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** The same objects for both agents. */
async function plantBoth(
  given: Parameters<typeof plant>[1] = {},
): Promise<{ planted: Planted; tree: LoadBalancerTree }> {
  const planted = await plant(ours.database, given);
  const tree = await loadBalancers.tree(ours.database.store.db, planted.loadBalancer);
  if (tree === null) throw new Error('The tree is not there');
  theirs.plant(tree);
  return { planted, tree };
}

type Call = [method: string, argument: unknown];
/** What came of each call, and what was said for it. */
interface Driven {
  outcomes: unknown[];
  said: Exchange[];
}

const ERROR_FIELDS = ['status_object', 'status_object_id', 'stats_object', 'stats_object_id'] as const;

async function callTypeScript(library: DriverLibrary, [method, argument]: Call): Promise<unknown> {
  try {
    const call = library[method as 'get_pool'] as (argument: unknown) => ReturnType<DriverLibrary['get_pool']>;
    const answer = await call.call(library, argument);
    return answer ? answer.to_dict({ recurse: true, render_unsets: true }) : null;
  } catch (error) {
    if (!(error instanceof UpdateStatusError || error instanceof UpdateStatisticsError)) throw error;
    const fields = ERROR_FIELDS.map((name) => [name, (error as unknown as Record<string, unknown>)[name] ?? null]);
    return { error: error.name, ...Object.fromEntries(fields) };
  }
}

const CLIENTS: Record<'TypeScript' | 'Python', (sockets: SocketPaths, calls: readonly Call[]) => Promise<unknown[]>> = {
  async TypeScript(sockets, calls) {
    const library = await DriverLibrary.open(sockets);
    const outcomes: unknown[] = [];
    for (const call of calls) outcomes.push(await callTypeScript(library, call));
    return outcomes;
  },
  Python(sockets, calls) {
    const script = join(import.meta.dirname, 'driver.py');
    return new Promise((resolve, reject) => {
      // Not synchronously: the agent and the recorder are in this process.
      const child = execFile(PYTHON, [script], (error, stdout) =>
        error ? reject(error) : resolve(JSON.parse(stdout) as unknown[]),
      );
      child.stdin?.end(JSON.stringify([sockets, calls]));
    });
  },
};

let drives = 0;
async function drive(client: keyof typeof CLIENTS, to: SocketPaths, calls: readonly Call[]): Promise<Driven> {
  const recorders: Recorder[] = [];
  const sockets = { ...to };
  drives += 1;
  for (const [name, path] of Object.entries(to)) {
    const recorder = await record(join(folder, `${drives}-${name}`), path);
    recorders.push(recorder);
    sockets[name as keyof SocketPaths] = recorder.path;
  }
  const outcomes = await CLIENTS[client](sockets, calls);
  const said = recorders.flatMap((recorder) => recorder.taken());
  await Promise.all(recorders.map((recorder) => recorder.close()));
  return { outcomes, said };
}

const body = (message: string): unknown => JSON.parse(message.slice(message.indexOf('\n') + 1));

const framed = (json: string): string => `${Buffer.byteLength(json)}\n${json}`;
/**
 * As many bytes, and the same ones but for the order of fields, which Octavia's agent does not keep either: a rule has another below
 * its policy than alone. Faults are told in other words; what they are about is the same. Ours also names the listener whose numbers are
 * refused.
 */
function comparable(answer: string): unknown {
  const { fault_string, stats_object_id, ...rest } = body(answer) as Record<string, unknown>;
  if (fault_string !== undefined) return rest;
  return Object.keys(rest).length <= 1 ? answer : [answer.slice(0, answer.indexOf('\n')), rest];
}
/** Our library knows fields of later releases, which nobody has set here. */
const NEWER = ['vip_sg_ids', 'hsts_max_age', 'hsts_include_subdomains', 'hsts_preload', 'vnic_type'];
const asOfOctavia11 = (outcome: unknown): unknown => {
  if (typeof outcome !== 'object' || outcome === null) return outcome;
  const { stats_object_id, ...fields } = outcome as Record<string, unknown>;
  for (const name of NEWER) {
    expect(fields[name] ?? null, name).toBeNull();
    delete fields[name];
  }
  return fields;
};

const GETTERS = {
  loadBalancer: 'get_loadbalancer',
  listener: 'get_listener',
  pool: 'get_pool',
  member: 'get_member',
  monitor: 'get_healthmonitor',
  policy: 'get_l7policy',
  rule: 'get_l7rule',
} as const;
const NOBODY = '00000000-0000-4000-8000-000000000000';
const COUNTS = { active_connections: 3, bytes_in: 10, bytes_out: 20, request_errors: 1, total_connections: 7 };

/** Everything that a driver does, the errors among it. */
const callsOf = (planted: Planted): Call[] => [
  ...PLANTED_KINDS.map((kind): Call => [GETTERS[kind], planted[kind]]),
  ...PLANTED_KINDS.map((kind): Call => [GETTERS[kind], NOBODY]),
  [
    'update_loadbalancer_status',
    Object.fromEntries(
      PLANTED_KINDS.map((kind) => [
        LIST_OF[kind],
        [{ id: planted[kind], provisioning_status: 'ACTIVE', operating_status: 'ONLINE' }],
      ]),
    ),
  ],
  ['update_loadbalancer_status', {}],
  ['update_loadbalancer_status', { pools: [{ id: planted.pool }] }],
  ['update_loadbalancer_status', { pools: [{ id: planted.pool, provisioning_status: 'Übel' }] }],
  ['update_loadbalancer_status', { listeners: [{ provisioning_status: 'ACTIVE' }] }],
  ['update_listener_statistics', { listeners: [{ id: planted.listener, ...COUNTS }] }],
  ['update_listener_statistics', { listeners: [] }],
  ['update_listener_statistics', { listeners: [{ id: planted.listener, bytes_in: 1 }] }],
];

it('four ways, the same is said', async () => {
  const { planted, tree } = await plantBoth();
  const calls = callsOf(planted);
  const driven: Record<string, Driven> = {};
  for (const client of ['TypeScript', 'Python'] as const) {
    driven[`${client} to ours`] = await drive(client, ours.sockets, calls);
    driven[`${client} to theirs`] = await drive(client, theirs.sockets, calls);
  }
  const { outcomes } = driven['Python to theirs'] as Driven;
  // It is no comparison of nothing with nothing.
  expect(outcomes.slice(0, 7)).toEqual([
    expect.objectContaining({ loadbalancer_id: planted.loadBalancer, vip_address: '198.18.4.10' }),
    expect.objectContaining({
      listener_id: planted.listener,
      default_pool: expect.objectContaining({ pool_id: planted.pool }),
    }),
    expect.objectContaining({
      pool_id: planted.pool,
      members: [expect.objectContaining({ member_id: planted.member })],
    }),
    expect.objectContaining({ member_id: planted.member }),
    expect.objectContaining({ healthmonitor_id: planted.monitor }),
    expect.objectContaining({ l7policy_id: planted.policy }),
    expect.objectContaining({ l7rule_id: planted.rule }),
  ]);
  const all = (status: string) => Object.fromEntries(PLANTED_KINDS.map((kind) => [planted[kind], status]));
  expect(theirs.statuses(tree)).toEqual(all('ACTIVE/ONLINE'));
  expect(await statuses(ours.database, planted)).toEqual(
    Object.fromEntries(PLANTED_KINDS.map((kind) => [kind, 'ACTIVE/ONLINE'])),
  );
  for (const [name, { said, ...one }] of Object.entries(driven)) {
    const reference = (driven['Python to theirs'] as Driven).said;
    expect(said, name).toHaveLength(calls.length);
    expect(one.outcomes.map(asOfOctavia11), name).toEqual(outcomes.map(asOfOctavia11));
    // Both libraries mean the same; Python puts blanks into its JSON, and nothing but ASCII.
    expect(
      said.map(({ request }) => framed(pythonJson(body(Buffer.from(request, 'latin1').toString())))),
      name,
    ).toEqual(reference.map(({ request }) => request));
    expect(
      said.map(({ answer }) => comparable(answer)),
      name,
    ).toEqual(reference.map(({ answer }) => comparable(answer)));
  }
});

/** Messages, whose answers and effects are compared. */
const CASES: [what: string, message: (planted: Planted) => object][] = [
  ['one child DELETED', ({ member }) => ({ members: [{ id: member, provisioning_status: 'DELETED' }] })],
  [
    'DELETED twice in a message',
    ({ member }) => ({
      members: [
        { id: member, provisioning_status: 'DELETED' },
        { id: member, provisioning_status: 'DELETED' },
      ],
    }),
  ],
  [
    'everything below, DELETED bottom-up whatever the order of the lists',
    (planted) =>
      Object.fromEntries(
        PLANTED_KINDS.filter((kind) => kind !== 'loadBalancer').map((kind) => [
          LIST_OF[kind],
          [{ id: planted[kind], provisioning_status: 'DELETED' }],
        ]),
      ),
  ],
  [
    'what comes before the record that fails stays',
    ({ member, pool, listener }) => ({
      members: [{ id: member, provisioning_status: 'ACTIVE' }],
      pools: [{ id: pool, provisioning_status: 'DOWN' }],
      listeners: [{ id: listener, provisioning_status: 'ACTIVE' }],
    }),
  ],
  ['an operating status alone', ({ pool }) => ({ pools: [{ id: pool, operating_status: 'DEGRADED' }] })],
  ['DELETED of what is not there', () => ({ l7rules: [{ id: NOBODY, provisioning_status: 'DELETED' }] })],
  ['lists that nobody knows', ({ pool }) => ({ amphorae: [{ id: pool, provisioning_status: 'ACTIVE' }] })],
];

it.each(CASES)('both agents answer alike, and do the same: %s', async (_what, message) => {
  const { planted, tree } = await plantBoth();
  const [here, there] = await Promise.all(
    [ours.sockets, theirs.sockets].map((to) => ask(to.status_socket, message(planted))),
  );
  const words = (answer: unknown) => ({ ...(answer as object), fault_string: expect.anything() });
  if ((there as { status_code: number }).status_code === 200) expect(here).toEqual(there);
  else expect(here).toEqual(words(there));
  const own = await statuses(ours.database, planted);
  const found = theirs.statuses(tree);
  expect(own).toEqual(Object.fromEntries(PLANTED_KINDS.map((kind) => [kind, found[planted[kind]] ?? 'gone'])));
  const used = await inUse(ours.database, planted);
  expect(used).toEqual(theirs.inUse(planted.project));
});

it('a load balancer that is DELETED is counted once, and not read any more', async () => {
  const { planted, tree } = await plantBoth({ waits: 'PENDING_DELETE' });
  const below = PLANTED_KINDS.filter((kind) => kind !== 'loadBalancer');
  const gone = (kinds: typeof PLANTED_KINDS) =>
    Object.fromEntries(kinds.map((kind) => [LIST_OF[kind], [{ id: planted[kind], provisioning_status: 'DELETED' }]]));
  for (const message of [gone(below), gone(['loadBalancer']), gone(['loadBalancer'])]) {
    for (const { sockets } of [ours, theirs])
      expect(await ask(sockets.status_socket, message)).toEqual({ status_code: 200 });
  }
  for (const { sockets } of [ours, theirs])
    expect(await ask(sockets.get_socket, { object: 'loadbalancers', id: planted.loadBalancer })).toEqual({});
  expect(theirs.statuses(tree)).toEqual({ [planted.loadBalancer]: 'DELETED/OFFLINE' });
  expect((await statuses(ours.database, planted)).loadBalancer).toMatch(/^DELETED\//);
  expect(await inUse(ours.database, planted)).toEqual(theirs.inUse(planted.project));
});
