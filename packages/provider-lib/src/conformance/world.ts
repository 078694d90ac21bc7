/** The objects of the kit as the API would hold them: what is locked for which change, and what drivers may say of it. */
import { SUPPORTED_OPERATING_STATUSES, SUPPORTED_PROVISIONING_STATUSES } from '../constants.ts';
import type { StatusUpdate } from '../driver-library.ts';
import type { ProviderModel } from '../model.ts';
import type { Fault, FaultName } from './faults.ts';

export type ListName = keyof StatusUpdate;
export type Pending = 'PENDING_CREATE' | 'PENDING_UPDATE' | 'PENDING_DELETE';

/** In the order in which the lists of a message take effect. */
const LISTS: readonly ListName[] = [
  'members',
  'healthmonitors',
  'pools',
  'l7rules',
  'l7policies',
  'listeners',
  'loadbalancers',
];

export const ID_OF: Readonly<Record<ListName, string>> = {
  members: 'member_id',
  healthmonitors: 'healthmonitor_id',
  pools: 'pool_id',
  l7rules: 'l7rule_id',
  l7policies: 'l7policy_id',
  listeners: 'listener_id',
  loadbalancers: 'loadbalancer_id',
};

export interface Entry {
  list: ListName;
  id: string;
  /** Of its load balancer. */
  owner: string;
  model: ProviderModel;
  /** What it is locked for. */
  waits: Pending | null;
  /** `refused`: it never came to be. */
  fate: 'asked' | 'there' | 'refused' | 'gone';
  ended: string | null;
  operating: string | null;
  /** Told of the faults in reports about it. */
  origin: Witness;
}

/** Whoever is told what was seen. */
export interface Witness {
  fault(name: FaultName, text: string): void;
}

export interface Lock {
  list: ListName;
  id: string;
  waits: Pending;
  /** Of a new object. */
  model?: ProviderModel;
}

export type StatusAnswer = { status_code: number } & Record<string, unknown>;

class Refused extends Error {
  readonly answer: StatusAnswer;
  readonly fault: Fault;

  constructor(fault: Fault, list: ListName, id: string | null) {
    super(fault.text);
    this.fault = fault;
    this.answer = { status_code: 500, fault_string: fault.text, status_object: list, status_object_id: id };
  }
}

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export class World {
  readonly #entries = new Map<string, Entry>();
  readonly #listeners = new Set<() => void>();
  /** Told of what belongs to no object. */
  witness: Witness = { fault: () => undefined };
  /** Records that were taken. */
  records = 0;

  get(id: string): Entry | undefined {
    return this.#entries.get(id);
  }

  /** Objects that are there, or are about to be. */
  living(): Entry[] {
    return [...this.#entries.values()].filter(({ fate }) => fate === 'asked' || fate === 'there');
  }

  /** The API locks objects, and writes new ones. */
  lock(owner: string, locks: readonly Lock[], origin: Witness): Entry[] {
    return locks.map(({ list, id, waits, model }) => {
      const known = this.#entries.get(id);
      if (known) return Object.assign(known, { waits, ended: null, origin });
      if (model === undefined) throw new Error(`${list} ${id} is not there`);
      const entry: Entry = {
        ...{ list, id, owner, model, waits, origin, fate: 'asked', ended: null, operating: null },
      };
      this.#entries.set(id, entry);
      return entry;
    });
  }

  /** The driver accepted: the change is committed. */
  commit(entries: readonly Entry[]): void {
    for (const entry of entries) if (entry.fate === 'asked') entry.fate = 'there';
  }

  /** The driver refused: nothing of the change remains. */
  rollBack(entries: readonly Entry[]): void {
    for (const entry of entries) {
      entry.waits = null;
      if (entry.fate === 'asked') entry.fate = 'refused';
    }
  }

  /** Gives an object its end state, as a report does. */
  end(entry: Entry, status: string): void {
    entry.ended = status;
    entry.waits = null;
    if (status === 'DELETED') {
      entry.fate = 'gone';
      for (const other of this.#entries.values()) if (isBelow(other, entry)) other.fate = 'gone';
    }
    for (const told of [...this.#listeners]) told();
  }

  /** @returns those that still wait when the time is over */
  waitForEnds(entries: readonly Entry[], ms: number): Promise<Entry[]> {
    const waiting = () => entries.filter(({ waits, fate }) => waits !== null && fate !== 'gone');
    if (waiting().length === 0) return Promise.resolve([]);
    return new Promise((resolve) => {
      const over = () => {
        clearTimeout(timer);
        this.#listeners.delete(look);
        resolve(waiting());
      };
      const look = () => waiting().length === 0 && over();
      const timer = setTimeout(over, ms);
      this.#listeners.add(look);
    });
  }

  /** Whether a message is about the load balancers whose changes are not committed yet. */
  concerns(message: unknown, owners: ReadonlySet<string>): boolean {
    if (!isMap(message)) return false;
    const records = LISTS.flatMap((list) => (Array.isArray(message[list]) ? (message[list] as unknown[]) : []));
    return records.some((record) => isMap(record) && owners.has(this.#entries.get(String(record.id))?.owner ?? ''));
  }

  /** Carries a message out as the driver agent does: bottom up, until the first record that fails. */
  report(message: unknown): StatusAnswer {
    if (!isMap(message)) {
      this.witness.fault('malformed-report', 'A message to the status socket is no map of lists.');
      return { status_code: 500, fault_string: 'The message is no map of lists.' };
    }
    for (const list of Object.keys(message).filter((name) => !LISTS.includes(name as ListName))) {
      this.witness.fault(
        'malformed-report',
        `There is no list ${JSON.stringify(list)} in messages to the status socket.`,
      );
    }
    for (const list of LISTS) {
      try {
        const records = message[list] ?? [];
        if (!Array.isArray(records)) throw malformed(list, `${list} of a report is no list.`);
        for (const record of records as unknown[]) this.#take(list, record);
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        const id = error.answer.status_object_id;
        const origin = typeof id === 'string' ? this.#entries.get(id)?.origin : undefined;
        (origin ?? this.witness).fault(error.fault.name, error.fault.text);
        return error.answer;
      }
    }
    return { status_code: 200 };
  }

  #take(list: ListName, record: unknown): void {
    if (!isMap(record) || typeof record.id !== 'string' || record.id === '') {
      throw malformed(list, `A record of ${list} has no id: ${JSON.stringify(record)}.`);
    }
    const { id } = record;
    const operating = statusOf(list, record, 'operating_status', SUPPORTED_OPERATING_STATUSES);
    const provisioning = statusOf(list, record, 'provisioning_status', SUPPORTED_PROVISIONING_STATUSES);
    const entry = this.#entries.get(id);
    if (entry === undefined || entry.list !== list) {
      throw new Refused({ name: 'unknown-id', text: `There are no ${list} ${id}, of which a report tells.` }, list, id);
    }
    this.records += 1;
    if (entry.fate === 'refused') {
      const text = `${list} ${id} was reported although the driver had refused to make it.`;
      throw new Refused({ name: 'reported-after-refusal', text }, list, id);
    }
    if (entry.fate === 'gone') {
      // Whoever is late and says so once more is believed.
      if (provisioning === null || provisioning === 'DELETED') return;
      throw new Refused(
        { name: 'wrong-status', text: `${list} ${id} is ${provisioning} after it was DELETED.` },
        list,
        id,
      );
    }
    if (operating !== null) entry.operating = operating;
    if (provisioning !== null) this.#finish(entry, provisioning);
  }

  #finish(entry: Entry, status: string): void {
    const { list, id, waits, origin } = entry;
    if (waits === null) {
      if (status !== 'ACTIVE')
        this.witness.fault('stray-report', `${list} ${id} is ${status}, and nobody asked for a change.`);
      if (status === 'DELETED') this.end(entry, status);
      return;
    }
    const ends = waits === 'PENDING_DELETE' ? ['DELETED', 'ERROR'] : ['ACTIVE', 'ERROR'];
    if (!ends.includes(status)) {
      origin.fault(
        'wrong-status',
        `${list} ${id} waits for the end of ${waits} and is ${status}; ${ends.join(' or ')} ends it.`,
      );
      return;
    }
    if (list === 'loadbalancers' && status !== 'DELETED') this.#checkOrder(entry);
    this.end(entry, status);
  }

  #checkOrder({ id, origin }: Entry): void {
    const late = this.living().filter((other) => other.owner === id && other.id !== id && other.waits !== null);
    if (late.length === 0) return;
    const names = late.map((other) => `${other.list} ${other.id}`).join(', ');
    origin.fault('released-early', `The load balancer ${id} was released before ${names}.`);
  }

  /** What the get socket answers: the object with everything below it. */
  read(request: unknown): object {
    const { object, id } = isMap(request) ? request : {};
    const entry = typeof id === 'string' ? this.#entries.get(id) : undefined;
    return entry && entry.fate === 'there' && entry.list === object ? this.#withChildren(entry) : {};
  }

  #withChildren({ list, id, model }: Entry): Record<string, unknown> {
    const values = model.to_dict({ recurse: true, render_unsets: true });
    const below = (name: ListName, field: string, value: unknown = id) =>
      this.living()
        .filter((other) => other.fate === 'there' && other.list === name)
        .filter((other) => (other.model as unknown as Record<string, unknown>)[field] === value)
        .map((other) => this.#withChildren(other));
    const orNull = (found: object[]) => (found.length > 0 ? found : null);
    switch (list) {
      case 'loadbalancers':
        return {
          ...values,
          listeners: orNull(below('listeners', 'loadbalancer_id')),
          pools: orNull(below('pools', 'loadbalancer_id')),
        };
      case 'listeners':
        return {
          ...values,
          default_pool: below('pools', 'pool_id', values.default_pool_id)[0] ?? null,
          l7policies: orNull(below('l7policies', 'listener_id')),
        };
      case 'pools':
        return {
          ...values,
          members: orNull(below('members', 'pool_id')),
          healthmonitor: below('healthmonitors', 'pool_id')[0] ?? null,
        };
      case 'l7policies':
        return { ...values, rules: orNull(below('l7rules', 'l7policy_id')) };
      default:
        return values;
    }
  }
}

/** What goes when something else does. */
function isBelow(other: Entry, gone: Entry): boolean {
  if (other.fate === 'gone' || other.fate === 'refused' || other.id === gone.id) return false;
  if (gone.list === 'loadbalancers') return other.owner === gone.id;
  const fields = other.model as unknown as Record<string, unknown>;
  if (gone.list === 'pools')
    return (other.list === 'members' || other.list === 'healthmonitors') && fields.pool_id === gone.id;
  if (gone.list === 'listeners') return other.list === 'l7policies' && fields.listener_id === gone.id;
  return gone.list === 'l7policies' && other.list === 'l7rules' && fields.l7policy_id === gone.id;
}

const malformed = (list: ListName, text: string): Refused =>
  new Refused({ name: 'malformed-report', text }, list, null);

function statusOf(
  list: ListName,
  record: Record<string, unknown>,
  field: 'operating_status' | 'provisioning_status',
  known: readonly string[],
): string | null {
  const value = record[field];
  if (value === undefined || value === null || value === '') return null;
  if (typeof value === 'string' && known.includes(value)) return value;
  const id = String(record.id);
  const text = `${field} of ${list} ${id} is ${JSON.stringify(value)}, which is none of ${known.join(', ')}.`;
  throw new Refused({ name: 'unknown-status', text }, list, id);
}
