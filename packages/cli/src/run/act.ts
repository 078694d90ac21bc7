/** Carries out the commands of the load balancing API, all of them from their lines in the table. */
import { type Api, ApiError, NotFoundError, pathPart, unwrap, unwrapList } from '@octavia/client';
import type { Argument, Command, Kind } from '../command.ts';
import { CommandFailure } from '../failure.ts';
import type { Listing, OneRecord } from '../output/output.ts';
import type { Values } from '../parser/parse.ts';
import { STATISTICS } from '../table/kinds.ts';
import { type Attributes, attributesOf } from './attributes.ts';
import { record, row } from './cells.ts';
import { check } from './checks.ts';
import type { Context } from './context.ts';
import { isUuidLike, listAll, Names, pathOf } from './names.ts';
import { ownerOf, waitForActive, waitForGone } from './waiting.ts';

type Item = Record<string, unknown>;

/** What a command found; null when it has nothing to show. */
export type Result = { list: Listing } | { one: OneRecord } | { text: string } | { code: number } | null;

interface Act {
  command: Command;
  kind: Kind;
  values: Values;
  api: Api;
  names: Names;
  context: Context;
}

/** The argument that names the object of the command. */
const subject = ({ command, kind }: Act): Argument | undefined => {
  const positional = command.arguments.filter(({ flags }) => flags.length === 0);
  return kind.parent === null ? positional[0] : positional.at(-1);
};

const textOf = (act: Act, argument: Argument | undefined): string => String(act.values[argument?.dest ?? ''] ?? '');

async function parentOf(act: Act): Promise<string | null> {
  if (act.kind.parent === null) return null;
  const [first] = act.command.arguments.filter(({ flags }) => flags.length === 0);
  return act.names.idOf(act.kind.parent, textOf(act, first));
}

interface Target {
  id: string;
  parent: string | null;
  path: string;
}

async function target(act: Act): Promise<Target> {
  const parent = await parentOf(act);
  const argument = subject(act);
  const text = textOf(act, argument);
  const id = argument?.find === undefined ? text : await act.names.idOf(argument.find, text, parent);
  return { id, parent, path: pathTo(act.kind, id, parent) };
}

const pathTo = (kind: Kind, id: string, parent: string | null): string => `${pathOf(kind, parent)}/${pathPart(id)}`;

async function get(act: Act, path: string): Promise<Item> {
  return unwrap(await act.api.request('GET', path, { signal: act.context.signal }), act.kind.one);
}

async function put(act: Act, path: string, attributes: Attributes): Promise<Item> {
  const body = { [act.kind.one]: attributes };
  return unwrap(await act.api.request('PUT', path, { body, signal: act.context.signal }), act.kind.one);
}

async function create(act: Act): Promise<Result> {
  const { command, kind, api, names, values, context } = act;
  const [attributes, parent] = await Promise.all([attributesOf(command, values, names), parentOf(act)]);
  const body = { [kind.one]: attributes };
  let made = unwrap<Item>(await api.request('POST', pathOf(kind, parent), { body, signal: context.signal }), kind.one);
  if (values.wait === true) {
    await waitForActive(act, await ownerOf(act, made, parent));
    made = await get(act, pathTo(kind, String(made[kind.key]), parent));
  }
  return { one: { columns: kind.rows, values: record(made, kind.rows) } };
}

async function list(act: Act): Promise<Result> {
  const { command, kind, api, names, values, context } = act;
  const [query, parent] = await Promise.all([attributesOf(command, values, names), parentOf(act)]);
  const items = await listAll(api, { ...kind, path: pathOf(kind, parent) }, pythonic(query), context.signal);
  const columns = values.long === true ? (kind.longColumns ?? kind.columns) : kind.columns;
  return { list: { columns, rows: items.map((item) => row(item, columns)) } };
}

/** Booleans are written as python-octaviaclient writes them. */
const pythonic = (query: Attributes): Attributes =>
  Object.fromEntries(
    Object.entries(query).map(([name, value]) => [name, value === true ? 'True' : value === false ? 'False' : value]),
  );

/** What looks like an id is asked for at once; only when it is none it is looked up. */
async function found(act: Act): Promise<Item> {
  const positional = act.command.arguments.filter(({ flags }) => flags.length === 0);
  const texts = positional.map((argument) => textOf(act, argument));
  const direct = act.kind.key === 'id' && texts.every(isUuidLike);
  if (direct || act.kind.finder === 'amphorae') {
    const id = texts.at(-1) ?? '';
    try {
      return await get(act, pathTo(act.kind, id, texts.length > 1 ? (texts[0] ?? null) : null));
    } catch (error) {
      if (!isAbsent(error)) throw error;
      if (act.kind.finder === 'amphorae') throw new CommandFailure(`${id} not found (HTTP 404)`);
    }
  }
  return get(act, (await target(act)).path);
}

/** A service may refuse an id by its form. */
const isAbsent = (error: unknown): boolean =>
  error instanceof NotFoundError || (error instanceof ApiError && error.status === 400);

async function show(act: Act): Promise<Result> {
  const item = await found(act);
  return { one: { columns: act.kind.rows, values: record(item, act.kind.rows) } };
}

/** `--tag` adds to what is there, `--no-tag` begins with none. */
async function withTags(act: Act, attributes: Attributes, path: string): Promise<Attributes> {
  const added = act.values.tags as string[] | null | undefined;
  if (act.values.no_tag === true) return { ...attributes, tags: [...new Set(added ?? [])] };
  if (!added?.length) return attributes;
  const present = (await get(act, path)).tags as string[];
  return { ...attributes, tags: [...new Set([...present, ...added])] };
}

async function set(act: Act): Promise<Result> {
  const { command, kind, values, names } = act;
  const [own, at] = await Promise.all([attributesOf(command, values, names), target(act)]);
  const item = await put(act, at.path, await withTags(act, own, at.path));
  if (values.wait === true) await waitForActive(act, { path: at.path, kind });
  return command.output === 'one' ? { one: { columns: kind.rows, values: record(item, kind.rows) } } : null;
}

async function unset(act: Act): Promise<Result> {
  const { command, kind, values } = act;
  const removed = values.tags as string[] | null | undefined;
  const cleared = command.arguments.filter(({ takes, field, dest }) => takes === 0 && field && values[dest] === true);
  const attributes: Attributes = Object.fromEntries(cleared.map(({ field }) => [field, null]));
  if (cleared.length === 0 && !removed?.length && values.all_tag !== true) return null;
  const at = await target(act);
  if (values.all_tag === true) attributes.tags = [];
  else if (removed?.length) {
    const present = (await get(act, at.path)).tags as string[];
    attributes.tags = present.filter((tag) => !removed.includes(tag));
  }
  await put(act, at.path, attributes);
  if (values.wait === true) await waitForActive(act, { path: at.path, kind });
  return null;
}

async function remove(act: Act): Promise<Result> {
  const { api, kind, values, context } = act;
  const text = textOf(act, subject(act));
  const path = kind.finder === 'amphorae' ? pathTo(kind, text, null) : (await target(act)).path;
  const query = values.cascade === true ? { cascade: 'True' } : {};
  await api.request('DELETE', path, { query, signal: context.signal });
  if (values.wait === true) await waitForGone(act, path);
  return null;
}

async function failover(act: Act): Promise<Result> {
  const { api, kind, values, context, command } = act;
  const { path } = await target(act);
  const action = command.does.verb === 'configure' ? 'config' : 'failover';
  if (kind.finder !== 'amphorae') {
    await api.request('PUT', `${path}/${action}`, { signal: context.signal });
    if (values.wait === true) await waitForActive(act, { path, kind });
    return null;
  }
  // Afterwards the amphora may be gone and no longer tell.
  const owner = (await get(act, path)).loadbalancer_id;
  await api.request('PUT', `${path}/${action}`, { signal: context.signal });
  if (values.wait !== true) return null;
  if (owner) await waitForActive(act, await ownerOf(act, { loadbalancer_id: owner }, null));
  else if (action === 'failover') await waitForGone(act, path);
  return null;
}

async function stats(act: Act): Promise<Result> {
  const { api, kind, names, values, context } = act;
  if (kind.finder !== 'amphorae') {
    const { path } = await target(act);
    const item = unwrap<Item>(await api.request('GET', `${path}/stats`, { signal: context.signal }), 'stats');
    return { one: { columns: STATISTICS, values: row(item, STATISTICS) } };
  }
  const listener = typeof values.listener === 'string' ? await names.idOf('listeners', values.listener) : null;
  const path = `${pathTo(kind, String(values.amphora_id), null)}/stats`;
  const body = await api.request('GET', path, { signal: context.signal });
  const all = unwrapList<Item>(body, 'amphora_stats');
  const counted = all.filter((each) => listener === null || each.listener_id === listener);
  const sum = (name: string): number => counted.reduce((total, each) => total + Number(each[name] ?? 0), 0);
  return { one: { columns: STATISTICS, values: STATISTICS.map(sum) } };
}

async function status(act: Act): Promise<Result> {
  const { dumpJson } = await import('../python/json.ts');
  const { path } = await target(act);
  const body = Object(await act.api.request('GET', `${path}/status`, { signal: act.context.signal }));
  return { text: `${dumpJson(body.statuses ?? {}, 4)}\n` };
}

async function reset(act: Act): Promise<Result> {
  await act.api.request('DELETE', (await target(act)).path, { signal: act.context.signal });
  return null;
}

async function defaults(act: Act): Promise<Result> {
  const item = await get(act, `${pathOf(act.kind, null)}/defaults`);
  return { one: { columns: act.kind.rows, values: row(item, act.kind.rows) } };
}

async function capabilities(act: Act): Promise<Result> {
  const { api, kind, values, context } = act;
  const path = pathTo(kind, String(values.provider), null);
  const wanted = [
    { type: 'flavor', name: 'flavor_capabilities', isWanted: values.availability_zone !== true },
    { type: 'availability_zone', name: 'availability_zone_capabilities', isWanted: values.flavor !== true },
  ];
  const rows: unknown[][] = [];
  for (const { type, name } of wanted.filter(({ isWanted }) => isWanted)) {
    const items = await listAll(api, { path: `${path}/${name}`, many: name }, {}, context.signal);
    for (const item of items) rows.push(row({ ...item, type }, kind.columns));
  }
  return { list: { columns: kind.columns, rows } };
}

const ACTS: Record<string, (act: Act) => Promise<Result>> = {
  create,
  list,
  show,
  set,
  unset,
  delete: remove,
  failover,
  configure: failover,
  stats,
  status,
  reset,
  defaults,
  capabilities,
};

export async function act(command: Command, values: Values, context: Context): Promise<Result> {
  if (!('kind' in command.does)) throw new TypeError(`${command.words} is no command of the API`);
  check(command, values);
  const api = await context.services.loadBalancing();
  const names = new Names(context.services, context.signal);
  const { kind, verb } = command.does;
  return ACTS[verb]?.({ command, kind, values, api, names, context }) ?? null;
}
