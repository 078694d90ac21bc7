/**
 * Random changes with random disturbances against a model of what was promised. A seed says everything: the changes, where a
 * worker dies, which step fails.
 */
import { randomUUID } from 'node:crypto';
import type { Topology } from '../../../src/domain/statuses.ts';
import { OctaviaError } from '../../../src/errors.ts';
import { Crash, type FaultListener } from '../../../src/flows/fault-points.ts';
import type { Trial } from './harness.ts';
import { randomOf } from './random.ts';

const CHANGES = 5;

/** Where seeds are played. */
export interface Setting {
  trial(topology: Topology): Trial;
  vipSubnet: string;
  /** Of a member, which may be another one each time. */
  memberSubnet(random: () => number): string;
  /** What must hold whenever nothing is going on and does not. */
  breaches(trial: Trial): Promise<string[]>;
}

/** What all seeds together went through. */
const seen = { operations: 0, failures: 0, deaths: 0 };

/** What the API has promised: objects by path, with the attribute that updates change. */
type Model = Map<string, { parent: string | null; name: string }>;

interface Run {
  setting: Setting;
  trial: Trial;
  model: Model;
  random(): number;
  /** Of the load balancer. */
  path: string;
  project: string;
  port: number;
}

const pick = <T>({ random }: Pick<Run, 'random'>, from: readonly T[]): T | undefined =>
  from[Math.floor(random() * from.length)];
const some = ({ model }: Run, pattern: RegExp): string[] => [...model.keys()].filter((path) => pattern.test(path));

/** One promise, or what it takes back. */
interface Change {
  /** What the model is once the request was accepted. */
  accepted(): void;
  /** And once the change has succeeded. */
  succeeded?(): void;
}

const without = (model: Model, path: string): void => {
  model.delete(path);
  for (const [child, { parent }] of [...model]) if (parent === path) without(model, child);
};

const CREATED: Record<
  string,
  { collection(run: Run): string; parent: RegExp; body(run: Run, parent: string): object }
> = {
  listener: {
    parent: /\/loadbalancers\//,
    collection: () => '/lbaas/listeners',
    body: (run) => ({ loadbalancer_id: run.trial.loadBalancerId, protocol: 'HTTP', protocol_port: ++run.port }),
  },
  pool: {
    parent: /\/loadbalancers\//,
    collection: () => '/lbaas/pools',
    body: (run) => ({ loadbalancer_id: run.trial.loadBalancerId, protocol: 'HTTP', lb_algorithm: 'ROUND_ROBIN' }),
  },
  member: {
    parent: /\/pools\/[^/]+$/,
    collection: () => '',
    body: (run) => ({
      address: `192.0.2.${1 + Math.floor(run.random() * 250)}`,
      protocol_port: ++run.port,
      ...(run.random() < 0.5 ? { subnet_id: run.setting.memberSubnet(run.random) } : {}),
    }),
  },
  l7policy: {
    parent: /\/listeners\//,
    collection: () => '/lbaas/l7policies',
    body: (_run, parent) => ({ listener_id: parent.split('/').at(-1), action: 'REJECT' }),
  },
};

async function createSomething(run: Run): Promise<Change | null> {
  const [wrapper, kind] = pick(run, Object.entries(CREATED)) ?? [];
  if (!wrapper || !kind) return null;
  const parent = pick(run, some(run, kind.parent));
  if (!parent) return null;
  const collection = wrapper === 'member' ? `${parent}/members` : kind.collection(run);
  const answer = await run.trial.api('POST', collection, { [wrapper]: { ...kind.body(run, parent), name: 'new' } });
  const path = `${collection}/${answer[wrapper].id}`;
  return { accepted: () => void run.model.set(path, { parent, name: 'new' }) };
}

async function updateSomething(run: Run): Promise<Change | null> {
  const path = pick(run, [...run.model.keys()]);
  if (!path) return null;
  const name = `name-${Math.floor(run.random() * 1000)}`;
  await run.trial.api('PUT', path, { [wrapperOf(path)]: { name } });
  return {
    accepted() {
      const entry = run.model.get(path);
      if (entry) entry.name = name;
    },
  };
}

async function deleteSomething(run: Run): Promise<Change | null> {
  const path = pick(run, some(run, /\/(listeners|pools|members|l7policies)\/[^/]+$/));
  if (!path) return null;
  await run.trial.api('DELETE', path);
  return { accepted: () => undefined, succeeded: () => without(run.model, path) };
}

async function failOver(run: Run): Promise<Change> {
  await run.trial.api('PUT', `${run.path}/failover`);
  return { accepted: () => undefined };
}

const wrapperOf = (path: string): string =>
  ({ loadbalancers: 'loadbalancer', listeners: 'listener', pools: 'pool', members: 'member', l7policies: 'l7policy' })[
    path.split('/').at(-2) ?? ''
  ] ?? '';

/** Nothing, a worker that dies at some point or after some call, or a step that fails. */
function disturbance(run: Run): FaultListener | null {
  const { random, trial } = run;
  const kind = random();
  const at = Math.floor(random() * 14);
  trial.world.afterCall = () => undefined;
  if (kind < 0.3) return null;
  let count = -1;
  const once = (act: () => never) => () => {
    count += 1;
    if (count === at) act();
  };
  const crash = () => {
    seen.deaths += 1;
    throw new Crash();
  };
  if (kind < 0.55) {
    trial.world.afterCall = once(crash);
    return null;
  }
  if (kind < 0.8) return once(crash);
  const fail = once(() => {
    throw new OctaviaError('AMPHORA_UNREACHABLE', { id: 'x', address: 'y', detail: 'z' });
  });
  return (point) => {
    if (/\/(before|after)-effect$/.test(point) && !/\/(settle|begin|undo )/.test(point)) fail();
  };
}

/** What differs between the promises and what the API shows. */
async function broken(run: Run): Promise<string[]> {
  const found: string[] = [];
  const shown = new Map<string, string>();
  const visit = async (collection: string, query: string) => {
    const [rows] = Object.values(await run.trial.api('GET', `${collection}?${query}`)) as {
      id: string;
      name: string;
    }[][];
    for (const { id, name } of rows ?? []) shown.set(`${collection}/${id}`, name);
  };
  const project = `project_id=${run.project}`;
  for (const kind of ['loadbalancers', 'listeners', 'pools', 'l7policies']) await visit(`/lbaas/${kind}`, project);
  for (const pool of some(run, /\/pools\/[^/]+$/)) await visit(`${pool}/members`, '');
  for (const [path, { name }] of run.model) {
    if (!shown.has(path)) found.push(`lost: ${path}`);
    else if (shown.get(path) !== name) found.push(`${path} is named ${shown.get(path)}, not ${name}`);
  }
  for (const path of shown.keys()) if (!run.model.has(path)) found.push(`nobody wished for ${path}`);
  // What is counted is what is there.
  const { quota } = (
    await run.trial.harness.store.pool.query('select * from quota where project_id = $1', [run.project])
  ).rows.map((row) => ({ quota: row }))[0] ?? { quota: null };
  const counted: [string, RegExp][] = [
    ['load_balancer', /\/loadbalancers\//],
    ['listener', /\/listeners\/[^/]+$/],
    ['pool', /\/pools\/[^/]+$/],
    ['member', /\/members\//],
    ['l7policy', /\/l7policies\//],
  ];
  for (const [kind, pattern] of counted) {
    const used = quota?.[`${kind}_in_use`] ?? null;
    const there = some(run, pattern).length;
    if (used !== null && used !== there) found.push(`quota counts ${used} of ${kind}, ${there} are there`);
  }
  return found;
}

async function play(setting: Setting, seed: number): Promise<string[]> {
  const random = randomOf(seed);
  const trial = setting.trial(random() < 0.7 ? 'SINGLE' : 'ACTIVE_STANDBY');
  const project = randomUUID();
  const body = { loadbalancer: { vip_subnet_id: setting.vipSubnet, project_id: project, name: 'new' } };
  const { loadbalancer } = await trial.api('POST', '/lbaas/loadbalancers', body);
  trial.loadBalancerId = loadbalancer.id;
  const path = `/lbaas/loadbalancers/${loadbalancer.id}`;
  const run: Run = {
    setting,
    trial,
    random,
    path,
    project,
    port: 1000,
    model: new Map([[path, { parent: null, name: 'new' }]]),
  };
  const story: string[] = [];
  const check = async (when: string) => {
    const found = [...(await setting.breaches(trial)), ...(await broken(run))];
    return found.map((text) => `${when}: ${text} [${story.join(', ')}]`);
  };

  const carryOut = async (change: Change | null) => {
    change?.accepted();
    for (const operation of await trial.open()) {
      const { kind, state } = await trial.live(operation, disturbance(run));
      trial.world.afterCall = () => undefined;
      story.push(`${kind} ${state}`);
      seen.operations += 1;
      if (state === 'failed') seen.failures += 1;
      if (state === 'succeeded') change?.succeeded?.();
    }
    trial.world.changes.length = 0;
  };

  await carryOut(null);
  for (let count = 0; count < CHANGES; count++) {
    const { provisioning_status } = (await trial.api('GET', path)).loadbalancer;
    const ways = [createSomething, createSomething, createSomething, updateSomething, deleteSomething, failOver];
    // From ERROR only failover and delete are legal.
    const way = provisioning_status === 'ACTIVE' ? pick(run, ways) : failOver;
    const change = (await way?.(run)) ?? null;
    if (!change) continue;
    await carryOut(change);
    const wrong = await check(`after change ${count + 1}`);
    if (wrong.length > 0) return wrong;
  }
  await trial.api('DELETE', `${path}?cascade=true`);
  for (const operation of await trial.open()) await trial.live(operation);
  run.model.clear();
  return check('at the end');
}

/** @param only one seed alone @returns promises that were broken */
export async function playSeeds(
  setting: Setting,
  { seeds, only, beside }: { seeds: number; only: string | undefined; beside: number },
): Promise<{ wrong: string[]; operations: number }> {
  Object.assign(seen, { operations: 0, failures: 0, deaths: 0 });
  const waiting = only ? [Number(only)] : Array.from({ length: seeds }, (_, index) => index + 1);
  const total = waiting.length;
  const wrong: string[] = [];
  await Promise.all(
    Array.from({ length: beside }, async () => {
      for (let seed = waiting.shift(); seed !== undefined; seed = waiting.shift()) {
        const found = await play(setting, seed).catch((error: unknown) => [String((error as Error).stack)]);
        wrong.push(...found.map((text) => `seed ${seed}: ${text}`));
      }
    }),
  );
  const { operations, failures, deaths } = seen;
  console.log(
    `${total} seeds: ${operations} operations, ${failures} of them failed, ${deaths} deaths of workers, ` +
      `${wrong.length} promises broken.`,
  );
  return { wrong, operations };
}
