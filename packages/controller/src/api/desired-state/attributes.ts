/** Objects in the words of the document: what export writes, and what plans compare. */
import { isDeepStrictEqual } from 'node:util';
import type { Member } from '../../domain/resources.ts';
import {
  DESIRED_LISTENER,
  DESIRED_LOAD_BALANCER,
  DESIRED_MEMBER,
  DESIRED_MONITOR,
  DESIRED_POLICY,
  DESIRED_POOL,
  DESIRED_RULE,
} from '../attributes/desired-state.ts';
import { type Attribute, type AttributeTable, apiName } from '../attributes/table.ts';

/** The table of each kind. */
export const TABLES = {
  load_balancer: DESIRED_LOAD_BALANCER,
  listener: DESIRED_LISTENER,
  pool: DESIRED_POOL,
  member: DESIRED_MEMBER,
  health_monitor: DESIRED_MONITOR,
  l7policy: DESIRED_POLICY,
  l7rule: DESIRED_RULE,
} as const satisfies Record<string, AttributeTable>;
export type DesiredKind = keyof typeof TABLES;

/** What is told apart or told elsewhere. */
const ASIDE: ReadonlySet<string> = new Set([
  'id',
  'projectId',
  'listeners',
  'pools',
  'members',
  'healthmonitor',
  'l7policies',
  'rules',
  'defaultPool',
  'redirectPool',
]);

export type Wire = Record<string, unknown>;

interface Reader {
  name: string;
  attribute: Attribute;
  read(resource: object): unknown;
}

function readersOf(table: AttributeTable): Reader[] {
  return Object.entries(table).flatMap(([field, entry]): Reader[] => {
    const attribute = entry as Attribute;
    if (attribute.accepted === 'never' || attribute.serve === null || ASIDE.has(field)) return [];
    const serve = attribute.serve as ((resource: object) => unknown) | undefined;
    return [
      { name: apiName(field, attribute), attribute, read: serve ?? ((resource) => (resource as Wire)[field] ?? null) },
    ];
  });
}

const READERS = Object.fromEntries(Object.entries(TABLES).map(([kind, table]) => [kind, readersOf(table)])) as Record<
  DesiredKind,
  Reader[]
>;

/** Everything that a document can say of the object itself. */
export function attributesOf(kind: DesiredKind, resource: object): Wire {
  const wire = Object.fromEntries(READERS[kind].map(({ name, read }) => [name, read(resource)]));
  if (kind === 'member') wire.request_sriov = (resource as Member).vnicType === 'direct';
  return wire;
}

/** The same without what a document says by leaving it out. */
export function distinctAttributes(kind: DesiredKind, resource: object): Wire {
  const wire = attributesOf(kind, resource);
  const fallbacks = new Map(READERS[kind].map(({ name, attribute }) => [name, attribute.default ?? null]));
  return Object.fromEntries(
    Object.entries(wire).filter(
      ([name, value]) =>
        value !== null && !isDeepStrictEqual(value, fallbacks.get(name) ?? (name === 'request_sriov' ? false : null)),
    ),
  );
}

export interface FieldChange {
  name: string;
  old: unknown;
  new: unknown;
}

/** Lists whose order means nothing. */
const SETS: ReadonlySet<string> = new Set(['tags', 'allowed_cidrs', 'vip_sg_ids']);

const comparable = (name: string, value: unknown): unknown =>
  SETS.has(name) && Array.isArray(value) ? [...value].sort() : value;

/** What of the object is another afterwards. */
export function fieldChanges(kind: DesiredKind, before: object, after: object): FieldChange[] {
  const [from, to] = [attributesOf(kind, before), attributesOf(kind, after)];
  return Object.keys(to)
    .filter((name) => !isDeepStrictEqual(comparable(name, from[name]), comparable(name, to[name])))
    .map((name) => ({ name, old: from[name], new: to[name] }));
}
