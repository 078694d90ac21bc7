/**
 * The way of every request that changes what a provider serves. A route declares its parts; this file alone says in which
 * order they are asked, because of several errors the first in the contract's order is the answer (VAL-ORDER):
 *
 *     parse (400) → lock (404) → policy (403) → valid (400) → provider enabled (400, 501) and able (501)
 *     → quota (403, 503) → state (409) → conflicts (409) → waits, write → submit (500, 501) → answer
 *
 * From the lock to the answer it is one transaction: whatever throws leaves no trace.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { SecretReader } from '../../clouds/certificates/manager.ts';
import { onBehalfOf } from '../../clouds/openstack/request-id.ts';
import type { OperationInput, OperationKind, ResourceType } from '../../domain/operations.ts';
import { type NewObjects, type QuotaUnits, unitsOf } from '../../domain/quotas.ts';
import type { LoadBalancer } from '../../domain/resources.ts';
import type { GuardedProvider } from '../../providers/guarded-provider.ts';
import type { Acceptance, Candidate, Change } from '../../providers/interface.ts';
import type { Executor, Tx } from '../../store/core/database.ts';
import { type QuotaRules, requireRoom } from '../../store/resources/quotas.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { globalRequestId } from '../global-request-id.ts';
import { authorise } from '../policy/authorise.ts';
import type { ApiRule } from '../policy/rules.ts';
import { quotaRules } from './quota-rules.ts';
import { giveSecretsBack, readerOf } from './secrets.ts';

/** What a route submits, and the rule that allows it. */
export interface ChangeSummary {
  kind: OperationKind;
  rule: ApiRule;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Of routes that submit a change. */
    change?: ChangeSummary;
  }
}

export interface Target {
  /** Whose it is: asked of the policy, charged with quota. */
  projectId: string;
}

/** The change once it is known to be valid. */
export interface Draft {
  /** Of what the operation is about. */
  resourceId: string;
  /** New objects: what the change takes of the quota. */
  makes: NewObjects;
  /** Objects that go in the same change: a replacement needs room only for the difference. */
  removes?: NewObjects;
  /** Objects as they will be, beside the load balancer. null: something goes, and no provider is unable to do that. */
  candidate: Candidate | null;
  input?: OperationInput;
  /** Nothing will be different: judged like any other change, but not written or submitted. */
  isEmpty?: boolean;
}

/** What is asked of others before the transaction, which holds locks and must not wait for them. */
interface Question {
  projectId: string;
  /** Called once the policy allows the change. @throws OctaviaError what `valid` could throw */
  ask(reader: SecretReader): Promise<void>;
}

/** What every route declares, in the order in which it is needed (types are inferred from first to last). */
export interface Declaration<Asked, Found extends Target, D extends Draft> {
  method: 'POST' | 'PUT' | 'DELETE';
  url: string;
  /** Of the answer. */
  status: 200 | 201 | 202 | 204;
  kind: OperationKind;
  resourceType: ResourceType;
  rule: ApiRule;
  /** Reads the request. A parent in the path is looked up here: its 404 comes before anything else. */
  parse(request: FastifyRequest): Asked | Promise<Asked>;
  /** Further rules that what is asked needs. */
  alsoNeeds?(asked: Asked): readonly ApiRule[];
  /** null: nothing to ask, or nothing there, which the lock tells. */
  outside?(asked: Asked): Promise<Question | null>;
  /** @throws OctaviaError what is wrong with the request itself, never 409 */
  valid(executor: Executor, found: Found, asked: Asked): D | Promise<D>;
  /** @throws OctaviaError 409 for what is in the way although the state admits changes; null: nothing can be */
  conflicts: ((executor: Executor, found: Found, draft: D) => void | Promise<void>) | null;
  /** The body; null: none */
  answer: ((executor: Executor, found: Found, draft: D) => object | Promise<object>) | null;
}

/** What is declared of a change that is written under a lock. */
export interface UnderLock<Asked, Held, D extends Draft> {
  /** Locks the tree and finds in it what is to be changed. @throws OctaviaError NOT_FOUND */
  lock: (tx: Tx, asked: Asked) => Promise<Held>;
  /** Sets PENDING the object, unless it is new, and what waits with it; null: nothing waits */
  waits: ((tx: Tx, held: Held, draft: D) => Promise<unknown>) | null;
  /** Writes the object; null: `waits` did, in the same statement */
  write: ((tx: Tx, held: Held, draft: D) => Promise<unknown>) | null;
}

interface Cost {
  units: QuotaUnits;
  leaving: QuotaUnits;
  limits: QuotaRules;
}

interface Accepted<Asked, D extends Draft> extends Cost {
  request: FastifyRequest;
  asked: Asked;
  draft: D;
  provider: GuardedProvider;
  change: Change;
  operation: Acceptance['operation'];
}

/** A change that is judged without a lock and written by one statement (ADR 0018). */
export interface AtOnce<Asked, Found extends Target, D extends Draft> {
  /** What is known without a lock; null: not enough. */
  see(asked: Asked): Found | null;
  /** The quota is looked at beforehand, because the writing begins with something outside the database. */
  looksAtQuota: boolean;
  /** @returns what was written; null: somebody is in the way, nothing is written, and the lock is taken */
  write(accepted: Accepted<Asked, D>): Promise<D | null>;
}

/** A declaration with what its family of routes has in common. */
export interface ChangeRoute<Asked, Found extends Target, Held extends Found, D extends Draft>
  extends Declaration<Asked, Found, D> {
  /** Operators' alone: the policy asks who it is before anything is looked up. */
  isOperators?: true;
  /** The load balancer that is changed; null: an amphora that belongs to none. */
  served(found: Found, draft: D): LoadBalancer | null;
  /** What only the provider knows of flavors, zones and networks. @throws OctaviaError */
  consult?(provider: GuardedProvider, draft: D): Promise<void>;
  /** Tried first. */
  atOnce?: AtOnce<Asked, Found, D>;
  /** null: there is nothing to lock yet, and `atOnce` takes every request */
  locked: LockedWay<Asked, Held, D> | null;
}

interface LockedWay<Asked, Held, D extends Draft> extends UnderLock<Asked, Held, D> {
  /** Takes the quota and judges the state. @throws OctaviaError QUOTA_EXCEEDED, PROJECT_BUSY, then 409 */
  admit(tx: Tx, held: Held, cost: Cost): void | Promise<void>;
  /** Hands the change over in the transaction that writes it. */
  submit(provider: GuardedProvider, tx: Tx, held: Held, change: Change, draft: D): Promise<void>;
}

interface Judged<D extends Draft> {
  draft: D;
  provider: GuardedProvider;
  change: Change;
  cost: Cost;
}

/** The body of the answer. */
interface Done {
  body: object | undefined;
}

/** What other services log of our questions stands under the id that the client gave all of them, else under that of the request. */
const causeOf = (request: FastifyRequest): string => (globalRequestId(request) ?? request.id).replace(/^req-/, '');

/** Whose amphorae are that belong to no load balancer: only this provider keeps spare ones. */
const BUILT_IN = 'amphora';

/** What is asked of `changer` beside the change itself. */
export interface Manner {
  /** Judged like the change, except for the state of the load balancer; nothing is written or submitted. */
  dryRun?: boolean;
}

export function changeRoute<Asked, Found extends Target, Held extends Found, D extends Draft>(
  server: FastifyInstance,
  deps: ApiDependencies,
  route: ChangeRoute<Asked, Found, Held, D>,
): void {
  const { method, url, status, kind, rule } = route;
  const change = changer(deps, route);
  server.route({
    method,
    url,
    config: { change: { kind, rule } },
    handler: async (request, reply) => {
      if (route.isOperators) authorise(request, rule);
      const asked = await route.parse(request);
      const body = await change(request, asked);
      if (method !== 'POST') giveSecretsBack(deps, request);
      return reply.code(status).send(body);
    },
  });
}

/** What a route does once it has read the request. @returns the body of the answer */
export function changer<Asked, Found extends Target, Held extends Found, D extends Draft>(
  deps: ApiDependencies,
  route: Omit<ChangeRoute<Asked, Found, Held, D>, 'method' | 'url' | 'status' | 'parse'>,
): (request: FastifyRequest, asked: Asked, manner?: Manner) => Promise<object | undefined> {
  const { kind, resourceType, rule, atOnce, locked } = route;
  const { store, providers } = deps;
  const limits = quotaRules(deps);

  function allow(request: FastifyRequest, asked: Asked, projectId: string): void {
    if (!route.isOperators) authorise(request, rule, projectId);
    for (const further of route.alsoNeeds?.(asked) ?? []) authorise(request, further, projectId);
  }

  async function askOutside(request: FastifyRequest, asked: Asked): Promise<void> {
    const question = await route.outside?.(asked);
    if (!question) return;
    allow(request, asked, question.projectId);
    await question.ask(readerOf(deps, request, question.projectId));
  }

  async function judge(request: FastifyRequest, executor: Executor, found: Found, asked: Asked): Promise<Judged<D>> {
    const { projectId } = found;
    allow(request, asked, projectId);
    const draft = await route.valid(executor, found, asked);
    const { resourceId, input, candidate } = draft;
    const loadBalancer = route.served(found, draft);
    const provider = providers.get(loadBalancer?.provider ?? BUILT_IN);
    await route.consult?.(provider, draft);
    if (candidate) provider.check({ ...(loadBalancer ? { loadBalancer } : {}), ...candidate });
    const loadBalancerId = loadBalancer?.id ?? resourceId;
    const change = { kind, loadBalancerId, projectId, resourceType, resourceId, ...(input ? { input } : {}) };
    const cost = { units: unitsOf(draft.makes), leaving: unitsOf(draft.removes ?? {}), limits };
    return { draft, provider, change, cost };
  }

  /** @returns null when the lock is needed */
  async function write(request: FastifyRequest, asked: Asked, { dryRun }: Manner): Promise<Done | null> {
    const found = atOnce?.see(asked) ?? null;
    if (!atOnce || found === null) return null;
    const { db } = store;
    const { draft, provider, change, cost } = await judge(request, db, found, asked);
    // What is handed to somebody is written in a transaction that can still be given up.
    if (draft.isEmpty || (provider.delivers && locked)) return null;
    if (atOnce.looksAtQuota) await requireRoom(db, found.projectId, cost.units, limits);
    await route.conflicts?.(db, found, draft);
    if (dryRun) return { body: await route.answer?.(db, found, draft) };
    const { operation, committed } = provider.accept(change);
    const written = await atOnce.write({ request, asked, draft, provider, change, operation, ...cost });
    if (written === null) return null;
    if (!provider.delivers) committed?.();
    return { body: await route.answer?.(db, found, written) };
  }

  function writeLocked(request: FastifyRequest, asked: Asked, { dryRun }: Manner): Promise<Done> {
    return store.transaction(async (tx) => {
      if (!locked) throw new Error(`${kind} was not written, and has no lock to wait for`);
      const held = await locked.lock(tx, asked);
      const { draft, provider, change, cost } = await judge(request, tx, held, asked);
      if (dryRun) await requireRoom(tx, held.projectId, cost.units, limits, cost.leaving);
      else await locked.admit(tx, held, cost);
      if (!draft.isEmpty) await route.conflicts?.(tx, held, draft);
      if (!draft.isEmpty && !dryRun) {
        await locked.waits?.(tx, held, draft);
        await locked.write?.(tx, held, draft);
        await locked.submit(provider, tx, held, change, draft);
      }
      return { body: await route.answer?.(tx, held, draft) };
    });
  }

  return (request, asked, manner = {}) =>
    onBehalfOf(causeOf(request), async () => {
      await askOutside(request, asked);
      const { body } = (await write(request, asked, manner)) ?? (await writeLocked(request, asked, manner));
      return body;
    });
}
