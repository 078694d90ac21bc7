/** `GET /1.0/listeners` and `DELETE /1.0/listeners/{id}`. */

import type { AgentListener } from '@octavia/protocol/agent-api';
import { decode, encode, listenersOf, withoutListener } from '../haproxy/config-text.ts';
import type { LoadBalancerService } from '../haproxy/load-balancer.ts';
import { AnswerError, ok } from '../http/answer.ts';
import type { Route } from '../http/router.ts';
import { readConfiguration } from '../lvs/configuration.ts';
import type { LvsListener } from '../lvs/listener.ts';
import type { AgentContext } from './context.ts';

export function listenerRoutes(context: AgentContext): Route[] {
  return [
    { method: 'GET', path: '/1.0/listeners', handle: async () => ok(200, await list(context)) },
    {
      method: 'DELETE',
      path: '/1.0/listeners/:id',
      handle: async ({ params }) => {
        await remove(context, params.id ?? '');
        return ok(200, { message: 'OK' });
      },
    },
  ];
}

async function list({ supervisor, lvs, state }: AgentContext): Promise<AgentListener[]> {
  const listeners: AgentListener[] = [];
  for (const service of supervisor.all()) {
    const text = (await service.stored())?.toString('utf8') ?? '';
    const wanted = state.desired(service.id) === 'running';
    const status = (await service.isServing()) ? 'ACTIVE' : wanted ? 'ERROR' : 'STOPPED';
    listeners.push(...listenersOf(text).map(({ id, type }) => ({ status, uuid: id, type }) as const));
  }
  for (const listener of lvs.all()) {
    const wanted = state.desired(listener.id) === 'running';
    const status = (await listener.isServing()) ? 'ACTIVE' : wanted ? 'ERROR' : 'STOPPED';
    listeners.push({ status, uuid: listener.id, type: await protocolOf(listener) });
  }
  return listeners;
}

async function protocolOf(listener: LvsListener): Promise<'UDP' | 'SCTP'> {
  return readConfiguration((await listener.stored())?.toString('utf8') ?? '').protocol;
}

/** The id names a listener, or a load balancer with all its listeners. The last listener takes everything with it. */
async function remove(context: AgentContext, id: string): Promise<void> {
  const { supervisor, lvs, state, certificates, transition } = context;
  if (lvs.find(id) !== null) {
    transition.requireNone();
    return lvs.change(id, async (listener) => {
      await state.forget(id);
      await listener.remove();
    });
  }
  const service = supervisor.find(id) ?? (await ownerOf(supervisor.all(), id));
  const unknown = new AnswerError(404, { message: 'Listener Not Found', details: `No listener with UUID: ${id}` });
  if (service === null) throw unknown;
  transition.requireNone();
  await supervisor.change(service.id, async () => {
    const stored = await service.stored();
    if (stored === null) throw unknown;
    const text = decode(stored);
    const others = listenersOf(text).filter((listener) => listener.id !== id);
    if (id === service.id || others.length === 0) {
      await state.forget(service.id);
      await service.remove();
      await certificates.removeAll(service.id);
      return;
    }
    await service.store(encode(withoutListener(text, id), stored));
    if (await service.isServing()) await service.activate(false);
  });
}

async function ownerOf(services: LoadBalancerService[], id: string): Promise<LoadBalancerService | null> {
  for (const service of services) {
    const text = (await service.stored())?.toString('utf8') ?? '';
    if (listenersOf(text).some((listener) => listener.id === id)) return service;
  }
  return null;
}
