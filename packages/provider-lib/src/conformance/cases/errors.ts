/** What drivers have to bear: requests that nobody can fulfil, a driver agent that is in a bad way, and a new start. */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { LoadBalancer } from '../../data-models.ts';
import { type Answered, answerOf, type Method } from '../../driver-protocol.ts';
import type { Manner } from '../agent.ts';
import { type Expected, type Kit, Skipped } from '../kit.ts';
import type { ListName } from '../world.ts';
import { type Case, type Child, type Fixture, idOf } from './fixture.ts';

/** For reports that come in spite of everything, and for processes to die of what they did not expect. */
const AFTERMATH_MS = 400;

async function rename(kit: Kit, fixture: Fixture, expected: Expected = 'success'): Promise<void> {
  const balancer = fixture.need('balancer');
  const change = new LoadBalancer({ loadbalancer_id: idOf(balancer), name: `name ${randomUUID()}` });
  const locks = fixture.ofBalancer(change, 'PENDING_UPDATE');
  const call = { method: 'loadbalancer_update', arguments: [balancer, change], owner: idOf(balancer), locks } as const;
  const refusal = await kit.attempt(call, expected);
  if (refusal?.kind === 'NotImplementedError' || refusal?.kind === 'UnsupportedOptionError') {
    throw new Skipped('The driver does not update load balancers.');
  }
  if (refusal) kit.fault('refused', `loadbalancer_update: ${refusal.kind}: ${refusal.user_fault_string ?? ''}`);
}

/** A report meets such an agent; the next change is as any other. */
const agent = (what: string, manner: Manner): Case => ({
  name: `driver agent: ${what}`,
  async run(kit, fixture) {
    fixture.need('balancer');
    if (kit.isSilent) throw new Skipped('The driver reports nothing.');
    const before = kit.agent.messages;
    kit.agent.manner = manner;
    const isHeard = manner === 'in-pieces' || manner === 'slowly';
    try {
      await rename(kit, fixture, isHeard ? 'success' : 'no end');
      await pause(AFTERMATH_MS);
    } finally {
      kit.agent.manner = 'answers';
    }
    if (!isHeard && kit.agent.messages > before + 1) kit.note('reports again');
    await rename(kit, fixture);
  },
});

/** Objects that the driver was never given. Whatever it says to that, it says it in the words of the interface. */
const unknown = (method: Method, list: ListName, make: (fixture: Fixture) => Child): Case => ({
  name: `${method}: of what it does not know`,
  async run(kit, fixture) {
    fixture.need('balancer');
    const refusal = await kit.attempt(fixture.delete(method, list, make(fixture)), 'any end');
    kit.note(refusal === null ? 'accepts it' : `${refusal.kind}: ${refusal.user_fault_string ?? ''}`);
  },
});

/** Paths and bodies that are no calls. */
const protocol = (what: string, verb: 'GET' | 'POST', path: string, body: string | null, status: number): Case => ({
  name: `protocol: ${what}`,
  async run(kit) {
    const reply = await kit.ask(verb, path, body);
    let answer: Answered | null = null;
    try {
      answer = answerOf(reply.text);
    } catch {
      // Said below.
    }
    if (reply.status !== status || answer === null || !('error' in answer)) {
      kit.fault(
        'nonsense',
        `${verb} ${path} is answered with ${reply.status} ${reply.text.slice(0, 100)}, not with ${status} and an error.`,
      );
    }
  },
});

export const ERRORS: readonly Case[] = [
  {
    name: 'listener_create: a protocol that does not exist',
    async run(kit, fixture) {
      fixture.need('balancer');
      const change = fixture.create('listener_create', 'listeners', fixture.newListener('CONFORMANCE'));
      const refusal = await kit.attempt(change, 'any end');
      kit.note(refusal === null ? 'accepts it' : `${refusal.kind}: ${refusal.user_fault_string ?? ''}`);
    },
  },
  unknown('listener_delete', 'listeners', (fixture) => fixture.newListener('TCP')),
  unknown('pool_delete', 'pools', (fixture) => fixture.newPool('TCP', 'ROUND_ROBIN')),
  protocol('a method that does not exist', 'POST', '/v1/loadbalancer_explode', '{"arguments": {}}', 404),
  protocol('a path that does not exist', 'GET', '/v1', null, 404),
  protocol('a body that is no JSON', 'POST', '/v1/loadbalancer_create', 'x', 400),
  protocol('a body without arguments', 'POST', '/v1/loadbalancer_create', '[]', 400),
  agent('answers in pieces', 'in-pieces'),
  agent('answers late', 'slowly'),
  agent('refuses a report', 'refuses'),
  agent('hangs up', 'hangs-up'),
  {
    name: 'driver agent: is away',
    async run(kit, fixture) {
      fixture.need('balancer');
      if (kit.isSilent) throw new Skipped('The driver reports nothing.');
      await kit.agent.stop();
      try {
        await rename(kit, fixture, 'no end');
        await pause(AFTERMATH_MS);
      } finally {
        await kit.agent.start();
      }
      await rename(kit, fixture);
    },
  },
  {
    name: 'a new start: what there was is still known',
    async run(kit, fixture) {
      fixture.need('balancer');
      await kit.restart();
      await rename(kit, fixture);
    },
  },
];
