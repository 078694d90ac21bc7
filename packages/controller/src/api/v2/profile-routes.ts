/** The routes of flavor profiles and of availability zone profiles: the same but for their words. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { parseMetadata } from '../../domain/catalog.ts';
import { OctaviaError } from '../../errors.ts';
import type { GuardedProvider } from '../../providers/guarded-provider.ts';
import type { ProfileStore } from '../../store/resources/profiles.ts';
import type { Queryable } from '../attributes/query.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { answerList } from '../lists/collection.ts';
import { authorise } from '../policy/authorise.ts';
import type { ApiRule } from '../policy/rules.ts';
import { found, type Kind } from './not-found.ts';
import { parameter, shownFields } from './request.ts';

interface Profile {
  id: string;
  providerName: string;
}

export interface ProfileKind<P extends Profile> {
  kind: Kind;
  /** How 409 calls it. */
  usedAs: string;
  path: string;
  wrapper: string;
  plural: string;
  linksKey: string;
  rules: Readonly<Record<'getAll' | 'getOne' | 'post' | 'put' | 'delete', ApiRule>>;
  queryable: Queryable;
  store: ProfileStore<P>;
  create(request: FastifyRequest): Omit<P, 'id'>;
  change(request: FastifyRequest): Partial<P>;
  respond(profile: P, fields?: readonly string[]): object;
  /** The field with the provider's data, and what the API calls it. */
  dataField: keyof P & string;
  dataName: string;
  validate(provider: GuardedProvider, data: Readonly<Record<string, unknown>>): Promise<void>;
}

export function profileRoutes<P extends Profile>(
  server: FastifyInstance,
  deps: ApiDependencies,
  profiles: ProfileKind<P>,
): void {
  const { kind, path, wrapper, rules, store, respond, dataField } = profiles;
  const { db } = deps.store;
  const inUse = (id: string) => new OctaviaError('OBJECT_IN_USE', { object: profiles.usedAs, id });

  /** The text is a JSON object that the provider, which is enabled, understands. */
  async function checkData(profile: Omit<P, 'id'>): Promise<void> {
    const { providerName, [dataField as keyof Omit<P, 'id'>]: given } = profile;
    const text = String(given);
    const data = parseMetadata(text);
    if (!data) throw new OctaviaError('INVALID_OPTION', { value: text, option: profiles.dataName });
    await profiles.validate(deps.providers.get(String(providerName)), data);
  }

  server.get(path, async (request) => {
    authorise(request, rules.getAll);
    return answerList(deps, request, {
      plural: profiles.plural,
      linksKey: profiles.linksKey,
      queryable: profiles.queryable,
      list: store.list,
      respond: async (rows: P[], fields) => rows.map((row) => respond(row, fields)),
    });
  });

  server.get(`${path}/:id`, async (request) => {
    authorise(request, rules.getOne);
    const profile = found(await store.get(db, parameter(request)), kind, parameter(request));
    return { [wrapper]: respond(profile, shownFields(request, deps)) };
  });

  server.post(path, async (request, reply) => {
    const fields = profiles.create(request);
    authorise(request, rules.post);
    await checkData(fields);
    const profile = { id: deps.newId(), ...fields } as P;
    await deps.store.transaction((tx) => store.insert(tx, profile));
    return reply.code(201).send({ [wrapper]: respond(profile) });
  });

  server.put(`${path}/:id`, async (request) => {
    const change = profiles.change(request);
    authorise(request, rules.put);
    const id = parameter(request);
    const profile = await deps.store.transaction(async (tx) => {
      const current = found(await store.lock(tx, id), kind, id);
      const updated = { ...current.profile, ...change };
      if (change[dataField] !== undefined || change.providerName !== undefined) {
        if (current.inUse) throw inUse(id);
        await checkData(updated);
      }
      await store.update(tx, id, { ...change, updatedAt: deps.now() });
      return updated;
    });
    return { [wrapper]: respond(profile) };
  });

  server.delete(`${path}/:id`, async (request, reply) => {
    authorise(request, rules.delete);
    const id = parameter(request);
    await deps.store.transaction(async (tx) => {
      const current = found(await store.lock(tx, id), kind, id);
      if (current.inUse) throw inUse(id);
      await store.remove(tx, id);
    });
    return reply.code(204).send();
  });
}
