/** The objects a path of API v1 leads through: each must be a child of the one before it. */
import type { FastifyRequest } from 'fastify';
import { OctaviaError } from '../../errors.ts';
import type { Resources } from './resources.ts';
import type { Json } from './shape.ts';

export const parameter = (request: FastifyRequest, name: string): string =>
  (request.params as Record<string, string>)[name] ?? '';

/**
 * An id as part of a path or a query of API v2. Steps are no ids of anything, encoded or not: a member called `..` would be
 * its pool.
 * @throws OctaviaError ROUTE_NOT_FOUND
 */
export function segment(id: string): string {
  if (id === '.' || id === '..') throw new OctaviaError('ROUTE_NOT_FOUND');
  return encodeURIComponent(id);
}

const ids = (value: unknown): unknown[] => (Array.isArray(value) ? value.map((entry) => (entry as Json).id) : []);

export function notFound(kind: string, id: string): OctaviaError {
  return new OctaviaError('NOT_FOUND', { kind, id: id.slice(0, 255) });
}

export class Parents {
  readonly #resources: Resources;

  constructor(resources: Resources) {
    this.#resources = resources;
  }

  loadBalancer(request: FastifyRequest): Promise<Json> {
    return this.#resources.show(request, `/loadbalancers/${segment(parameter(request, 'lb'))}`, 'loadbalancer');
  }

  async listener(request: FastifyRequest): Promise<Json> {
    const { id: lb } = await this.loadBalancer(request);
    const id = parameter(request, 'listener');
    const listener = await this.#resources.show(request, `/listeners/${segment(id)}`, 'listener');
    if (!ids(listener.loadbalancers).includes(lb)) throw notFound('Listener', id);
    return listener;
  }

  /** The parent in the path: the listener where it names one, the load balancer otherwise. */
  async ofPools(request: FastifyRequest): Promise<{ loadBalancerId: string; listener: Json | null }> {
    const listener = parameter(request, 'listener') === '' ? null : await this.listener(request);
    const { id } = await this.loadBalancer(request);
    return { loadBalancerId: String(id), listener };
  }

  /** Pools of a listener: its default pool, and those its policies redirect to. */
  async poolIds(request: FastifyRequest, { id, default_pool_id: own }: Json): Promise<unknown[]> {
    const policies = await this.#resources.list(
      request,
      `/l7policies?listener_id=${segment(String(id))}`,
      'l7policies',
    );
    const redirects = policies.map((policy) => policy.redirect_pool_id);
    return [own, ...redirects].filter((pool) => typeof pool === 'string');
  }

  async pool(request: FastifyRequest): Promise<Json> {
    const { loadBalancerId, listener } = await this.ofPools(request);
    const id = parameter(request, 'pool');
    const pool = await this.#resources.show(request, `/pools/${segment(id)}`, 'pool');
    const own = ids(pool.loadbalancers).includes(loadBalancerId);
    if (!own || (listener && !(await this.poolIds(request, listener)).includes(pool.id))) throw notFound('Pool', id);
    return pool;
  }

  async policy(request: FastifyRequest): Promise<Json> {
    const listener = await this.listener(request);
    const id = parameter(request, 'policy');
    const policy = await this.#resources.show(request, `/l7policies/${segment(id)}`, 'l7policy');
    if (policy.listener_id !== listener.id) throw notFound('L7 Policy', id);
    return policy;
  }
}
