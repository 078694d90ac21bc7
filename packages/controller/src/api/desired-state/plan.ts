/** What has to change, as it is found out: what is created, changed and deleted, and what there is afterwards. */
import type { Effect } from '../../domain/change-effects.ts';
import type { NewObjects } from '../../domain/quotas.ts';
import type { HealthMonitor, L7Policy, L7Rule, Listener, Member, Pool } from '../../domain/resources.ts';
import type { ChildKind } from '../../domain/status-transitions.ts';
import type { Children } from '../../store/resources/new-trees.ts';
import { attributesOf, type DesiredKind, type FieldChange, fieldChanges } from './attributes.ts';
import { effectsBetween } from './effects.ts';

/** One line of a plan. */
export interface Line {
  action: 'create' | 'update' | 'delete';
  kind: DesiredKind;
  id: string;
  name: string;
  /** Where the document has it; null: nowhere. */
  place: string | null;
  fields: FieldChange[];
  effect: Effect;
}

/** Objects by their kind. */
export type Kinds = {
  listener: Listener;
  pool: Pool;
  member: Member;
  health_monitor: HealthMonitor;
  l7policy: L7Policy;
  l7rule: L7Rule;
};

const LIST_OF = {
  listener: 'listeners',
  pool: 'pools',
  member: 'members',
  health_monitor: 'healthMonitors',
  l7policy: 'l7policies',
  l7rule: 'l7rules',
} as const satisfies Record<ChildKind, keyof Children>;

export const listOf = <K extends ChildKind>(tree: Children, kind: K): Kinds[K][] =>
  tree[LIST_OF[kind]] as unknown as Kinds[K][];

export const noChildren = (): Children => ({
  listeners: [],
  pools: [],
  members: [],
  healthMonitors: [],
  l7policies: [],
  l7rules: [],
});

/** Attributes of an object that is there, as they are to be written. */
export interface Update {
  kind: ChildKind;
  id: string;
  written: object;
}

export class Plan {
  readonly created: Children = noChildren();
  readonly updates: Update[] = [];
  readonly deleted: { kind: ChildKind; id: string }[] = [];
  /** What goes, with everything below it. */
  readonly leaving: Children = noChildren();
  /** Everything below the load balancer as it will be. */
  readonly after: Children = noChildren();
  /** Which entry of the document is this object. */
  readonly places = new Map<string, string>();
  readonly #lines: Omit<Line, 'effect'>[] = [];

  lines(before: Children): Line[] {
    const effect = effectsBetween(before, this.after);
    return this.#lines.map((line) => ({ ...line, effect: effect(line) }));
  }

  note(line: Omit<Line, 'effect'>): void {
    this.#lines.push(line);
  }

  get isEmpty(): boolean {
    return this.#lines.length === 0;
  }

  add<K extends ChildKind>(kind: K, object: Kinds[K], place: string): void {
    listOf(this.created, kind).push(object);
    listOf(this.after, kind).push(object);
    this.places.set(object.id, place);
    this.note({ action: 'create', kind, id: object.id, name: nameOf(kind, object), place, fields: [] });
  }

  /**
   * @param settled what the document makes of it
   * @param asked what the document says: choices of the service that are off stay off while nothing else changes
   */
  keep<K extends ChildKind>(
    kind: K,
    current: Kinds[K],
    settled: Partial<Kinds[K]>,
    place: string,
    asked: object = {},
  ): Kinds[K] {
    const isSame = fieldChanges(kind, current, { ...current, ...withoutChoices(settled, asked, current) }).length === 0;
    const after = isSame ? current : { ...current, ...settled };
    this.places.set(current.id, place);
    const fields = fieldChanges(kind, current, after);
    listOf(this.after, kind).push(fields.length > 0 ? after : current);
    if (fields.length === 0) return current;
    this.updates.push({ kind, id: current.id, written: settled });
    this.note({ action: 'update', kind, id: current.id, name: nameOf(kind, after), place: place || null, fields });
    return after;
  }

  remove<K extends ChildKind>(kind: K, object: Kinds[K]): void {
    this.deleted.push({ kind, id: object.id });
    listOf(this.leaving, kind).push(object);
    this.note({ action: 'delete', kind, id: object.id, name: nameOf(kind, object), place: null, fields: [] });
  }
}

/** Members and rules have no name, or none that tells them apart. */
function nameOf(kind: DesiredKind, object: object): string {
  const shown = attributesOf(kind, object) as Record<string, string | number | null>;
  if (kind === 'member') return `${shown.address}:${shown.protocol_port}`;
  if (kind === 'l7rule') return [shown.type, shown.key, shown.compare_type, shown.value].filter(Boolean).join(' ');
  return String(shown.name ?? '');
}

/** Choices of the service that are off although a create would make them, and that the document says nothing of. */
function withoutChoices<T extends object>(settled: T, asked: object, current: object): T {
  const isLeft = (field: string) => [asked, current].every((one) => (one as Record<string, unknown>)[field] === null);
  return Object.fromEntries(
    Object.entries(settled).map(([field, value]) => [field, isLeft(field) ? null : value]),
  ) as T;
}

/** As quotas count them. */
export const objectsIn = (tree: Children): NewObjects => ({
  listener: tree.listeners,
  pool: tree.pools,
  healthMonitor: tree.healthMonitors,
  member: tree.members,
  l7policy: tree.l7policies,
  l7rule: tree.l7rules,
});
