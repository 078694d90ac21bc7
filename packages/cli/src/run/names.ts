/** Ids from names. People may write either wherever something that exists is meant. */
import { type Api, type ListQuery, pathPart, ReadableCollection } from '@octavia/client';
import type { Finder, Kind } from '../command.ts';
import { CommandFailure } from '../failure.ts';
import { KINDS } from '../table/kinds.ts';
import type { Services } from './context.ts';

/** 32 hexadecimal digits, with or without the dashes of a UUID. */
export const isUuidLike = (text: string): boolean =>
  /^[0-9a-f]{32}$/.test(
    text
      .toLowerCase()
      .replaceAll('urn:', '')
      .replaceAll('uuid:', '')
      .replaceAll(/^[{}]+|[{}]+$/g, '')
      .replaceAll('-', ''),
  );

type Item = Record<string, unknown>;

/** Every page of a list. @param path below the root of the API */
export async function listAll(
  api: Api,
  { path, many, links }: { path: string; many: string; links?: string },
  query: Record<string, unknown> = {},
  signal?: AbortSignal,
): Promise<Item[]> {
  const kind = { path, singular: many, plural: many, ...(links === undefined ? {} : { links }) };
  const collection = new ReadableCollection<Item, string>(api, kind);
  return collection.list(query as ListQuery<string>, { signal }).toArray();
}

/** Where names of things outside the load balancing API are. */
const NETWORK_PATHS: Partial<Record<Finder, { path: string; many: string; label: string }>> = {
  networks: { path: '/v2.0/networks', many: 'networks', label: 'networks' },
  subnets: { path: '/v2.0/subnets', many: 'subnets', label: 'subnets' },
  ports: { path: '/v2.0/ports', many: 'ports', label: 'ports' },
  qos_policies: { path: '/v2.0/qos/policies', many: 'policies', label: 'policies' },
  security_groups: { path: '/v2.0/security-groups', many: 'security_groups', label: 'security_groups' },
};

const PROJECTS = { path: '/v3/projects', many: 'projects', links: 'links' };

/** @param parent id of the pool or L7 policy that the object is in */
export const pathOf = (kind: Pick<Kind, 'path'>, parent: string | null): string =>
  `/v2.0/${kind.path.replace('{parent}', () => pathPart(parent ?? ''))}`;

export class Names {
  readonly #services: Services;
  readonly #signal: AbortSignal | undefined;

  constructor(services: Services, signal?: AbortSignal) {
    this.#services = services;
    this.#signal = signal;
  }

  /** @throws CommandFailure when there is none, or more than one */
  async idOf(finder: Finder, text: string, parent: string | null = null): Promise<string> {
    if (finder === 'projects') return this.#project(text);
    const network = NETWORK_PATHS[finder];
    if (network !== undefined) {
      const api = await this.#services.network();
      return this.#find(text, network.label, 'id', (query) => listAll(api, network, query, this.#signal));
    }
    const kind = KINDS.find((each) => each.finder === finder);
    if (kind === undefined) throw new TypeError(`No kind ${finder}`);
    const api = await this.#services.loadBalancing();
    const list = (query: Item): Promise<Item[]> =>
      listAll(api, { ...kind, path: pathOf(kind, parent) }, query, this.#signal);
    return this.#find(text, finder, kind.key, list);
  }

  /** Everything there is, unnamed things by their id. @param parent name or id of the pool or L7 policy */
  async all(finder: Finder, parent: string | null): Promise<{ id: string; name: string }[]> {
    const kind = KINDS.find((each) => each.finder === finder);
    const place = NETWORK_PATHS[finder];
    const above = kind?.parent != null ? await this.idOf(kind.parent, parent ?? '') : null;
    const items =
      finder === 'projects'
        ? await listAll(await this.#services.identity(), PROJECTS, {}, this.#signal)
        : place !== undefined
          ? await listAll(await this.#services.network(), place, {}, this.#signal)
          : kind === undefined
            ? []
            : await listAll(
                await this.#services.loadBalancing(),
                { ...kind, path: pathOf(kind, above) },
                {},
                this.#signal,
              );
    return items.map(({ id, name }) => ({ id: String(id ?? name), name: String(name || id) }));
  }

  /** A text like an id is an id first, every other one a name first. */
  async #find(
    text: string,
    label: string,
    key: 'id' | 'name',
    list: (query: Item) => Promise<Item[]>,
  ): Promise<string> {
    const order = key === 'name' ? ['name'] : isUuidLike(text) ? ['id', 'name'] : ['name', 'id'];
    for (const attribute of order) {
      const found = await list({ [attribute]: text });
      if (found.length === 1) return String(found[0]?.[key]);
      if (found.length > 1 && attribute === 'name') {
        throw new CommandFailure(
          `${found.length} ${label} found with name or ID of ${text}. Please try again with UUID`,
        );
      }
    }
    throw new CommandFailure(`Unable to locate ${text} in ${label}`);
  }

  /** Who may not read projects is taken at their word. */
  async #project(text: string): Promise<string> {
    const api = await this.#services.identity();
    const found = await api
      .request('GET', `/v3/projects/${pathPart(text)}`, { signal: this.#signal })
      .then((body: unknown) => Object(Object(body).project) as Item)
      .catch(() => null);
    if (found?.id !== undefined) return String(found.id);
    try {
      const named = await listAll(api, PROJECTS, { name: text }, this.#signal);
      if (named.length === 1) return String(named[0]?.id);
      if (named.length > 1) throw new CommandFailure(`More than one project exists with the name '${text}'.`);
    } catch (error) {
      if (Object(error).status === 403) return text;
      throw error;
    }
    throw new CommandFailure(`No project with a name or ID of '${text}' exists.`);
  }
}
