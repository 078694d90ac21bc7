import type { DBOSClient } from '@dbos-inc/dbos-sdk';
import type { Store, Tx } from '../store/database.ts';
import type { NewOperation } from '../store/operations.ts';
import * as operations from '../store/operations.ts';
import { openPool } from '../store/pool.ts';
import { APPLICATION, APPLICATION_VERSION, QUEUE, WORKFLOW } from './engine-names.ts';

const ENDED = ['SUCCESS', 'ERROR', 'CANCELLED'] as const;
const FORGET_AT_ONCE = 500;

/** The API's end of the engine: an accepted change and its owner come into being in one transaction, or neither does. */
export class OperationQueue {
  readonly #store: Store;
  readonly #url: string;
  #opening: Promise<{ client: DBOSClient; pool: ReturnType<typeof openPool> }> | null = null;

  /** Opens when it is first used: loading the engine's library takes longer than everything else a first answer needs. */
  constructor(store: Store, url: string) {
    this.#store = store;
    this.#url = url;
  }

  static async open(store: Store, url: string): Promise<OperationQueue> {
    const queue = new OperationQueue(store, url);
    await queue.#client();
    return queue;
  }

  /** Loads what the first use would wait for. A failure is that use's to meet. */
  prepare(): void {
    this.#client().catch(() => undefined);
  }

  async #client(): Promise<DBOSClient> {
    this.#opening ??= this.#open().catch((error: unknown) => {
      this.#opening = null;
      throw error;
    });
    return (await this.#opening).client;
  }

  async #open() {
    const { DBOSClient } = await import('@dbos-inc/dbos-sdk');
    // The client writes through the transaction's connection; its own pool is only for look-ups.
    const pool = openPool({ connectionString: this.#url, max: 1 }, () => undefined);
    try {
      const names = { systemDatabaseUrl: this.#url, applicationName: APPLICATION };
      return { client: await DBOSClient.create({ ...names, systemDatabasePool: pool }), pool };
    } catch (error) {
      await pool.end();
      throw error;
    }
  }

  async submit(tx: Tx, operation: NewOperation): Promise<void> {
    await operations.insert(tx, operation);
    const client = await this.#client();
    await client.enqueueInTransaction(
      this.#store.clientOf(tx),
      {
        queueName: QUEUE,
        workflowName: WORKFLOW,
        workflowID: operation.id,
        // One flow at a time for one load balancer, in the order the changes were accepted.
        queuePartitionKey: operation.loadBalancerId,
        appVersion: APPLICATION_VERSION,
      },
      operation.id,
    );
  }

  /** Removes what the engine remembers of flows that ended more than `age` seconds ago. @returns how many */
  async forget(age: number): Promise<number> {
    const completedBefore = new Date(Date.now() - age * 1000).toISOString();
    const ended = { queueName: QUEUE, status: [...ENDED], completedBefore, limit: FORGET_AT_ONCE };
    const client = await this.#client();
    let total = 0;
    for (;;) {
      const flows = await client.listWorkflows({ ...ended, loadInput: false, loadOutput: false });
      await client.deleteWorkflows(flows.map((flow) => flow.workflowID));
      total += flows.length;
      if (flows.length < FORGET_AT_ONCE) return total;
    }
  }

  async close(): Promise<void> {
    const opened = await this.#opening?.catch(() => null);
    await opened?.client.destroy();
    await opened?.pool.end();
  }
}
