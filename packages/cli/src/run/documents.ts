/** Files for `apply`: one document of YAML or JSON for each load balancer. */
import { readFileSync } from 'node:fs';
import type { Finder } from '../command.ts';
import { CommandFailure } from '../failure.ts';
import { isUuidLike, type Names } from './names.ts';

export type Document = Record<string, unknown>;

const STANDARD_INPUT = 0;

function read(file: string): string {
  try {
    return readFileSync(file === '-' ? STANDARD_INPUT : file, 'utf8');
  } catch (error) {
    throw new CommandFailure(`${file} cannot be read: ${(error as Error).message}`);
  }
}

const isObject = (value: unknown): value is Document =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** @throws CommandFailure with the file and the line */
export async function documentsOf(file: string): Promise<Document[]> {
  const { parseAllDocuments } = await import('yaml');
  const parsed = parseAllDocuments(read(file));
  const documents = 'empty' in parsed ? [] : parsed;
  const found = documents.flatMap((one): Document[] => {
    const [problem] = one.errors;
    if (problem !== undefined) throw new CommandFailure(`${file}: ${problem.message.split('\n')[0]}`);
    const value = one.toJS() as unknown;
    if (value === null) return [];
    const inner = isObject(value) && isObject(value.loadbalancer) ? value.loadbalancer : value;
    if (!isObject(inner))
      throw new CommandFailure(`${file}: a document must be a mapping, with the name of a load balancer.`);
    if (!inner.name && !inner.id)
      throw new CommandFailure(`${file}: a document needs the name (or id) of its load balancer.`);
    return [inner];
  });
  if (found.length === 0) throw new CommandFailure(`${file}: there is no document in it.`);
  return found;
}

/** Attributes that hold ids of things with names. */
const FINDERS: Readonly<Record<string, Finder>> = {
  vip_subnet_id: 'subnets',
  vip_network_id: 'networks',
  vip_port_id: 'ports',
  vip_qos_policy_id: 'qos_policies',
  subnet_id: 'subnets',
  flavor_id: 'flavors',
};

/** The document with ids in place of names of subnets, networks, ports, policies and flavors. */
export async function withIds(value: unknown, names: Names, known = new Map<string, string>()): Promise<unknown> {
  if (Array.isArray(value)) {
    const entries = [];
    for (const entry of value) entries.push(await withIds(entry, names, known));
    return entries;
  }
  if (!isObject(value)) return value;
  const result: Document = {};
  for (const [key, own] of Object.entries(value)) {
    const finder = FINDERS[key];
    if (finder === undefined || typeof own !== 'string' || own === '' || isUuidLike(own)) {
      result[key] = await withIds(own, names, known);
      continue;
    }
    const id = known.get(`${finder} ${own}`) ?? (await names.idOf(finder, own));
    known.set(`${finder} ${own}`, id);
    result[key] = id;
  }
  return result;
}
