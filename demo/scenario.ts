/** What the demo shows and insists on. */
import { ApiError, NotFoundError, OctaviaClient, poll } from '@octavia/client';
import { createBackends } from './backend.ts';
import { addHealthMonitor, addMember, type Balancer, createBalancer, removeBalancer } from './balancer.ts';
import type { Cleanup } from './cleanup.ts';
import type { ControlPlane } from './control-plane.ts';
import { findLeftovers, takeInventory } from './leftovers.ts';
import { sendRequests, type Tally, waitForAnswer } from './traffic.ts';

const REQUESTS = 200;
/** Detection takes two failed checks and a heartbeat: about 4 s. */
const STATUS_TIMEOUT_MS = 30_000;

export interface ScenarioOptions {
  controlPlane: ControlPlane;
  stateDir: string;
  cleanup: Cleanup;
  say: (line: string) => void;
}

/** @throws Error with a sentence when something does not hold */
export async function runScenario({ controlPlane, stateDir, cleanup, say }: ScenarioOptions): Promise<void> {
  const client = new OctaviaClient({ baseUrl: controlPlane.endpoint, projectId: 'demo' });
  const before = await takeInventory(stateDir);
  const started = Date.now();
  const seconds = (): string => `${((Date.now() - started) / 1000).toFixed(1).padStart(5)} s`;
  const show = (line: string): void => say(`${seconds()}  ${line}`);

  const [one, two] = await createBackends(controlPlane.subnets.private, 2);
  if (!one || !two) throw new Error('Two back ends are needed.');
  cleanup.add('back ends', () => Promise.all([one.remove(), two.remove()]));
  show(`back ends: ${one.name} at ${one.address}, ${two.name} at ${two.address}`);

  const balancer = await createBalancer(client, controlPlane, 'demo');
  cleanup.add('load balancer', () => removeByForce(client, balancer.id));
  show(`load balancer ${balancer.id} is ACTIVE, VIP ${balancer.vip}`);
  for (const backend of [one, two]) await addMember(client, balancer, backend, controlPlane.subnets.private.id);
  await addHealthMonitor(client, balancer);
  show('listener HTTP :80, pool ROUND_ROBIN, two members, health monitor HTTP every second');

  await Promise.all([one.name, two.name].map((name) => waitForMember(client, balancer, name, 'ONLINE')));
  await waitForAnswer(balancer.vip, (answer) => answer.status === 200);
  show('both members are ONLINE');

  const both = await sendRequests(balancer.vip, REQUESTS);
  show(`${REQUESTS} requests: ${describe(both)}`);
  insist(both.failed.length === 0, `${both.failed.length} requests failed: ${both.failed[0]?.text}`);
  for (const { name } of [one, two]) {
    const share = both.byBackend.get(name) ?? 0;
    insist(Math.abs(share - REQUESTS / 2) <= REQUESTS / 10, `${name} got ${share} of ${REQUESTS} requests`);
  }

  await two.kill();
  show(`${two.name} killed`);
  await waitForMember(client, balancer, two.name, 'ERROR');
  show(`${two.name} is ERROR`);
  const alone = await sendRequests(balancer.vip, REQUESTS);
  show(`${REQUESTS} requests: ${describe(alone)}`);
  insist(alone.failed.length === 0, `${alone.failed.length} requests failed after detection: ${alone.failed[0]?.text}`);
  insist(alone.byBackend.get(one.name) === REQUESTS, `${one.name} did not get every request`);

  await two.start();
  show(`${two.name} started again`);
  await waitForMember(client, balancer, two.name, 'ONLINE');
  show(`${two.name} is ONLINE`);
  const again = await sendRequests(balancer.vip, REQUESTS);
  show(`${REQUESTS} requests: ${describe(again)}`);
  insist(again.failed.length === 0, `${again.failed.length} requests failed: ${again.failed[0]?.text}`);
  insist((again.byBackend.get(two.name) ?? 0) > 0, `${two.name} gets no requests after its return`);

  await removeBalancer(client, balancer);
  show('health monitor, members, pool, listener and load balancer deleted');
  const failures = await cleanup.run();
  insist(failures.length === 0, failures.join('; '));
  const left = await findLeftovers(stateDir, before);
  insist(left.length === 0, `left over: ${left.join(', ')}`);
  show('nothing left over');
}

function insist(holds: boolean, sentence: string): asserts holds {
  if (!holds) throw new Error(sentence);
}

const describe = ({ byBackend, failed }: Tally): string =>
  [
    ...[...byBackend].sort().map(([name, count]) => `${name} ${count}`),
    ...(failed.length > 0 ? [`failed ${failed.length}`] : []),
  ].join(', ');

function waitForMember(client: OctaviaClient, balancer: Balancer, name: string, wanted: string): Promise<void> {
  const memberId = balancer.memberIds.get(name) ?? '';
  return poll({ timeoutMs: STATUS_TIMEOUT_MS, intervalMs: 50 }, `member ${name} to become ${wanted}`, async () => {
    const { operating_status: state } = await client.members(balancer.poolId).show(memberId);
    return state === wanted ? { done: true, value: undefined } : { done: false, state };
  });
}

/** After a failure: whatever state it is in. */
async function removeByForce(client: OctaviaClient, id: string): Promise<void> {
  await poll(
    { timeoutMs: STATUS_TIMEOUT_MS, intervalMs: 200 },
    `load balancer ${id} to accept its deletion`,
    async () => {
      try {
        await client.loadBalancers.delete(id, { cascade: true });
        return { done: true, value: undefined };
      } catch (error) {
        if (error instanceof NotFoundError) return { done: true, value: undefined };
        if (!(error instanceof ApiError)) throw error;
        return { done: false, state: error.message };
      }
    },
  );
  await client.loadBalancers.waitForDeleted(id);
}
