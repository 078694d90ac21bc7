/** What a driver says in one message about the statuses of its objects, read and put in order. */
import { OPERATING_STATUSES, PROVISIONING_STATUSES } from '../domain/statuses.ts';
import { canonicalUuid } from '../domain/uuid.ts';
import type { Report } from '../status/reported.ts';

/** Lists of a message, in the order in which they take effect, and what their records are about. */
export const LISTS = {
  members: 'member',
  healthmonitors: 'health_monitor',
  pools: 'pool',
  l7rules: 'l7rule',
  l7policies: 'l7policy',
  listeners: 'listener',
  loadbalancers: 'load_balancer',
} as const satisfies Record<string, Report['kind']>;
export type ListName = keyof typeof LISTS;

export interface StatusRecord extends Report {
  list: ListName;
  /** As the driver wrote it. */
  given: string;
  /** No object can have the id. */
  isUnknown: boolean;
}

export interface Fault {
  text: string;
  list?: ListName;
  id?: string;
}

export interface StatusMessage {
  /** Those before the first that cannot be read. */
  records: StatusRecord[];
  fault: Fault | null;
}

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

class Refused extends Error {
  readonly fault: Fault;

  constructor(fault: Fault) {
    super(fault.text);
    this.fault = fault;
  }
}

/** What is empty says nothing, as for OpenStack's driver agent. */
const isSaid = (value: unknown): boolean => value !== undefined && value !== null && value !== '';

function statusOf<S extends string>(known: readonly S[], name: string, value: unknown, fault: Fault): S | null {
  if (!isSaid(value)) return null;
  if (known.includes(value as S)) return value as S;
  const text = `The ${name} of ${fault.list} ${fault.id} is unknown: ${JSON.stringify(value)}. It is one of ${known.join(', ')}.`;
  throw new Refused({ ...fault, text });
}

function recordOf(list: ListName, record: unknown): StatusRecord {
  if (!isMap(record)) throw new Refused({ text: `A record of ${list} is no map.`, list });
  if (!isSaid(record.id)) throw new Refused({ text: `A record of ${list} has no id.`, list });
  const given = String(record.id);
  const fault = { text: '', list, id: given };
  const id = canonicalUuid(given);
  return {
    kind: LISTS[list],
    list,
    given,
    id: id ?? given,
    isUnknown: id === null,
    provisioning: statusOf(PROVISIONING_STATUSES, 'provisioning status', record.provisioning_status, fault),
    operating: statusOf(OPERATING_STATUSES, 'operating status', record.operating_status, fault),
  };
}

/** Never throws. Lists that nobody knows are not looked at. */
export function readStatusMessage(message: unknown): StatusMessage {
  if (!isMap(message)) return { records: [], fault: { text: 'The message is no map of lists.' } };
  const records: StatusRecord[] = [];
  try {
    for (const list of Object.keys(LISTS) as ListName[]) {
      const given = message[list];
      if (given === undefined || given === null) continue;
      if (!Array.isArray(given)) throw new Refused({ text: `${list} is no list.`, list });
      for (const record of given as unknown[]) records.push(recordOf(list, record));
    }
  } catch (error) {
    if (error instanceof Refused) return { records, fault: error.fault };
    throw error;
  }
  return { records, fault: null };
}
