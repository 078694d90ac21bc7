/** Drivers that do one thing wrong each; the name that one is made under says what. */
import { randomUUID } from 'node:crypto';
import { connect } from 'node:net';
import {
  type DriverContext,
  DriverError,
  NotImplementedError,
  type ProviderModel,
  type StatusRecord,
  type StatusUpdate,
  UnsupportedOptionError,
} from '@octavia/provider-lib';
import GoodDriver from './good.ts';

interface Wrong {
  /** In place of a create, an update or a delete. */
  take?(driver: HostileDriver, method: string, given: readonly object[]): unknown;
  /** In place of a report. */
  report?(driver: HostileDriver, status: StatusUpdate): unknown;
}

const of = (method: string, act: (driver: HostileDriver, given: readonly object[]) => unknown): Wrong => ({
  take: (driver, called, given) => (called === method ? act(driver, given) : driver.well(called, given)),
});
const forever = new Promise<never>(() => undefined);
const idOf = (object: object | undefined, field: string) => String((object as Record<string, unknown> | undefined)?.[field]);

/** The records of one list in another form, where a report has the list. */
const records = (list: keyof StatusUpdate, change: (record: StatusRecord) => StatusRecord): Wrong => ({
  report: (driver, status) => driver.tell(status[list] ? { ...status, [list]: status[list].map(change) } : status),
});

const WRONG: Readonly<Record<string, Wrong>> = {
  'crashes in a call': of('listener_create', () => process.exit(7)),
  'does not catch what a report raises': {
    report(driver, status) {
      void driver.tell(status);
    },
  },
  'never answers': of('listener_create', () => forever),
  'blocks its process': of('listener_create', () => {
    for (;;);
  }),
  'waits for its own report': of('loadbalancer_update', (driver, [, change]) => {
    const id = idOf(change, 'loadbalancer_id');
    return driver.tell({ loadbalancers: [{ id, provisioning_status: 'ACTIVE' }] });
  }),
  'throws what is no error': of('listener_create', () => {
    throw 'no';
  }),
  'throws what it did not mean to': of('listener_create', () => {
    throw new TypeError('x is not a function');
  }),
  'refuses without words': of('listener_create', () => {
    throw new UnsupportedOptionError({ user_fault_string: ' ' });
  }),
  'refuses what is plain': of('listener_create', () => {
    throw new DriverError({ user_fault_string: 'No.' });
  }),
  'refuses a deletion as an option': of('listener_delete', () => {
    throw new UnsupportedOptionError({ user_fault_string: 'Deleting is not supported.' });
  }),
  'has no load balancers': of('loadbalancer_create', () => {
    throw new NotImplementedError({ user_fault_string: 'Not that.' });
  }),
  'reports ids that nobody knows': {
    report: (driver, status) => driver.tell({ ...status, pools: [{ id: randomUUID(), provisioning_status: 'ACTIVE' }] }),
  },
  'reports a status that there is not': records('listeners', (record) => ({ ...record, provisioning_status: 'FINE' })),
  'reports an operating status that there is not': records('listeners', (record) => ({ ...record, operating_status: 'UP' })),
  'reports that it is still at it': records('loadbalancers', (record) => ({ ...record, provisioning_status: 'PENDING_UPDATE' })),
  'reports what it deleted as active': of('listener_delete', (driver, [listener]) => driver.well('listener_update', [listener!, listener!])),
  'reports records without ids': records('listeners', ({ id: _, ...record }) => record as StatusRecord),
  'ends in ERROR': records('listeners', (record) => ({ ...record, provisioning_status: 'ERROR' })),
  'releases the load balancer too early': {
    async report(driver, { loadbalancers = [], ...rest }) {
      await driver.tell({ loadbalancers });
      await driver.tell(rest);
    },
  },
  'forgets the load balancer': {
    report: (driver, { loadbalancers, ...rest }) => driver.tell(Object.keys(rest).length > 0 ? rest : { loadbalancers: loadbalancers ?? [] }),
  },
  'reports what it has refused': of('listener_create', (driver, [listener]) => {
    driver.later({ listeners: [{ id: idOf(listener, 'listener_id'), provisioning_status: 'ACTIVE' }] });
    throw new UnsupportedOptionError({ user_fault_string: 'Not this one.' });
  }),
  'ends what nobody asked about': {
    take(driver, method, given) {
      if (method === 'loadbalancer_update') driver.later({ listeners: [{ id: driver.listener, provisioning_status: 'ERROR' }] });
      return driver.well(method, given);
    },
  },
  'writes bytes that are no message': {
    async report(driver, status) {
      const socket = connect(driver.statusSocket);
      await new Promise((closed) => socket.once('close', closed).once('error', () => undefined).end('hello\n').resume());
      await driver.tell(status);
    },
  },
  'counts below zero': {
    async report(driver, status) {
      await driver.tell(status);
      const zero = { active_connections: 0, bytes_in: 0, bytes_out: -1, request_errors: 0, total_connections: 0 };
      for (const { id } of status.listeners ?? []) await driver.count({ id, ...zero });
    },
  },
};

export default class HostileDriver extends GoodDriver {
  readonly #wrong: Wrong;
  readonly statusSocket: string;
  readonly #isCalled: string;
  /** The last that was made. */
  listener = '';

  constructor(context: DriverContext) {
    super(context);
    this.statusSocket = context.sockets.status_socket;
    this.#isCalled = context.name;
    if (context.name === 'cannot be made') throw new Error('no licence');
    this.#wrong = WRONG[context.name] ?? {};
  }

  override get_supported_flavor_metadata(): Record<string, string> {
    return this.#isCalled === 'describes flavors with nonsense' ? ('big' as never) : super.get_supported_flavor_metadata();
  }

  override create_vip_port(): never {
    return this.#isCalled === 'makes a VIP of nonsense' ? ([{ vip_address: 'here' }, []] as never) : super.create_vip_port();
  }

  protected override take(method: string, given: readonly object[]): unknown {
    const { take } = this.#wrong;
    return take ? take(this, method, given) : this.well(method, given);
  }

  protected override async report(status: StatusUpdate): Promise<void> {
    const { report } = this.#wrong;
    await (report ? report(this, status) : this.tell(status));
  }

  /** As the good driver does. */
  well(method: string, given: readonly object[]): unknown {
    if (method === 'listener_create') this.listener ||= idOf(given[0] as ProviderModel, 'listener_id');
    return super.take(method, given);
  }

  async tell(status: StatusUpdate): Promise<void> {
    await super.report(status);
  }

  later(status: StatusUpdate): void {
    setTimeout(() => void this.tell(status).catch(() => undefined), 20);
  }

  async count(record: Parameters<Awaited<GoodDriver['library']>['update_listener_statistics']>[0]['listeners'][number]) {
    await (await this.library).update_listener_statistics({ listeners: [record] }).catch(() => undefined);
  }
}
