/** A driver that does nothing and says so properly: every object of a change gets its end state, after the call. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import {
  type DriverContext,
  DriverLibrary,
  isUnset,
  type Member,
  NotImplementedError,
  ProviderDriver,
  type StatusRecord,
  type StatusUpdate,
} from '@octavia/provider-lib';

type Fields = Record<string, unknown>;
interface Known {
  list: keyof StatusUpdate;
  fields: Fields;
}

/** List and id of each kind. */
const KINDS: Readonly<Record<string, [keyof StatusUpdate, string]>> = {
  LoadBalancer: ['loadbalancers', 'loadbalancer_id'],
  Listener: ['listeners', 'listener_id'],
  Pool: ['pools', 'pool_id'],
  Member: ['members', 'member_id'],
  HealthMonitor: ['healthmonitors', 'healthmonitor_id'],
  L7Policy: ['l7policies', 'l7policy_id'],
  L7Rule: ['l7rules', 'l7rule_id'],
};

const CHANGES = Object.getOwnPropertyNames(ProviderDriver.prototype).filter((name) =>
  /_(create|update|delete)$/.test(name),
);

export default class GoodDriver extends ProviderDriver {
  protected readonly library: Promise<DriverLibrary>;
  readonly #known: Map<string, Known>;
  readonly #file: string;
  readonly #context: DriverContext;

  constructor(context: DriverContext) {
    super();
    this.#context = context;
    // It is started anew now and then, and has to know its objects nevertheless.
    this.#file = `${context.sockets.status_socket}.known`;
    this.#known = new Map(existsSync(this.#file) ? (JSON.parse(readFileSync(this.#file, 'utf8')) as []) : []);
    this.library = DriverLibrary.open({ ...context.sockets, attempts: 2 });
    for (const method of CHANGES.filter((name) => name !== 'member_batch_update')) {
      Object.assign(this, { [method]: (...given: object[]) => this.take(method, given) });
    }
  }

  override create_vip_port(): never {
    throw new NotImplementedError({ user_fault_string: 'The API makes the port.' });
  }

  override get_supported_flavor_metadata(): Record<string, string> {
    return { size: 'How big.' };
  }

  override validate_flavor(): void {}

  override loadbalancer_failover(id: string): void {
    this.finish({ loadbalancers: [{ id, provisioning_status: 'ACTIVE' }] });
  }

  override member_batch_update(pool: string, members: Member[]): void {
    const stay = new Set(members.map(({ member_id }) => String(member_id)));
    const gone = [...this.#known].filter(([id, { list, fields }]) => list === 'members' && fields.pool_id === pool && !stay.has(id));
    const status = this.#above('members', { pool_id: pool });
    for (const [id] of gone) this.#add(status, 'members', id, 'DELETED');
    for (const member of members) this.#note(member, status, 'ACTIVE');
    for (const [id] of gone) this.#known.delete(id);
    this.finish(status);
  }

  /** A create, an update or a delete. */
  protected take(method: string, given: readonly object[]): unknown {
    const object = method.endsWith('_update') ? given[1] : given[0];
    const end = method.endsWith('_delete') ? 'DELETED' : 'ACTIVE';
    const status: StatusUpdate = {};
    const [list, id] = this.#note(object as object, status, end);
    const above = this.#above(list, this.#known.get(id)?.fields ?? {}, id);
    if (end === 'DELETED') this.#known.delete(id);
    for (const [name, records] of Object.entries(above) as [keyof StatusUpdate, StatusRecord[]][]) {
      for (const record of records) this.#add(status, name, record.id, 'ACTIVE');
    }
    this.finish(status);
    return undefined;
  }

  /** Remembers an object with what is below it, each with its end. */
  #note(object: object, status: StatusUpdate, end: string): [keyof StatusUpdate, string] {
    const [list, field] = KINDS[object.constructor.name] as [keyof StatusUpdate, string];
    const set = Object.entries(object).filter(([, value]) => !isUnset(value));
    const id = String((object as Fields)[field]);
    this.#known.set(id, { list, fields: { ...this.#known.get(id)?.fields, ...Object.fromEntries(set) } });
    this.#add(status, list, id, end);
    for (const value of set.flatMap(([, one]) => (Array.isArray(one) ? (one as unknown[]) : [one]))) {
      if (typeof value === 'object' && value !== null && value.constructor.name in KINDS) this.#note(value, status, end);
    }
    return [list, id];
  }

  #above(list: keyof StatusUpdate, fields: Fields, id = ''): StatusUpdate {
    const status: StatusUpdate = {};
    const up = (name: keyof StatusUpdate, own: unknown): void => {
      const known = this.#known.get(String(own));
      if (typeof own !== 'string') return;
      this.#add(status, name, own, 'ACTIVE');
      if (known) merge(this.#above(name, known.fields, own));
    };
    const merge = (more: StatusUpdate): void => {
      for (const [name, records] of Object.entries(more) as [keyof StatusUpdate, StatusRecord[]][]) {
        for (const record of records) this.#add(status, name, record.id, 'ACTIVE');
      }
    };
    up('pools', list === 'members' || list === 'healthmonitors' ? fields.pool_id : null);
    up('l7policies', list === 'l7rules' ? fields.l7policy_id : null);
    up('listeners', list === 'l7policies' ? fields.listener_id : null);
    up('loadbalancers', list === 'listeners' || list === 'pools' ? fields.loadbalancer_id : null);
    const users = [...this.#known].filter(([, one]) => list === 'pools' && one.list === 'listeners' && one.fields.default_pool_id === id);
    for (const [user] of users) this.#add(status, 'listeners', user, 'ACTIVE');
    return status;
  }

  #add(status: StatusUpdate, list: keyof StatusUpdate, id: string, provisioning_status: string): void {
    status[list] ??= [];
    if (status[list].some((one) => one.id === id)) return;
    status[list].push({ id, provisioning_status, operating_status: 'ONLINE' });
  }

  /** After the call has returned. What the driver agent does not take is told, and that is all. */
  protected finish(status: StatusUpdate): void {
    writeFileSync(this.#file, JSON.stringify([...this.#known]));
    setTimeout(() => {
      this.report(status).catch((error: unknown) => this.#context.log.warn(String(error)));
    }, 2);
  }

  protected async report(status: StatusUpdate): Promise<void> {
    await (await this.library).update_loadbalancer_status(status);
  }
}
