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
export async function documentsOf(path: string): Promise<Document[]> {
  const file = path === '-' ? 'Standard input' : path;
  const { parseAllDocuments } = await import('yaml');
  const text = read(path);
  // What the parser would only warn of is an error here, and its own way to warn is the process'.
  const parsed = understood(file, () => parseAllDocuments(text, { logLevel: 'error' }));
  const documents = 'empty' in parsed ? [] : parsed;
  const found = documents.flatMap((one): Document[] => {
    const [problem] = [...one.errors, ...one.warnings];
    if (problem !== undefined) throw new CommandFailure(`${file}: ${problem.message.split('\n')[0]}`);
    const value = contentOf(one, file);
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

/** What the library throws, with the file. @throws CommandFailure */
function understood<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const why = error instanceof RangeError ? 'it is nested too deeply.' : (error as Error).message;
    throw new CommandFailure(`${file}: ${why}`);
  }
}

/** @throws CommandFailure where an alias stands within what it names, or aliases make a file out of all proportion */
function contentOf(document: { toJS(): unknown }, file: string): unknown {
  const value = understood(file, () => document.toJS());
  if (isWithinItself(value)) throw new CommandFailure(`${file}: an alias stands within what it names.`);
  return value;
}

function isWithinItself(value: unknown, above = new Set<unknown>()): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (above.has(value)) return true;
  above.add(value);
  const isFound = Object.values(value).some((each) => isWithinItself(each, above));
  above.delete(value);
  return isFound;
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
