/**
 * A load balancer with everything below it as one document: the attributes of a fully populated create, and beside them the id
 * of what is there already, for objects that no name tells apart.
 */
import { OctaviaError } from '../../errors.ts';
import { list } from './collection-types.ts';
import { HEALTH_MONITOR_FIELDS } from './health-monitor.ts';
import { L7POLICY_IN_TREE } from './l7-policy.ts';
import { L7RULE_FIELDS } from './l7-rule.ts';
import { LISTENER_FIELDS } from './listener.ts';
import { LOAD_BALANCER } from './load-balancer.ts';
import { MEMBER_FIELDS } from './member.ts';
import { POOL_ALGORITHM, POOL_OPTIONS, POOL_PROTOCOL } from './pool.ts';
import { uuid } from './scalar-types.ts';
import type { AttributeTable, Created } from './table.ts';
import { tableObject } from './table-object.ts';
import { invalid, type ValueType } from './value-type.ts';

/** How paths of the document begin. */
export const ROOT = 'loadbalancer';
export const DESIRED_ENVELOPE = { argument: 'desired_state', wrapper: ROOT };

const placeOf = (path: string): string => path.replace(`${DESIRED_ENVELOPE.argument}.`, '');

/** What is refused inside is told with its place in the document; the innermost place counts. */
export function located<T>(place: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw withPlace(place, error);
  }
}

const PLACED = / \(at [^)]*\)$/;

export function withPlace(place: string, error: unknown): unknown {
  if (!(error instanceof OctaviaError) || error.status >= 500 || PLACED.test(error.message)) return error;
  return new OctaviaError(error.code, error.parameters, { cause: error, at: place });
}

/** An object that knows where it stands. */
export type Placed<T> = T & { place: string };

function placed<T extends object>(type: ValueType<T>): ValueType<Placed<T>> {
  return {
    parse(value, at) {
      const place = placeOf(`${at.path}.${at.name}`);
      return located(place, () => ({ ...type.parse(value, at), place }));
    },
    schema: type.schema,
  };
}

/** A list whose entries are told apart by their index. */
function places<T extends object>(type: ValueType<T>): ValueType<Placed<T>[]> {
  const entry = placed(type);
  return {
    parse(value, { name, path }) {
      if (!Array.isArray(value)) throw invalid(name, value, 'Value should be list');
      return value.map((one: unknown, index) => entry.parse(one, { name: `${name}[${index}]`, path }));
    },
    schema: list(type).schema,
  };
}

const ID = {
  id: {
    type: uuid,
    accepted: 'create',
    description: 'Of an object that is there: needed only where its name is empty, or also that of another.',
  },
} as const;

export const DESIRED_MEMBER = { ...MEMBER_FIELDS } as const satisfies AttributeTable;
export const DESIRED_MONITOR = { ...HEALTH_MONITOR_FIELDS } as const satisfies AttributeTable;

export const DESIRED_POOL = {
  ...ID,
  ...POOL_OPTIONS,
  protocol: POOL_PROTOCOL,
  lbAlgorithm: POOL_ALGORITHM,
  members: { type: places(tableObject(DESIRED_MEMBER)), accepted: 'create', default: [] },
  healthmonitor: { type: placed(tableObject(DESIRED_MONITOR)), accepted: 'create' },
} as const satisfies AttributeTable;

export const DESIRED_RULE = { ...L7RULE_FIELDS } as const satisfies AttributeTable;

export const DESIRED_POLICY = {
  ...ID,
  ...L7POLICY_IN_TREE,
  redirectPool: { type: placed(tableObject(DESIRED_POOL)), accepted: 'create' },
  rules: { type: places(tableObject(DESIRED_RULE)), accepted: 'create', default: [] },
} as const satisfies AttributeTable;

export const DESIRED_LISTENER = {
  ...ID,
  ...LISTENER_FIELDS,
  defaultPool: { type: placed(tableObject(DESIRED_POOL)), accepted: 'create' },
  l7policies: { type: places(tableObject(DESIRED_POLICY)), accepted: 'create', default: [] },
} as const satisfies AttributeTable;

export const DESIRED_LOAD_BALANCER = {
  ...LOAD_BALANCER,
  listeners: { ...LOAD_BALANCER.listeners, type: places(tableObject(DESIRED_LISTENER)) },
  pools: { ...LOAD_BALANCER.pools, type: places(tableObject(DESIRED_POOL)) },
} as const satisfies AttributeTable;

export type DesiredPool = Placed<Created<typeof DESIRED_POOL>>;
export type DesiredPolicy = Placed<Created<typeof DESIRED_POLICY>>;
export type DesiredListener = Placed<Created<typeof DESIRED_LISTENER>>;
export type DesiredLoadBalancer = Created<typeof DESIRED_LOAD_BALANCER>;
